"""What two projects that look alike are, decided by a person, and what follows: merged, a phase, an increase, nothing.

Every change goes through the services of all changes, as one bulk change, so that it is told and can be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.duplicates import likeness
from projects.models import (
    BulkChange,
    Cause,
    Door,
    DuplicateDecision,
    DuplicatePair,
    Milestone,
    Project,
    User,
    Verdict,
)
from projects.services.carrying import CarriedFiles, charges_to_carry, files_to_carry
from projects.services.changes import Change
from projects.services.charging import Charges
from projects.services.many import RefusedChanges, save_projects
from projects.services.splitting import split_project
from projects.services.transactions import one_transaction

# What is compared of two projects, in the order of the form; what belongs together goes over together.
FIELDS: dict[str, tuple[str, ...]] = {
    name: (name,)
    for name in (
        "name", "name_en", "approval_code", "district", "sector", "project_type", "ownership", "phase",
        "total_investment", "fixed_asset_investment", "expected_output", "expected_revenue", "expected_tax",
        "currency", "expected_jobs", "land_area_mu", "floor_area_m2", "remark", "source", "exclusion_reason",
    )
}  # fmt: skip
FIELDS["total_investment"] = ("total_investment", "investment_estimated")
FIELDS["currency"] = ("currency", "original_amount", "exchange_rate")
NOTHING_SAID = {"project_type": "other"}  # a value that says as little as none
STEP = ("happened_on", "precision", "planned_on", "total_investment", "expected_output", "expected_revenue",
        "ceremony_id", "reason", "note")  # fmt: skip
STEP_FIELDS = tuple(name.removesuffix("_id") for name in STEP)
LINKS = ("investors", "tags")
AMOUNTS = ("total_investment", "expected_output", "expected_revenue")
TAKEN_OVER = (
    "name",
    "name_en",
    "district",
    "sector",
    "project_type",
    "ownership",
    *AMOUNTS,
    "investment_estimated",
)
LONGEST = 200


@dataclass(slots=True)
class Decision:
    """What a person says of two projects.

    `main` is kept, or is the larger one; `chosen`: names of fields and kinds of milestones of which the other's value
    holds, where both have one. Amounts in yuan; None: not known.
    """

    verdict: Verdict
    reason: str
    main: Project | None = None
    chosen: Collection[str] = ()
    phase: str = ""  # of the one that becomes a phase or an increase
    main_phase: str = ""  # of what the larger project was until now, where it has milestones of its own
    amounts: Mapping[str, int | None] = field(default_factory=dict)  # what an increase adds, under AMOUNTS


@one_transaction
def decide(
    one: Project,
    other: Project,
    decision: Decision,
    *,
    actor: User | None,
    at: datetime,
    door: Door = Door.SYSTEM,
) -> DuplicateDecision:
    """Say what two recorded projects are, and do what follows. Who may, the door decides.

    Raises ValidationError with everything that stands against it, StaleVersion where one was changed since it was read.
    """
    _check(one, other, decision)
    first, second = sorted((one, other), key=lambda project: project.pk)
    reasons = [*likeness(first, second)]
    pair, _made = DuplicatePair.objects.select_for_update(no_key=True).get_or_create(
        first=first, second=second, defaults={"reasons": reasons, "found_at": at}
    )
    main = decision.main
    bulk: BulkChange | None = None
    carried: dict[str, list[int]] = {}
    if main is not None:
        less = other if main.pk == one.pk else one
        bulk, carried = _follow(decision, main, less, actor=actor, at=at, door=door)
    pair.waits = False
    pair.save(update_fields=["waits"])
    return DuplicateDecision.objects.create(
        pair=pair, verdict=decision.verdict, main=main, reason=decision.reason, reasons=reasons, at=at,
        actor=actor, bulk=bulk, carried=carried,
    )  # fmt: skip


def _check(one: Project, other: Project, decision: Decision) -> None:
    secret = one.confidential or other.confidential
    acts = decision.verdict != Verdict.DIFFERENT
    faults = (
        (one.pk == other.pk, "same", _("Choose two projects.")),
        (not decision.reason.strip(), "required", _("Say why.")),
        (
            acts and decision.main is None,
            "main",
            _("Say which of the two is kept, or is the larger project."),
        ),
        (acts and secret, "confidential", _("One of them is confidential. End that first.")),
        (acts and (one.is_void or other.is_void), "void", _("One of them is void.")),
    )
    if errors := [ValidationError(message, code=code) for wrong, code, message in faults if wrong]:
        raise ValidationError(errors)


def _follow(
    decision: Decision, main: Project, less: Project, *, actor: User | None, at: datetime, door: Door
) -> tuple[BulkChange | None, dict[str, list[int]]]:
    facts: dict[str, Any] = {"actor": actor, "at": at, "door": door}
    if decision.verdict == Verdict.SAME:
        return _merge(decision, main, less, **facts)
    less.phase = decision.phase.strip()
    if not less.phase:
        raise ValidationError(
            {"phase": ValidationError(_("Say which phase this is, as in 二期."), code="required")}
        )
    if decision.verdict == Verdict.INCREASE:
        for name, amount in decision.amounts.items():
            setattr(less, name, amount)
    if main.milestones.exists():
        first = Project(**{name: getattr(main, name) for name in TAKEN_OVER})
        first.phase = decision.main_phase.strip() or "一期"
        split_project(main, [first, less], **facts)
        return None, {}
    less.parent = main
    title = gettext("%(code)s became a part of %(main)s") % {"code": less.code, "main": main.code}
    return _saved([Change(less)], title, decision.reason, **facts), {}


# --- the same -------------------------------------------------------------------------------------------------------


def _merge(
    decision: Decision, main: Project, less: Project, *, actor: User | None, at: datetime, door: Door
) -> tuple[BulkChange, dict[str, list[int]]]:
    """Main takes over what it lacks and what was chosen; the other is void and points to it."""
    if less.phases.kept().exists():
        message = _("The project that would go has phases. Keep that one, or decide on its phases first.")
        raise ValidationError(message, code="has_phases")
    for name in taken_over(main, less, decision.chosen):
        for each in FIELDS[name]:
            setattr(main, each, getattr(less, each))
    charges = charges_to_carry(less, main)
    files = files_to_carry(less, main)
    change = Change(
        main,
        _milestones(main, less, decision.chosen),
        investors=_united(main, less, "investors"),
        tags=_united(main, less, "tags"),
        annexes=[Charges(charges), CarriedFiles(files)],
        cause=Cause.MERGED,
    )
    less.voided_at, less.merged_into = at, main
    less.void_reason = gettext("The same as another project, into which it was merged")
    title = gettext("%(code)s merged into %(main)s") % {"code": less.code, "main": main.code}
    bulk = _saved([change, Change(less)], title, decision.reason, actor=actor, at=at, door=door)
    return bulk, {"charges": [c.pk for c in charges], "files": [f.pk for f in files]}


def taken_over(main: Project, less: Project, chosen: Collection[str]) -> list[str]:
    """The fields of FIELDS that main takes over: what it lacks, and what was chosen where both say something."""
    return [
        name
        for name in FIELDS
        if _says(less, name) and (not _says(main, name) or (name in chosen and differs(main, less, name)))
    ]


def conflicts(one: Project, other: Project) -> list[str]:
    """Where the two say different things: names of FIELDS, then kinds of milestones."""
    fields = [n for n in FIELDS if _says(one, n) and _says(other, n) and differs(one, other, n)]
    steps = {m.kind: m for m in one.milestones.all()}
    return fields + [
        m.kind for m in other.milestones.all() if m.kind in steps and _step(m) != _step(steps[m.kind])
    ]


def differs(one: Project, other: Project, name: str) -> bool:
    """Whether a field of FIELDS, with what belongs to it, is not the same in both."""
    return any(_value(one, each) != _value(other, each) for each in FIELDS[name])


def _milestones(main: Project, less: Project, chosen: Collection[str]) -> list[Milestone]:
    """Those that main lacks, and its own with the other's values where that was chosen."""
    own = {m.kind: m for m in main.milestones.all()}
    found = []
    for step in less.milestones.all():
        if step.kind in own and (step.kind not in chosen or _step(step) == _step(own[step.kind])):
            continue
        kept = own.get(step.kind) or Milestone(
            project=main, kind=step.kind, planned_first_on=step.planned_first_on
        )
        for name, value in zip(STEP, _step(step), strict=True):
            setattr(kept, name, value)
        found.append(kept)
    return found


