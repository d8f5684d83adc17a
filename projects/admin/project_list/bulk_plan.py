"""What a change of many projects would do to each of them, before it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.core import signing
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import StaleVersion
from projects import services
from projects.admin.project_list.bulk_fields import BulkForm, Difference, changed
from projects.models import Milestone, Project, User
from projects.services import Change

MOST = 5_000  # projects at once
SHOWN = 50  # of each kind, on the page
HOURS = 8

FOREIGN = _("It lies in a district where you do not record projects.")
STALE = _("Somebody has changed it since you looked at the preview.")

Versions = dict[int, int]


def signed(user: User, versions: Versions) -> str:
    """Which projects, as they were looked at: a text that only the same user can bring back, unchanged."""
    return signing.dumps(sorted(versions.items()), salt=_salt(user), compress=True)


def unsigned(user: User, text: str) -> Versions:
    """The projects and versions again. Raises SuspiciousOperation for a text that is not ours."""
    try:
        pairs = signing.loads(text, salt=_salt(user), max_age=HOURS * 3600)
    except signing.BadSignature as error:
        raise SuspiciousOperation("This choice of projects was not made here.") from error
    return dict(pairs)


def _salt(user: User) -> str:
    return f"projects.admin.bulk:{user.pk}"


class Planned(NamedTuple):
    """One project, its change, and what that changes."""

    project: Project
    change: Change
    differences: list[Difference]


class Refused(NamedTuple):
    """One project that cannot be changed, and why."""

    project: Project
    why: str


@dataclass
class Plan:
    """What would become of each of the chosen projects."""

    changes: list[Planned] = field(default_factory=list)
    same: list[Project] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def versions(self) -> Versions:
        """Of the projects that would be changed."""
        return {each.project.pk: each.project.version for each in self.changes}

    def shown(self) -> dict[str, Any]:
        """The first of each kind, for the page."""
        return {"changes": self.changes[:SHOWN], "refused": self.refused[:SHOWN], "most": SHOWN}

    def refuse(self, refusals: Mapping[int, ValidationError | StaleVersion]) -> None:
        """Take out what a service refused, by place among the changes."""
        self.refused += [
            Refused(self.changes[place].project, _said(refusal)) for place, refusal in refusals.items()
        ]
        self.changes = [each for place, each in enumerate(self.changes) if place not in refusals]


def plan_of(user: User, chosen: Iterable[int], form: BulkForm, *, at: datetime) -> Plan:
    """What the form would do to the chosen projects. Raises Http404 where one of them does not exist for the user."""
    plan = _laid_out(user, list(chosen), form)
    changes = [Change(each.change.project, each.change.milestones) for each in plan.changes]
    plan.refuse(services.refusals_of(changes, actor=user, at=at))
    return plan


def plan_as_looked_at(user: User, versions: Versions, form: BulkForm) -> Plan:
    """The same for a preview that was confirmed: what was changed since it was looked at is refused by name."""
    plan = _laid_out(user, list(versions), form)
    looked_at = [each.project for each in plan.changes] + plan.same
    stale = {project.pk: project for project in looked_at if project.version != versions[project.pk]}
    plan.refused += [Refused(project, str(STALE)) for project in stale.values()]
    plan.changes = [each for each in plan.changes if each.project.pk not in stale]
    plan.same = [project for project in plan.same if project.pk not in stale]
    return plan


def _laid_out(user: User, chosen: Sequence[int], form: BulkForm) -> Plan:
    rows = Project.objects.visible_to(user).filter(pk__among=chosen).select_related("district", "sector")
    projects = list(rows.order_by("pk"))
    if len(projects) != len(chosen):
        raise Http404
    editable = set(
        Project.objects.editable_by(user).filter(pk__among=chosen).order_by().values_list("pk", flat=True)
    )
    steps = _steps_of(chosen)
    plan = Plan()
    for project in projects:
        if project.pk not in editable:
            plan.refused.append(Refused(project, str(FOREIGN)))
            continue
        change, differences = changed(project, steps[project.pk], form)
        if differences:
            plan.changes.append(Planned(project, change, differences))
        else:
            plan.same.append(project)
    return plan


def _steps_of(projects: Sequence[int]) -> dict[int, dict[str, Milestone]]:
    """The milestones of these projects, by kind."""
    found: dict[int, dict[str, Milestone]] = defaultdict(dict)
    for milestone in Milestone.objects.filter(project_id__among=projects).order_by("pk"):
        found[milestone.project_id][milestone.kind] = milestone
    return found


def _said(refusal: ValidationError | StaleVersion) -> str:
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(STALE)
