"""A project that is split into phases: nothing is lost, only the phases are counted, and the ledger says why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from config.api.outcomes import StaleVersion
from projects import services
from projects.models import Cause, District, Kind, LedgerEntry, Project
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_release, record
from tests.roll_ups import settle
from tracking.audit import find_differences
from tracking.explain import explain
from tracking.sums import NOTHING
from tracking.totals import behind, ever_behind, sum_of

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
DATES: dict[str, date | str] = {"signed": date(2023, 1, 29), "started": date(2023, 3, 1)}


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


def phases_of(project: Project, *amounts: int | None) -> list[Project]:
    return [
        Project(name=project.name, phase=f"{n}期", district=project.district, total_investment=amount)
        for n, amount in enumerate(amounts, start=1)
    ]


def split(project: Project, *amounts: int | None) -> list[Project]:
    return services.split_project(fresh(project), phases_of(project, *amounts), actor=None, at=LATER)


def test_the_first_phase_takes_over_the_milestones_and_is_counted_instead(places):
    project = make_project(district=places["440112"], total_investment=10 * YI, milestones=DATES)

    first, second = split(project, 4 * YI, 6 * YI)
    record(second, "signed", date(2023, 2, 1), at=LATER)

    assert [m.kind for m in first.milestones.order_by("id")] == ["signed", "started"]
    assert (fresh(first).stage, fresh(project).stage, fresh(first).signed_on) == (
        "started", "", date(2023, 1, 29),
    )  # fmt: skip
    signed = sum_of(behind(places["440112"], "2023Q1", Kind.SIGNED))
    assert (signed.count, signed.investment) == (2, 10 * YI)
    settle()
    assert find_differences() == []


def test_the_change_of_a_figure_by_splitting_is_told_as_such_with_nothing_left_over(places):
    project = make_project(district=places["440112"], total_investment=10 * YI, milestones=DATES)
    release = make_release(places["440112"])

    split(project, 4 * YI, 6 * YI)

    told = explain(ever_behind(places["440112"], "2023Q1", Kind.STARTED), release.released_at, None)
    assert {cause: c.difference.known_investment for cause, c in told.by_cause.items()} == {
        Cause.SPLIT: -6 * YI
    }
    assert told.unexplained == NOTHING
    assert (told.before.count, told.after.count) == (1, 1)


def test_what_the_project_counted_as_before_is_kept(places):
    project = make_project(district=places["440112"], total_investment=10 * YI, milestones=DATES)

    split(project, None, None)

    then = sum_of(behind(places["440112"], "2023Q1", Kind.SIGNED, as_of=NOW))
    assert (then.count, then.investment) == (1, 10 * YI)
    assert set(LedgerEntry.objects.filter(project=project).values_list("closing_cause", flat=True)) == {
        "split"
    }


@pytest.mark.parametrize("wrong", ["one_phase", "is_phase", "has_phases", "void"])
def test_what_cannot_be_split_is_refused_and_nothing_is_saved(places, wrong):
    project = make_project(district=places["440112"], milestones=None if wrong == "has_phases" else DATES)
    _make(wrong, project)
    before = Project.objects.count()

    with pytest.raises(ValidationError):
        split(project, *([YI] if wrong == "one_phase" else [YI, YI]))

    assert Project.objects.count() == before


def _make(wrong: str, project: Any) -> None:
    if wrong == "is_phase":
        umbrella = make_project(district=project.district)
        project = fresh(project)
        project.parent, project.phase = umbrella, "一期"
        services.save_project(project, actor=None, at=NOW)
    elif wrong == "has_phases":
        make_project(district=project.district, parent=project, phase="一期")
    elif wrong == "void":
        services.void_project(fresh(project), "录入有误", actor=None, at=NOW)


def test_a_project_that_somebody_has_changed_meanwhile_is_not_split(places):
    project = make_project(district=places["440112"], milestones=DATES)
    seen = fresh(project)
    services.save_project(fresh(project), actor=None, at=NOW)

    with pytest.raises(StaleVersion):
        services.split_project(seen, phases_of(seen, YI, YI), actor=None, at=LATER)


def test_a_phase_that_cannot_be_recorded_leaves_the_project_whole(places):
    project = make_project(district=places["440112"], milestones=DATES)
    bad = phases_of(project, YI, YI)
    bad[1].total_investment = -1

    with pytest.raises(ValidationError):
        services.split_project(fresh(project), bad, actor=None, at=LATER)

    assert fresh(project).milestones.count() == 2
