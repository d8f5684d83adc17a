"""The only writer: every change to the record passes here, and posts to the ledger in the same transaction.

Each function locks, checks, writes, posts, and announces after the commit that the ledger moved. `actor` is who does
it (None for the system itself), `at` the moment, both read at the door.
"""

from projects.services.attaching import attach_file, detach_file
from projects.services.changes import Change
from projects.services.charging import Charges, remove_charge, save_charge
from projects.services.combining import Decision, conflicts, decide
from projects.services.commenting import comment_on, read_mention
from projects.services.comparing import compare_all, compare_later, compare_waiting
from projects.services.confidentiality import reveal_due
from projects.services.counting import approval_required
from projects.services.dates import DATE_FIELDS, dated_milestones
from projects.services.layouts import delete_layout, save_layout
from projects.services.lists import (
    choose_columns,
    choose_default_view,
    choose_unit,
    delete_view,
    preference_of,
    save_view,
)
from projects.services.many import RefusedChanges, save_projects, save_stream
from projects.services.merging import lay_upon_newest
from projects.services.people import add_member, ensure_user, remove_member, save_account
from projects.services.recording import (
    exclude_project,
    remove_milestone,
    restore_project,
    save_milestone,
    save_project,
    void_project,
)
from projects.services.reference import (
    delete_band,
    delete_reference,
    save_band,
    save_district,
    save_reference,
    save_versioned,
)
from projects.services.reporting import save_report
from projects.services.restoring import (
    BuiltUpon,
    projects_of,
    restoration,
    restore_version,
    undo_bulk,
    versions_of,
)
from projects.services.reviewing import approve, approve_leftovers, return_projects, submit
from projects.services.splitting import split_project
from projects.services.successions import delete_succession, save_succession
from projects.services.trying import refusals_of

__all__ = [
    "DATE_FIELDS",
    "BuiltUpon",
    "Change",
    "Charges",
    "Decision",
    "RefusedChanges",
    "add_member",
    "approval_required",
    "approve",
    "approve_leftovers",
    "attach_file",
    "choose_columns",
    "choose_default_view",
    "choose_unit",
    "comment_on",
    "compare_all",
    "compare_later",
    "compare_waiting",
    "conflicts",
    "dated_milestones",
    "decide",
    "delete_band",
    "delete_layout",
    "delete_reference",
    "delete_succession",
    "delete_view",
    "detach_file",
    "ensure_user",
    "exclude_project",
    "lay_upon_newest",
    "preference_of",
    "projects_of",
    "read_mention",
    "refusals_of",
    "remove_charge",
    "remove_member",
    "remove_milestone",
    "restoration",
    "restore_project",
    "restore_version",
    "return_projects",
    "reveal_due",
    "save_account",
    "save_band",
    "save_charge",
    "save_district",
    "save_layout",
    "save_milestone",
    "save_project",
    "save_projects",
    "save_reference",
    "save_report",
    "save_stream",
    "save_succession",
    "save_versioned",
    "save_view",
    "split_project",
    "submit",
    "undo_bulk",
    "versions_of",
    "void_project",
]
