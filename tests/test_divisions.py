"""Divisions in time: figures on the divisions of now or of then, after mergers, splits and renamings."""

from __future__ import annotations

from datetime import date

import pytest

from projects.models import Succession
from tracking.divisions import Divisions, Step, code_of, parent_of

Kind = Succession.Kind
GUANGZHOU = "440000/440100/"
LUOGANG, HUANGPU = f"{GUANGZHOU}440116/", f"{GUANGZHOU}440112/"
COUNTY, FUNING = "130000/130300/130323/", "130000/130300/130306/"
MERGER = Step(LUOGANG, HUANGPU, Kind.MERGED, date(2014, 2, 12))
RENAMING = Step(COUNTY, FUNING, Kind.RENAMED, date(2015, 7, 23))


class TestTheHolder:
    """Which node stands for which: a pure function of the successions."""

    def test_a_merged_district_is_held_by_the_one_it_merged_into_from_that_quarter_on(self) -> None:
        then = Divisions("then", [MERGER])

        assert then.holder(LUOGANG, "2013Q4") == LUOGANG
        assert then.holder(LUOGANG, "2014Q1") == HUANGPU
        assert then.holder(LUOGANG, None) == HUANGPU

    def test_what_a_district_merged_into_existed_before(self) -> None:
        assert Divisions("then", [MERGER]).holder(HUANGPU, "2012Q1") == HUANGPU

    def test_a_renamed_district_stands_under_its_old_name_before_and_its_new_name_after(self) -> None:
        then = Divisions("then", [RENAMING])

        assert [then.holder(node, "2015Q2") for node in (COUNTY, FUNING)] == [COUNTY, COUNTY]
        assert [then.holder(node, "2015Q3") for node in (COUNTY, FUNING)] == [FUNING, FUNING]

    def test_a_chain_is_followed_forwards_and_backwards(self) -> None:
        a, b, c, d = (f"1/{name}/" for name in "abcd")
        steps = [
            Step(a, b, Kind.MERGED, date(2010, 1, 1)),
            Step(b, c, Kind.RENAMED, date(2015, 1, 1)),
            Step(c, d, Kind.RENAMED, date(2020, 1, 1)),
        ]
        then = Divisions("then", steps)

        held = {
            quarter: [then.holder(n, quarter) for n in (a, b, c, d)]
            for quarter in ("2009Q4", "2012Q1", "2016Q1")
        }
        assert held == {"2009Q4": [a, b, b, b], "2012Q1": [b, b, b, b], "2016Q1": [c, c, c, c]}
        assert {then.holder(node, None) for node in (a, b, c, d)} == {d}

    def test_a_district_that_others_merged_into_later_still_has_the_name_it_had_before(self) -> None:
        then = Divisions(
            "then", [RENAMING, Step("130000/130300/130399/", FUNING, Kind.MERGED, date(2018, 1, 1))]
        )

        assert then.holder(FUNING, "2014Q1") == COUNTY

    def test_a_split_district_stays_itself_and_its_parts_stand_under_it_before(self) -> None:
        old, east, west = "1/a/", "1/b/", "1/c/"
        then = Divisions("then", [Step(old, part, Kind.SPLIT, date(2015, 1, 1)) for part in (east, west)])

        assert [then.holder(old, quarter) for quarter in ("2014Q4", "2015Q1", None)] == [old, old, old]
        assert [then.holder(part, "2014Q4") for part in (east, west)] == [old, old]
        assert [then.holder(part, None) for part in (east, west)] == [east, west]

    def test_what_came_from_two_districts_stays_itself_before(self) -> None:
        new = "1/c/"
        then = Divisions("then", [Step(old, new, Kind.SPLIT, date(2015, 1, 1)) for old in ("1/a/", "1/b/")])

        assert then.holder(new, "2014Q1") == new

    def test_a_circle_that_should_not_be_there_ends(self) -> None:
        a, b = "1/a/", "1/b/"
        then = Divisions(
            "then", [Step(a, b, Kind.MERGED, date(2010, 1, 1)), Step(b, a, Kind.MERGED, date(2011, 1, 1))]
        )

        assert then.holder(a, None) in (a, b)
        assert then.above(a, None)[-1] == "1/"

    def test_a_zone_goes_with_its_district(self) -> None:
        zone = f"{LUOGANG}440116-GDD/"
        then = Divisions("then", [MERGER])

        assert then.above(zone, "2013Q4") == [zone, LUOGANG, GUANGZHOU, "440000/"]
        assert then.above(zone, "2014Q1") == [zone, HUANGPU, GUANGZHOU, "440000/"]

    def test_paths_name_their_node_and_the_next_higher_one(self) -> None:
        assert (code_of(HUANGPU), parent_of(HUANGPU), parent_of("440000/")) == ("440112", GUANGZHOU, "")
