"""Finding pairs of projects that may be one and the same: a save leaves a row, a sweep compares what rows name.

A save costs one small row, however many projects there are; a lost message or a killed worker costs nothing but time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from projects.duplicates import candidates_of_many, likeness
from projects.models import (
    DuplicateCheck,
    DuplicateDecision,
    DuplicatePair,
    Likeness,
    Organization,
    Project,
    Verdict,
)
from projects.rows import FEW, columns_of, insert_rows, insertion, run
from projects.services.changes import Draft

CHUNK = 200  # rows in one transaction
LONGEST = 250  # transactions of one sweep: 50,000 projects, less than a minute
MOST = 5  # pairs of one project that are asked about, the likeliest
COMPARED = (
    "name",
    "approval_code",
    "district_id",
    "parent_id",
    "total_investment",
    "voided_at",
    "confidential",
)
COLUMNS = columns_of(DuplicateCheck, "project", "at")


def is_compared_anew(draft: Draft) -> bool:
    """Whether what a draft changes may make a duplicate of it, or of another; of investors the caller knows."""
    return draft.stored is None or any(
        getattr(draft.project, name) != getattr(draft.stored, name) for name in COMPARED
    )


def end_pairs(drafts: Sequence[Draft]) -> None:
    """Let no pair wait of a project that is declared void; restored, it is compared anew."""
    ids = [d.project.pk for d in drafts if d.project.is_void and not (d.stored and d.stored.is_void)]
    if ids:
        pairs = DuplicatePair.objects.filter(Q(first__in=ids) | Q(second__in=ids), waits=True)
        pairs.update(waits=False)


def compare_later(projects: Collection[int], at: datetime) -> None:
    """Have these projects, by id, compared with all others after the commit."""
    rows = [(pk, at) for pk in projects]
    if len(rows) > FEW:
        insert_rows(DuplicateCheck, COLUMNS, rows)
    elif rows:
        run(insertion(DuplicateCheck, COLUMNS, rows))


def compare_projects_of(organization: Organization, at: datetime) -> None:
    """Have an investor's projects compared, for it may have a credit code now."""
    if organization.uscc:
        compare_later(list(organization.projects.order_by("pk").values_list("pk", flat=True)), at)


def compare_waiting(at: datetime) -> int:
    """Compare what waits, some hundred in each transaction; how many pairs wait for a word that did not before."""
    found = 0
    for _ in range(LONGEST):
        more = _compare_some(at)
        if more is None:
            break
        found += more
    return found


def compare_all(at: datetime) -> int:
    """Compare every project with all others, from key to key; how many pairs wait for a word that did not before."""
    last, found = 0, 0
    while ids := list(
        Project.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        with transaction.atomic():
            found += compare(ids, at)
        last = ids[-1]
    return found


@transaction.atomic
def _compare_some(at: datetime) -> int | None:
    """What `compare_waiting` does in one transaction; None where nothing waits that nobody else is comparing."""
    locked = DuplicateCheck.objects.select_for_update(skip_locked=True).order_by("id")
    rows = dict(locked.values_list("id", "project_id")[:CHUNK])
    if not rows:
        return None
    found = compare(set(rows.values()), at)
    DuplicateCheck.objects.filter(id__in=rows).delete()
    return found


def compare(ids: Collection[int], at: datetime) -> int:
    """Bring the pairs of these projects to what is recorded; how many wait for a word that did not before.

    A pair that was decided waits again only where something speaks for it that did not when it was.
    """
    projects = list(_with_investors(Project.objects.kept().filter(pk__in=ids)).order_by("pk"))
    wanted: dict[tuple[int, int], tuple[Likeness, ...]] = {}
    for project, candidates in zip(projects, candidates_of_many(projects, None), strict=True):
        for other, reasons in [each for each in candidates if each.is_doubtful][:MOST]:
            wanted[min(project.pk, other.pk), max(project.pk, other.pk)] = reasons
    known = {(pair.first_id, pair.second_id): pair for pair in _pairs_of(ids)}
    new = [
        DuplicatePair(first_id=first, second_id=second, reasons=[*reasons], found_at=at)
        for (first, second), reasons in wanted.items()
        if (first, second) not in known
    ]
    made = DuplicatePair.objects.bulk_create(new, ignore_conflicts=True)
    return len(made) + _renew(list(known.values()), at)


def _renew(pairs: Sequence[DuplicatePair], at: datetime) -> int:
    """Bring pairs that were found before to what is recorded now; how many wait again."""
    ids = {pk for pair in pairs for pk in (pair.first_id, pair.second_id)}
    projects = _with_investors(Project.objects.filter(pk__in=ids)).in_bulk()
    decided = _last_decisions(pairs)
    again = 0
    for pair in pairs:
        reasons = [*likeness(projects[pair.first_id], projects[pair.second_id])]
        waits = _is_asked(pair, reasons, decided.get(pair.pk))
        if (waits, reasons) == (pair.waits, pair.reasons) or not (waits or pair.waits):
            continue
        if waits and not pair.waits:
            again, pair.found_at = again + 1, at
        pair.waits, pair.reasons = waits, reasons if waits else pair.reasons
        pair.save(update_fields=["waits", "reasons", "found_at"])
    return again


def _is_asked(pair: DuplicatePair, reasons: Collection[Likeness], decision: DuplicateDecision | None) -> bool:
    """Whether somebody is to say what the two are."""
    doubtful = {*reasons} - {Likeness.NAME_ALONE}
    if decision is None or decision.is_undone:
        return bool(doubtful)
    return decision.verdict == Verdict.DIFFERENT and not {*map(str, doubtful)} <= {*decision.reasons}


def _last_decisions(pairs: Sequence[DuplicatePair]) -> dict[int, DuplicateDecision]:
    rows = DuplicateDecision.objects.filter(pair__in=[pair.pk for pair in pairs]).select_related("bulk")
    return {decision.pair_id: decision for decision in rows.order_by("id")}


def _pairs_of(ids: Collection[int]) -> Iterable[DuplicatePair]:
    """In the order of their ids, locked: two sweeps may come to the same."""
    rows = DuplicatePair.objects.filter(Q(first__in=ids) | Q(second__in=ids))
    return rows.select_for_update(no_key=True).order_by("pk")


def _with_investors(rows: QuerySet[Project]) -> QuerySet[Project]:
    return rows.select_related("district").prefetch_related("investors")
