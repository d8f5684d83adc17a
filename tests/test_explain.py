"""Why a figure changed: every step with its cause, person, time, before and after; nothing is left over."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings

from projects import services
from projects.models import Cause, District, Kind
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_release, make_user, record
from tests.test_identities import QUARTERS, Bureau, bounded, histories, taken_back
from tracking.explain import explain
from tracking.sums import NOTHING
from tracking.totals import BREAKDOWNS, FIGURES, ever_behind, has_figure, held_now, sum_of

pytestmark = pytest.mark.django_db

SIGNED: dict[str, date | str] = {"signed": date(2023, 1, 29)}
LATER = NOW + timedelta(hours=1)
SOME_FIGURES = [
    (kind, of)
    for kind in (Kind.SIGNED, Kind.STARTED, Kind.SUSPENDED)
    for of in FIGURES
    if has_figure(kind, of)
]


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


def signed(district: District) -> Any:
    return ever_behind(district, "2023Q1", Kind.SIGNED)


def test_each_change_is_told_with_cause_person_time_before_and_after(places):
    person = make_user("wang", district=places["440112"])
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    project = fresh(project)
    project.total_investment = 3 * YI
    services.save_project(project, actor=person, at=LATER)

    told = explain(signed(places["440112"]), release.released_at, None)

    (step,) = told.steps
    assert (step.project_id, step.cause, step.actor_id) == (project.pk, Cause.AMOUNT_CORRECTED, person.pk)
    assert step.before
    assert step.after
    assert (step.before.investment, step.after.investment) == (YI, 3 * YI)
    assert step.at == step.after.recorded_at
    assert step.difference.known_investment == 2 * YI
    assert (told.before.investment, told.after.investment) == (YI, 3 * YI)


def test_a_project_changed_twice_is_told_twice_each_with_its_own_person(places):
    wang, li = make_user("wang"), make_user("li")
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    for actor, amount in ((wang, 5 * YI), (li, 2 * YI)):
        project = fresh(project)
        project.total_investment = amount
        services.save_project(project, actor=actor, at=LATER + timedelta(minutes=actor.pk))

    told = explain(signed(places["440112"]), release.released_at, None)

    steps = sorted(told.steps, key=lambda step: step.at)
    assert [(step.actor_id, step.difference.known_investment) for step in steps] == [
        (wang.pk, 4 * YI),
        (li.pk, -3 * YI),
    ]
    assert told.by_cause[Cause.AMOUNT_CORRECTED].steps == 2
    assert told.by_cause[Cause.AMOUNT_CORRECTED].projects == 1
    assert told.by_cause[Cause.AMOUNT_CORRECTED].difference.known_investment == YI


def test_two_changes_that_fell_on_one_moment_are_told_each_with_its_cause(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"], at=LATER)
    # by a machine whose clock lags, so that both are dated just after the seal
    for reason in ("relocation", ""):
        services.exclude_project(fresh(project), reason, actor=None, at=NOW)

    told = explain(signed(places["440112"]), release.released_at, None)

    assert len({step.at for step in told.steps}) == 1
    by_cause = {cause: found.difference.count for cause, found in told.by_cause.items()}
    assert by_cause == {Cause.EXCLUDED: -1, Cause.INCLUDED: 1}
    assert told.unexplained == NOTHING


def test_a_project_moved_to_another_district_leaves_one_figure_and_enters_the_other(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440100"])
    project = fresh(project)
    project.district = places["440113"]
    services.save_project(project, actor=None, at=LATER)

    left, entered, city = (
        explain(signed(places[code]), release.released_at, None) for code in ("440112", "440113", "440100")
    )

    assert [(s.cause, s.difference.count) for s in left.steps] == [(Cause.DISTRICT_MOVED, -1)]
    assert [(s.cause, s.difference.count) for s in entered.steps] == [(Cause.DISTRICT_MOVED, 1)]
    assert city.steps == []


@pytest.mark.parametrize("change", ["late", "voided", "excluded", "withdrawn", "date", "stage"])
def test_every_way_in_which_a_figure_changes_has_its_name(places, change):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    project, stock = fresh(project), ever_behind(places["440112"], "2023Q1", Kind.SIGNED, of="stock")
    expected = {
        "late": Cause.REPORTED_LATE, "voided": Cause.VOIDED, "excluded": Cause.EXCLUDED,
        "withdrawn": Cause.WITHDRAWN, "date": Cause.DATE_MOVED, "stage": Cause.STAGE_MOVED,
    }[change]  # fmt: skip

    _do(change, project)

    told = explain(stock, release.released_at, None)
    assert expected in told.by_cause
    assert told.unexplained == NOTHING


def _do(change: str, project: Any) -> None:
    milestone = project.milestones.get()
    if change == "late":
        make_project(district=project.district, milestones=SIGNED, at=LATER)
    elif change == "voided":
        services.void_project(project, "重复登记", actor=None, at=LATER)
    elif change == "excluded":
        services.exclude_project(project, "relocation", actor=None, at=LATER)
    elif change == "withdrawn":
        services.remove_milestone(milestone, actor=None, at=LATER)
    elif change == "date":
        milestone.happened_on = date(2023, 4, 2)
        services.save_milestone(milestone, actor=None, at=LATER)
    else:
        record(project, "started", date(2023, 3, 1), at=LATER)


def test_a_day_corrected_within_its_quarter_changes_no_figure_and_is_not_told(places):
    project = make_project(district=places["440112"], milestones=SIGNED)
    release = make_release(places["440112"])
    milestone = project.milestones.get()
    milestone.happened_on = date(2023, 2, 2)
    services.save_milestone(milestone, actor=None, at=LATER)

    told = explain(signed(places["440112"]), release.released_at, None)

    assert (told.steps, told.by_cause) == ([], {})


@settings(bounded, max_examples=15)
@given(histories)
def test_between_any_two_moments_nothing_is_left_over(history: list[Any]) -> None:
    with taken_back():
        bureau = Bureau()
        moments = [bureau.now]
        for edit in history:
            bureau.do(*edit)
            moments.append(bureau.now)
        city = bureau.places["440100"]
        middle = moments[len(moments) // 2]

        for quarter, (kind, of) in product(QUARTERS[3::2], SOME_FIGURES):
            inside = ever_behind(city, quarter, kind, of=of)
            for start, end in ((moments[0], middle), (middle, None)):
                told = explain(inside, start, end, now=held_now(city, quarter, kind, of=of))
                assert told.unexplained == NOTHING
                assert told.before == sum_of(inside.holding(start))
                assert told.after == sum_of(inside.holding(end))
                difference = sum((step.difference for step in told.steps), NOTHING)
                assert told.after - told.before == difference


def test_no_moment_holds_a_project_twice_though_the_clocks_of_two_machines_differ(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    services.void_project(project, "重复登记", actor=None, at=LATER)
    services.restore_project(fresh(project), actor=None, at=LATER - timedelta(minutes=3))  # a slower clock

    counted = [
        sum_of(signed(places["440112"]).holding(LATER + timedelta(minutes=n))).count for n in (-4, -2, 0)
    ]
    assert counted == [1, 1, 1]
    assert explain(signed(places["440112"]), NOW, None).unexplained == NOTHING


def test_the_parts_of_a_breakdown_are_explained_as_well(places):
    project = make_project(district=places["440112"], total_investment=YI, milestones=SIGNED)
    release = make_release(places["440112"])
    project = fresh(project)
    project.project_type = "services"
    services.save_project(project, actor=None, at=LATER)
    here = places["440112"]

    told = explain(
        ever_behind(here, "2023Q1", "signed", by="project_type", member="services"), release.released_at, None
    )

    assert "project_type" in BREAKDOWNS
    assert [(s.cause, s.difference.count) for s in told.steps] == [(Cause.RECLASSIFIED, 1)]
