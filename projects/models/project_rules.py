"""What every project is held to, by the database and before it is saved; its indexes, each with its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.base import within_amounts
from projects.models.checks import Check

if TYPE_CHECKING:
    from projects.models.projects import Project

HUNDRED = 10_000_000_000  # 100亿
DOUBLE_HUNDRED = Q(total_investment__gte=HUNDRED, expected_output__gte=HUNDRED)

CONSTRAINTS: list[models.BaseConstraint] = [
    Check(
        condition=within_amounts(
            "total_investment",
            "fixed_asset_investment",
            "expected_output",
            "expected_revenue",
            "expected_tax",
        ),
        name="project_amounts_in_range",
        violation_error_message=_("An amount is negative or impossibly large."),
    ),
    Check(
        condition=~Q(parent=F("id")),
        name="project_not_its_own_parent",
        violation_error_message=_("A project cannot be a phase of itself."),
    ),
    Check(
        condition=Q(currency="", original_amount__isnull=True, exchange_rate__isnull=True)
        | Q(
            ~Q(currency=""),
            original_amount__isnull=False,
            original_amount__gte=0,
            exchange_rate__isnull=False,
            exchange_rate__gt=0,
        ),
        name="project_foreign_money_complete",
        violation_error_message=_(
            "Foreign money needs its currency, the original amount and the exchange rate."
        ),
    ),
    Check(
        condition=Q(confidential=True) | Q(confidential_until__isnull=True),
        name="project_confidential_has_until",
        violation_error_message=_("Only a confidential project has a day until which it is."),
    ),
    Check(
        condition=Q(voided_at__isnull=True) | ~Q(void_reason=""),
        name="project_void_with_reason",
        violation_error_message=_("Say why the project is void."),
    ),
    Check(
        condition=Q(merged_into__isnull=True) | Q(voided_at__isnull=False),
        name="project_merged_is_void",
        violation_error_message=_("Only a void project is merged into another."),
    ),
    Check(
        condition=~Q(merged_into=F("id")),
        name="project_not_merged_into_itself",
        violation_error_message=_("A project is not merged into itself."),
    ),
]

INDEXES = [
    # lists of a district
    models.Index(
        fields=["district", "stage", "id"],
        include=[
            "total_investment",
            "expected_output",
            "project_type",
            "voided_at",
        ],  # what lists add up
        name="project_by_district_stage",
    ),
    # saving: whether a project has phases
    models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="project_by_parent"),
    # duplicates: the projects of one approval code
    models.Index(fields=["approval_code"], condition=~Q(approval_code=""), name="project_by_approval_code"),
    # clients that keep a copy
    models.Index(fields=["updated_at", "id"], name="project_by_updated_at"),
    # lists of a country in the order of each column by which they can be sorted, either way
    models.Index(fields=["name", "id"], name="project_by_name"),
    models.Index(fields=["total_investment", "id"], name="project_by_investment"),
    models.Index(fields=["signed_on", "id"], name="project_by_signing"),
    models.Index(fields=["started_on", "id"], name="project_by_start"),
    models.Index(fields=["completed_on", "id"], name="project_by_completion"),
    models.Index(fields=["planned_start_on", "id"], name="project_by_planned_start"),
    models.Index(fields=["planned_completion_on", "id"], name="project_by_planned_completion"),
    models.Index(fields=["created_at", "id"], name="project_by_creation"),
    # lists of the few that are void, excluded or suspended
    models.Index(fields=["id"], condition=Q(voided_at__isnull=False), name="project_void"),
    models.Index(fields=["id"], condition=~Q(exclusion_reason=""), name="project_excluded"),
    models.Index(fields=["id"], condition=Q(suspended=True), name="project_suspended"),
    # desks: what is late; of all whose plan has passed most have happened long ago, if nobody knows when
    models.Index(
        fields=["stage", "planned_start_on"],
        condition=Q(planned_start_on__isnull=False, started_on__isnull=True),
        name="project_late_to_start",
    ),
    models.Index(
        fields=["stage", "planned_completion_on"],
        condition=Q(planned_completion_on__isnull=False, completed_on__isnull=True),
        name="project_late_to_complete",
    ),
    # ending the confidentiality of those whose day has come
    models.Index(
        fields=["confidential_until"],
        condition=Q(confidential_until__isnull=False),
        name="project_confidential_until",
    ),
    # lists of the few that are 双百
    models.Index(fields=["id"], condition=DOUBLE_HUNDRED, name="project_double_hundred"),
    # pages and histories of projects into which others were merged
    models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="project_merged"),
    # the reviewers' queue, desks, the audit, approving whatever waits
    models.Index(
        fields=["review", "submitted_at", "id"],
        condition=~Q(review="approved"),
        name="project_in_review",
    ),
]


def wrong_parent(project: Project) -> ValidationError | None:
    """What stands against a project's being a phase of the one that it names as its whole."""
    parent = project.parent
    assert parent is not None
    faults = (
        (parent.pk == project.pk, "own_parent", _("A project cannot be a phase of itself.")),
        (parent.parent_id, "phase_of_phase", _("That is a phase itself; choose the whole project.")),
        (
            project.pk and project.phases.exists(),
            "phase_of_phase",
            _("This project has phases, so it cannot become a phase."),
        ),
        (parent.is_void, "void_parent", _("That project is void; choose another.")),
        (
            project.district_id and parent.district.city_code() != project.district.city_code(),
            "other_city",
            _("That project lies in another city."),
        ),
        (
            parent.milestones.exists(),
            "parent_has_milestones",
            _("That project has milestones of its own; move them to a first phase, then add this one."),
        ),
    )
    return next((ValidationError(message, code=code) for wrong, code, message in faults if wrong), None)