def _united(main: Project, less: Project, name: str) -> list[Any] | None:
    """Investors or tags of both; None where main has them all."""
    own, others = (list(getattr(project, name).order_by("pk")) for project in (main, less))
    return [*own, *(each for each in others if each not in own)] if set(others) - set(own) else None


def _says(project: Project, name: str) -> bool:
    value = _value(project, name)
    return value not in (None, "") and value != NOTHING_SAID.get(name)


def _value(project: Project, name: str) -> Any:
    return getattr(project, Project._meta.get_field(name).attname)  # type: ignore[union-attr]


def _step(milestone: Milestone) -> tuple[Any, ...]:
    return tuple(getattr(milestone, name) for name in STEP)


def _saved(changes: Sequence[Change], title: str, reason: str, **facts: Any) -> BulkChange:
    """As one bulk change. Raises ValidationError with all that stands against it, StaleVersion."""
    bulk = BulkChange(title=title[:LONGEST])
    try:
        save_projects(changes, reason=reason, bulk=bulk, **facts)
    except RefusedChanges as refused:
        raise _as_one(refused) from refused
    return bulk


def _as_one(refused: RefusedChanges) -> Exception:
    errors = list(refused.refusals.values())
    stale = next((each for each in errors if not isinstance(each, ValidationError)), None)
    return stale or ValidationError([message for each in errors for message in _sentences(each)])


def _sentences(refusal: Any) -> Iterator[ValidationError]:
    for name, found in (
        refusal.error_dict.items() if hasattr(refusal, "error_dict") else [("", refusal.error_list)]
    ):
        label = _label(name)
        for each in found:
            message = each.messages[0]
            yield ValidationError(f"{label}: {message}" if label else message, code=each.code)


def _label(name: str) -> str:
    names = {f.name: str(f.verbose_name) for f in Project._meta.fields}
    return names.get(name, "")
