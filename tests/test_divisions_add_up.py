"""Whatever was merged, split or renamed: on the divisions of now and of then every figure is still its list's sum."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from projects import services
from projects.models import District, LedgerEntry, Succession
from projects.quarters import quarters_between
from tests.makers import NOW, YI, make_bands, make_project, make_release
from tests.test_divisions import NAMES, make_places, succeed
from tests.test_identities import figures, taken_back
from tracking.cells import roll_up
from tracking.divisions import MODES, Divisions, divisions_of
from tracking.explain import amounts
from tracking.sums import NOTHING, Sums
from tracking.totals import BREAKDOWNS, OVERLAPPING, Total, behind, sum_of, totals, undated, undated_entries

pytestmark = pytest.mark.django_db

BEGINNING = NOW - timedelta(days=100)
QUARTERS = quarters_between("2012Q1", "2015Q4")
KINDS = ["signed", "started"]
days = st.dates(date(2012, 1, 1), date(2015, 12, 31))
codes = st.sampled_from(list(NAMES))
low = st.sampled_from([code for code in NAMES if code not in ("440000", "440100", "440300")])
events = st.one_of(
    st.tuples(
        st.just("enter"), codes, st.none() | st.integers(0, 20).map(lambda n: n * YI), days, st.booleans()
    ),
    st.tuples(st.just("succeed"), low, low, st.sampled_from(Succession.Kind.values), days),
    st.tuples(st.just("succeed"), codes, codes, st.sampled_from(Succession.Kind.values), days),
)
histories = st.lists(events, min_size=4, max_size=14)
few = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Bureau:
    """What happens to districts and projects, each at its own moment; what the rules refuse changes nothing."""

    def __init__(self) -> None:
        self.places, self.now = make_places(), BEGINNING
        make_bands()

    def do(self, what: str, *about: Any) -> None:
        self.now += timedelta(hours=5)
        try:
            with transaction.atomic():
                getattr(self, what)(*about)
        except ValidationError:
            pass

    def enter(self, code: str, investment: int | None, day: date, dated: bool) -> None:
        steps: dict[str, date | str] = {"signed": day, "started": day + timedelta(days=200)}
        if not dated:
            steps = {"signed": "unknown"}
        make_project(district=self.places[code], total_investment=investment, at=self.now, milestones=steps)

    def succeed(self, old: str, new: str, kind: str, day: date) -> None:
        succeed(self.places, old, new, kind, day, at=self.now)


def recorded(history: list[Any]) -> Bureau:
    bureau = Bureau()
    for event in history:
        bureau.do(*event)
    roll_up()
    return bureau


@few
@given(histories)
def test_every_figure_is_the_sum_of_its_trace_and_of_its_parts(history: list[Any]) -> None:
    with taken_back():
        places = recorded(history).places
        for mode in MODES:
            for code in ("440000", "440100", "440112", "440116"):
                whole = totals(places[code], QUARTERS, KINDS, divisions=mode)
                for total in whole[-2:] + whole[10:12]:
                    for of, shown in figures(total):
                        found = behind(places[code], total.quarter, total.kind, of=of, divisions=mode)
                        assert sum_of(found) == shown, (mode, code, of)
                assert added_up(places[code], mode) == {
                    (total.quarter, total.kind, of): shown for total in whole for of, shown in figures(total)
                }


def added_up(district: District, mode: Any) -> dict[tuple[str, str, str], Sums]:
    """The members of the breakdown by district added up; each member is checked against its own list."""
    added: dict[tuple[str, str, str], Sums] = defaultdict(Sums)
    for part in totals(district, QUARTERS, KINDS, by="district", divisions=mode):
        for of, shown in figures(part):
            added[part.quarter, part.kind, of] += shown
            if of == "stock" and part.quarter == QUARTERS[-2]:
                traced = behind(
                    district,
                    part.quarter,
                    part.kind,
                    of=of,
                    by="district",
                    member=part.member,
                    divisions=mode,
                )
                assert sum_of(traced) == shown
    return {key: sums for key, sums in added.items() if sums != NOTHING}


@few
@given(histories)
def test_other_breakdowns_add_up_on_other_divisions_too(history: list[Any]) -> None:
    with taken_back():
        city = recorded(history).places["440100"]
        for mode in MODES:
            whole = {(t.quarter, t.kind): t.stock for t in totals(city, QUARTERS, KINDS, divisions=mode)}
            for by in set(BREAKDOWNS) - set(OVERLAPPING):
                added: dict[tuple[str, str], Sums] = defaultdict(Sums)
                for part in totals(city, QUARTERS, KINDS, by=by, divisions=mode):
                    added[part.quarter, part.kind] += part.stock or NOTHING
                assert {key: added[key] for key in whole} == whole


@few
@given(histories)
def test_every_figure_counts_the_entries_whose_holders_lie_in_the_district(history: list[Any]) -> None:
    with taken_back():
        places = recorded(history).places
        known = list(LedgerEntry.objects.current().select_related("district"))
        for mode in MODES:
            tree = divisions_of(mode)
            for district in places.values():
                for total in totals(district, QUARTERS, KINDS, divisions=mode):
                    entered = [e for e in known if e.quarter == total.quarter]
                    stock = [
                        e
                        for e in known
                        if e.quarter and e.quarter <= total.quarter and not has_left(e, total)
                    ]
                    for shown, entries in ((total.entered, entered), (total.stock, stock)):
                        held = [
                            e
                            for e in entries
                            if e.kind == total.kind and lies(tree, e, district, total.quarter)
                        ]
                        assert shown is not None
                        assert shown.count == len(held)
                        assert shown.known_investment == sum(e.investment or 0 for e in held)


def has_left(entry: LedgerEntry, total: Total) -> bool:
    return entry.left_quarter is not None and entry.left_quarter <= total.quarter


def lies(tree: Divisions, entry: LedgerEntry, district: District, quarter: str) -> bool:
    """Whether the holder of its district, or of what that lies in, is this district."""
    return district.path in tree.above(entry.district.path, tree.asked(quarter))


@few
@example(
    [
        ("enter", "440100", None, date(2012, 1, 1), False),
        ("succeed", "440100", "440000", "merged", date(2012, 1, 1)),
    ]
)  # what its own city held, the province holds itself
@example(
    [
        ("enter", "440112", None, date(2012, 1, 1), False),
        ("succeed", "440100", "440000", "merged", date(2012, 1, 1)),
    ]
)  # what a district of it holds lies in no city any more
@given(histories)
def test_the_province_is_the_same_in_every_mode_and_so_is_what_is_undated(history: list[Any]) -> None:
    with taken_back():
        province = recorded(history).places["440000"]
        found = [totals(province, QUARTERS, KINDS, divisions=mode) for mode in (None, *MODES)]

        assert found[0] == found[1] == found[2]
        for mode in MODES:
            assert undated(province, KINDS, divisions=mode) == undated(province, KINDS)
            parts = [p for p in Bureau().places.values() if p.parent_id == province.pk]
            here = undated_entries(province, KINDS).select_related("district")
            lower = {part.path for part in parts}
            own = [e for e in here if not lower & set(divisions_of(mode).above(e.district.path, None))]
            known = [undated(part, KINDS, divisions=mode) for part in parts] + list(map(amounts, own))
            assert sum(known, NOTHING) == undated(province, KINDS)


@few
@given(histories)
def test_the_divisions_of_then_at_a_past_moment_answer_what_they_answered_then(history: list[Any]) -> None:
    with taken_back():
        bureau, said = Bureau(), dict[datetime, Any]()
        city = bureau.places["440100"]
        for event in history:
            bureau.do(*event)
            said[bureau.now] = totals(city, QUARTERS, KINDS, divisions="then")

        for moment, answer in said.items():
            assert totals(city, QUARTERS, KINDS, divisions="then", as_of=moment) == answer


# --- what is recorded later ---------------------------------------------------------------------------------------


def test_a_succession_recorded_after_a_release_changes_nothing_of_it_on_the_divisions_of_then():
    places = make_places()
    make_project(district=places["440116"], milestones={"signed": date(2012, 5, 1)})
    release = make_release(places["440100"], "2014Q2")
    asked = (places["440112"], ["2014Q2"], ["signed"])
    at_first = totals(*asked, divisions="then", as_of=release.released_at)

    succeed(places, "440116", "440112")

    [total] = at_first
    assert total.stock == NOTHING
    assert totals(*asked, divisions="then", as_of=release.released_at) == at_first
    assert totals(*asked, divisions="now", as_of=release.released_at) != at_first
    assert totals(*asked, divisions="then") != at_first


def test_a_project_that_is_placed_anew_after_a_split_counts_in_the_old_district_before_it():
    places = make_places()
    project = make_project(district=places["440307"], milestones={"signed": date(2012, 5, 1)})
    for part in ("440310", "440311"):
        succeed(places, "440307", part, Succession.Kind.SPLIT)
    project.district = places["440310"]
    services.save_project(project, actor=None, at=NOW)

    def signed(code: str, quarter: str) -> tuple[int, int]:
        [total] = totals(places[code], [quarter], ["signed"], divisions="then")
        assert total.stock
        return total.entered.count, total.stock.count

    assert (signed("440307", "2012Q2"), signed("440310", "2012Q2")) == ((1, 1), (0, 0))
    assert (signed("440307", "2014Q1"), signed("440310", "2014Q1")) == ((0, 0), (0, 1))


def test_a_merger_across_cities_moves_the_stock_from_one_to_the_other():
    places = make_places()
    make_project(district=places["440116"], milestones={"signed": date(2012, 5, 1)})
    succeed(places, "440116", "440310")
    roll_up()

    def stock(code: str, quarter: str, mode: Any) -> int:
        [total] = totals(places[code], [quarter], ["signed"], divisions=mode)
        assert total.stock
        return total.stock.count

    assert [stock("440100", "2014Q1", mode) for mode in (None, "now", "then")] == [1, 0, 0]
    assert [stock("440300", "2014Q1", mode) for mode in (None, "now", "then")] == [0, 1, 1]
    assert [stock("440300", "2013Q4", mode) for mode in (None, "now", "then")] == [0, 1, 0]
