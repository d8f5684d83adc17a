"""Divisions in time: figures on the divisions of now or of then, after mergers, splits and renamings."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from config.api.outcomes import InUse
from projects import services
from projects.models import COUNTABLE_KINDS, District, Succession
from projects.quarters import quarters_between
from tests.api import Api, assert_problem
from tests.makers import NOW, YI, make_district, make_project, make_release, make_user
from tests.pages import read, signed_in
from tracking.cells import roll_up
from tracking.divisions import MODES, Divisions, Mode, Step, code_of, parent_of
from tracking.flows import flows
from tracking.totals import BREAKDOWNS, FIGURES, Of, totals, undated

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


# --- figures ------------------------------------------------------------------------------------------------------

QUARTERS = quarters_between("2012Q1", "2016Q4")
OF: tuple[Of, ...] = FIGURES
NAMES = {
    "440000": ("广东省", "province", None),
    "440100": ("广州市", "city", "440000"),
    "440112": ("黄埔区", "district", "440100"),
    "440113": ("番禺区", "district", "440100"),
    "440116": ("萝岗区", "district", "440100"),
    "440116-GDD": ("开发区", "zone", "440116"),
    "440300": ("深圳市", "city", "440000"),
    "440307": ("龙岗区", "district", "440300"),
    "440310": ("坪山区", "district", "440300"),
    "440311": ("光明区", "district", "440300"),
}


def make_places() -> dict[str, District]:
    """Two cities with districts; one of the districts has a zone."""
    places: dict[str, District] = {}
    for code, (name, level, parent) in NAMES.items():
        places[code] = make_district(code, name, level=level, parent=places[parent] if parent else None)
    return places


@pytest.fixture
def places(db: None) -> dict[str, District]:
    return make_places()


def succeed(
    places: dict[str, District],
    old: str,
    new: str,
    kind: str = Kind.MERGED,
    day: date = date(2014, 2, 12),
    **more: Any,
) -> Succession:
    """Record that one district took the place of another."""
    succession = Succession(predecessor=places[old], successor=places[new], kind=kind, happened_on=day)
    return services.save_succession(succession, actor=None, at=more.get("at", NOW))


def counts(district: District, quarter: str, **more: Any) -> tuple[int, int, int]:
    """How many were signed in the quarter and in the year so far, and how many are in stock."""
    [total] = totals(district, [quarter], ["signed"], **more)
    assert total.stock
    return total.entered.count, total.ytd.count, total.stock.count


class TestTheFigures:
    """萝岗区 was merged into 黄埔区 in 2014Q1; what it signed in 2012 and 2014 stays recorded there."""

    @pytest.fixture(autouse=True)
    def _merged(self, places: dict[str, District]) -> None:
        for code, day in (
            ("440116", date(2012, 5, 1)),
            ("440116-GDD", date(2012, 6, 1)),
            ("440116", date(2014, 3, 1)),
            ("440112", date(2012, 5, 2)),
        ):
            make_project(district=places[code], total_investment=YI, milestones={"signed": day})
        make_project(district=places["440116"], milestones={"signed": "unknown"})
        succeed(places, "440116", "440112")
        roll_up()

    def test_the_district_of_now_includes_what_was_recorded_in_the_one_that_merged_into_it(self, places):
        assert counts(places["440112"], "2012Q2") == (1, 1, 1)
        assert counts(places["440112"], "2012Q2", divisions="now") == (3, 3, 3)
        assert counts(places["440116"], "2012Q2", divisions="now") == (0, 0, 0)

    def test_the_district_of_then_includes_it_from_the_merger_on(self, places):
        huangpu, luogang = places["440112"], places["440116"]

        assert counts(huangpu, "2013Q4", divisions="then") == (0, 0, 1)
        assert counts(luogang, "2013Q4", divisions="then") == (0, 0, 2)
        assert counts(huangpu, "2014Q1", divisions="then") == (1, 1, 4)
        assert counts(luogang, "2014Q1", divisions="then") == (0, 0, 0)

    def test_the_city_is_the_same_in_every_mode(self, places):
        found = [
            totals(places["440100"], QUARTERS, COUNTABLE_KINDS, divisions=mode) for mode in (None, *MODES)
        ]

        assert found[0] == found[1] == found[2]

    def test_a_city_shows_no_row_of_an_ended_district_of_now_and_one_of_then(self, places):
        def members(quarter: str, mode: Mode | None) -> dict[str | None, int]:
            parts = totals(places["440100"], [quarter], ["signed"], by="district", divisions=mode)
            return {part.member: part.entered.count for part in parts}

        assert members("2012Q2", None) == {"440112": 1, "440116": 2}
        assert members("2012Q2", "now") == {"440112": 3}
        assert members("2012Q2", "then") == {"440112": 1, "440116": 2}
        assert members("2014Q1", "then") == {"440112": 1}

    def test_its_zone_and_its_own_projects_are_parts_of_the_district_that_it_merged_into(self, places):
        parts = totals(places["440112"], ["2012Q2"], ["signed"], by="district", divisions="now")

        assert {part.member: part.entered.count for part in parts} == {"440112": 2, "440116-GDD": 1}

    def test_undated_milestones_lie_where_their_district_lies_today(self, places):
        for mode in ("now", "then"):
            assert undated(places["440112"], ["signed"], divisions=mode).count == 1
            assert undated(places["440116"], ["signed"], divisions=mode).count == 0
        assert undated(places["440116"], ["signed"]).count == 1

    def test_flows_of_one_quarter_are_those_of_the_totals(self, places):
        for mode, quarter in ((m, q) for m in (None, *MODES) for q in ("2012Q2", "2014Q1")):
            for by in BREAKDOWNS:
                whole = totals(places["440112"], [quarter], ["signed"], by=by, divisions=mode)
                expected = {part.member: {"signed": part.entered} for part in whole if part.entered.count}
                assert flows(places["440112"], quarter, ["signed"], by=by, divisions=mode) == expected


# --- the API ------------------------------------------------------------------------------------------------------


@pytest.fixture
def merged(places: dict[str, District]) -> dict[str, District]:
    """萝岗区 with one project of 2012, and 黄埔区 that it was merged into."""
    for code in ("440116", "440116-GDD", "440112"):
        make_project(district=places[code], total_investment=YI, milestones={"signed": date(2012, 5, 1)})
    succeed(places, "440116", "440112")
    roll_up()
    return places


class TestTheApi:
    ASKED = "totals/?district=440112&quarter=2012Q2&kind=signed"

    @pytest.fixture
    def api(self, merged: dict[str, District]) -> Api:
        return Api(make_user(district=merged["440112"], role="viewer"))

    def test_totals_answer_on_the_divisions_of_now_and_of_then(self, api):
        found = {
            mode: api.get(f"{self.ASKED}&divisions={mode}" if mode else self.ASKED).json()
            for mode in ("", *MODES)
        }

        assert {m: body["results"][0]["entered"]["count"] for m, body in found.items()} == {
            "": 1,
            "now": 3,
            "then": 1,
        }
        assert {body["divisions"] for body in found.values()} == {None, "now", "then"}

    def test_the_trace_is_the_total_and_names_no_project_of_a_district_of_others(self, api):
        trace = api.get(f"totals/trace/{self.ASKED.removeprefix('totals/')}&divisions=now").json()

        assert trace["sum"]["count"] == len(trace["results"]) == 3
        assert [entry["project"]["name"] is None for entry in trace["results"]] == [True, True, False]

    def test_a_part_that_came_with_a_merger_can_be_traced(self, api):
        asked = f"totals/trace/{self.ASKED.removeprefix('totals/')}&by=district&member=440116-GDD"

        assert api.get(f"{asked}&divisions=now").json()["sum"]["count"] == 1
        assert_problem(api.get(asked), 400, "validation", "member")

    @pytest.mark.parametrize("wrong", ["past", "", "NOW", "now,then", "now&divisions=then"])
    def test_other_divisions_are_refused(self, api, wrong):
        assert_problem(api.get(f"{self.ASKED}&divisions={wrong}"), 400, "validation", "divisions")

    def test_a_district_says_what_it_came_from_and_what_became_of_it(self, merged):
        api = Api(make_user(superuser=True))

        huangpu, luogang = api.get("districts/440112/").json(), api.get("districts/440116/").json()

        came = {"kind": "merged", "happened_on": "2014-02-12"}
        assert huangpu["predecessors"] == [{"district": "440116", **came}]
        assert luogang["successors"] == [{"district": "440112", **came}]
        assert (luogang["valid_to"], luogang["predecessors"], huangpu["successors"]) == ("2014-02-11", [], [])

    def test_successions_are_not_written_through_districts(self, merged):
        api = Api(make_user(superuser=True))

        assert_problem(api.change("districts/440112/", {"successors": []}), 400, "validation", "/successors")

    def test_a_list_of_districts_costs_no_query_for_each(self, merged, django_assert_max_num_queries):
        api = Api(make_user(superuser=True))
        with django_assert_max_num_queries(12):
            assert len(api.get("districts/").json()["results"]) == len(NAMES)


# --- recording ----------------------------------------------------------------------------------------------------


def refused(places: dict[str, District], *about: Any, **more: Any) -> dict[str, list[str]]:
    """What is wrong, by field; and nothing is recorded."""
    before = list(Succession.objects.values()), list(District.objects.values())
    with pytest.raises(ValidationError) as caught:
        succeed(places, *about, **more)
    assert (list(Succession.objects.values()), list(District.objects.values())) == before
    return {name: [error.code or "" for error in errors] for name, errors in caught.value.error_dict.items()}


class TestRecording:
    """A succession ends the one district, begins the other where it is new, and never makes a circle."""

    def test_it_ends_the_old_district_and_begins_a_new_one(self, places):
        succeed(places, "440116", "440113", Kind.RENAMED)

        assert fresh(places["440116"]).valid_to == date(2014, 2, 11)
        assert fresh(places["440113"]).valid_from == date(2014, 2, 12)

    def test_a_merger_says_nothing_of_when_the_other_began(self, places):
        succeed(places, "440116", "440112")

        assert fresh(places["440112"]).valid_from is None

    def test_a_split_has_several_successors_from_one_day(self, places):
        succeed(places, "440307", "440310", Kind.SPLIT)
        succeed(places, "440307", "440311", Kind.SPLIT)

        assert refused(places, "440307", "440113", Kind.SPLIT, date(2015, 1, 1)) == {
            "predecessor": ["ended_already"]
        }
        assert places["440307"].successions.count() == 2

    def test_what_has_ended_does_not_end_again_in_another_way(self, places):
        succeed(places, "440116", "440112")

        assert refused(places, "440116", "440113", Kind.RENAMED) == {"predecessor": ["ended_already"]}
        assert "predecessor" in refused(places, "440116", "440113", Kind.SPLIT)

    def test_the_same_twice_is_refused(self, places):
        succeed(places, "440116", "440112")

        assert "__all__" in refused(places, "440116", "440112")

    @pytest.mark.parametrize("chain", [["440116"], ["440116", "440113"], ["440116", "440113", "440311"]])
    def test_no_circle_is_recorded(self, places, chain):
        path = ["440112", *chain]
        for number, (old, new) in enumerate(pairwise(path)):
            succeed(places, old, new, day=date(2010 + number, 1, 1))

        assert refused(places, path[-1], "440112", day=date(2020, 1, 1))["successor"] == ["circle"]

    def test_a_district_does_not_succeed_itself_or_become_a_part_of_itself(self, places):
        assert "__all__" in refused(places, "440112", "440112")
        assert refused(places, "440116", "440116-GDD") == {"successor": ["circle"]}
        assert refused(places, "440116-GDD", "440116", Kind.RENAMED) == {"successor": ["circle"]}

    def test_a_zone_may_be_merged_into_its_own_district(self, places):
        succeed(places, "440116-GDD", "440116")

        assert fresh(places["440116-GDD"]).valid_to == date(2014, 2, 11)

    def test_levels_that_are_far_apart_are_refused(self, places):
        assert refused(places, "440116-GDD", "440300") == {"successor": ["level"]}

    def test_a_day_that_cannot_be_is_refused(self, places):
        for day in (date(1900, 1, 1), date(2030, 1, 1)):
            assert refused(places, "440116", "440112", day=day) == {"happened_on": ["out_of_range"]}

    def test_days_that_contradict_the_districts_own_are_refused(self, places):
        luogang, panyu = places["440116"], places["440113"]
        luogang.valid_to, panyu.valid_from = date(2014, 12, 31), date(2013, 1, 1)
        services.save_district(luogang)
        services.save_district(panyu)

        assert refused(places, "440116", "440112") == {"happened_on": ["another_end"]}
        assert refused(places, "440116", "440113", Kind.RENAMED) == {
            "happened_on": ["another_end"],
            "kind": ["existed_before"],
        }
        assert refused(places, "440112", "440113", day=date(2012, 1, 1)) == {"happened_on": ["not_yet"]}
        assert refused(places, "440113", "440112", day=date(2012, 1, 1)) == {
            "happened_on": ["before_its_beginning"]
        }
        assert refused(places, "440112", "440116", day=date(2016, 1, 1)) == {"happened_on": ["after_its_end"]}

    def test_two_districts_do_not_take_one_new_name(self, places):
        succeed(places, "440116", "440113", Kind.RENAMED)

        assert refused(places, "440112", "440113", Kind.RENAMED) == {"kind": ["made_already"]}

    def test_it_is_dated_after_the_last_release_whatever_the_clock_says(self, places):
        release = make_release(places["440112"], at=NOW + timedelta(hours=1))

        assert succeed(places, "440116", "440112", at=NOW).recorded_at > release.released_at

    def test_it_is_not_changed_afterwards(self, places):
        succession = succeed(places, "440116", "440112")

        with pytest.raises(TypeError):
            services.save_succession(succession, actor=None, at=NOW)

    def test_a_mistake_is_taken_back_with_the_days_that_it_set(self, places):
        services.delete_succession(succeed(places, "440116", "440113", Kind.RENAMED))

        assert (fresh(places["440116"]).valid_to, fresh(places["440113"]).valid_from) == (None, None)

    def test_a_day_that_somebody_corrected_since_stays(self, places):
        succession = succeed(places, "440116", "440112")
        District.objects.filter(code="440116").update(valid_to=date(2014, 6, 30))

        services.delete_succession(succession)

        assert fresh(places["440116"]).valid_to == date(2014, 6, 30)

    def test_taking_back_one_part_of_a_split_leaves_the_other(self, places):
        east = succeed(places, "440307", "440310", Kind.SPLIT)
        succeed(places, "440307", "440311", Kind.SPLIT)

        services.delete_succession(east)

        assert fresh(places["440307"]).valid_to == date(2014, 2, 11)
        assert fresh(places["440310"]).valid_from is None

    def test_once_figures_were_released_with_it_it_stays(self, places):
        succession = succeed(places, "440116", "440112")
        make_release(places["440112"])

        with pytest.raises(InUse):
            services.delete_succession(succession)

        assert Succession.objects.exists()


def fresh(district: District) -> District:
    return District.objects.get(pk=district.pk)


class TestTheAdmin:
    ADD = "/admin/projects/succession/add/"

    def form(self, places: dict[str, District], **more: Any) -> dict[str, Any]:
        given = {"predecessor": "440116", "successor": "440112"} | more
        named = {
            name: places[code].pk for name, code in given.items() if name in ("predecessor", "successor")
        }
        return {"kind": "merged", "happened_on": "2014-02-12", **more, **named}

    @pytest.fixture
    def client(self, places: dict[str, District]) -> Client:
        return signed_in(make_user("root", superuser=True))

    def test_a_superuser_records_a_succession_and_it_is_read_only_afterwards(self, places, client):
        assert client.post(self.ADD, self.form(places)).status_code == 302

        succession = Succession.objects.get()
        page = client.get(f"/admin/projects/succession/{succession.pk}/change/").content.decode()
        assert fresh(places["440116"]).valid_to == date(2014, 2, 11)
        assert succession.recorded_by
        assert succession.recorded_by.username == "root"
        assert 'name="happened_on"' not in page
        assert "root" in page

    def test_what_is_wrong_is_said_at_its_field(self, places, client):
        succeed(places, "440112", "440113", day=date(2013, 1, 1))

        page = client.post(self.ADD, self.form(places, happened_on="2014-02-12")).content.decode()

        assert "ended already on 2012-12-31" in page
        assert not Succession.objects.filter(predecessor=places["440116"]).exists()

    @pytest.mark.parametrize("wrong", [{"happened_on": "2014-02-30"}, {"kind": "sold"}, {"happened_on": ""}])
    def test_what_cannot_be_read_is_said_on_the_form(self, places, client, wrong):
        response = client.post(self.ADD, self.form(places, **wrong))

        assert response.status_code == 200
        assert not Succession.objects.exists()

    def test_nobody_else_records_one(self, places):
        editor = signed_in(make_user("editor", district=places["440100"]))

        assert editor.get(self.ADD).status_code == 403
        assert editor.post(self.ADD, self.form(places)).status_code == 403
        assert editor.get("/admin/projects/succession/").status_code == 200

    def test_what_was_released_with_is_not_deleted(self, places, client):
        succession = succeed(places, "440116", "440112")
        make_release(places["440112"])

        response = client.post(
            f"/admin/projects/succession/{succession.pk}/delete/", {"post": "yes"}, follow=True
        )

        assert "it stays" in response.content.decode()
        assert Succession.objects.exists()

    def test_a_mistake_is_deleted(self, places, client):
        succession = succeed(places, "440116", "440112")

        client.post(f"/admin/projects/succession/{succession.pk}/delete/", {"post": "yes"})

        assert not Succession.objects.exists()
        assert fresh(places["440116"]).valid_to is None

    def test_a_district_shows_what_it_came_from_and_what_it_became(self, places, client):
        succeed(places, "440116", "440112")

        old = client.get(f"/admin/projects/district/{places['440116'].pk}/change/").content.decode()
        new = client.get(f"/admin/projects/district/{places['440112'].pk}/change/").content.decode()

        assert "黄埔区 440112 · Merged · 2014-02-12" in old
        assert "萝岗区 440116 · Merged · 2014-02-12" in new


# --- the pages ----------------------------------------------------------------------------------------------------


class TestThePages:
    HUANGPU = "/?district=440112&quarter=2012Q2"

    @pytest.fixture
    def client(self, merged: dict[str, District]) -> Client:
        return signed_in(make_user("officer", district=merged["440100"], role="viewer"))

    def test_the_start_page_says_what_was_merged_and_leads_to_the_other_divisions(self, client):
        page = read(client, self.HUANGPU)

        assert "萝岗区 was merged into 黄埔区 on 2014-02-12" in page.text
        ways = {link.text: link.href for link in page.opening(self.HUANGPU)}
        assert ways["figures as recorded"] == self.HUANGPU
        assert ways["on the divisions of now"] == f"{self.HUANGPU}&divisions=now"
        assert ways["on the divisions of then"] == f"{self.HUANGPU}&divisions=then"

    def test_a_place_without_successions_says_nothing_of_them(self, client):
        page = read(client, "/?district=440113&quarter=2012Q2")

        assert "divisions" not in page.text

    @pytest.mark.parametrize(("mode", "signed"), [("", 1), ("&divisions=now", 3), ("&divisions=then", 1)])
    def test_cards_and_the_lists_behind_them_follow_the_divisions(self, client, mode, signed):
        page = read(client, self.HUANGPU + mode)

        assert f"Projects signed {signed} projects" in page.text
        for link in {
            link.href for link in page.opening("/figures/") if "kind=signed&of=entered" in link.href
        }:
            if "by=" not in link and "2012Q2" in link:
                assert read(client, link).cells[0] == str(signed)

    def test_every_figure_of_the_page_is_the_length_of_its_list(self, client):
        page = read(client, f"{self.HUANGPU}&divisions=now")

        shown = [link for link in page.opening("/figures/") if link.text.isdigit() and "2012Q2" in link.href]
        assert len(shown) > 8
        for link in shown:
            assert read(client, link.href).cells[0] == link.text, link.href

    def test_a_city_of_now_has_no_line_of_the_ended_district(self, client):
        parts = {
            mode: read(client, f"/?district=440100&quarter=2012Q2{mode}") for mode in ("", "&divisions=now")
        }

        assert parts[""].opening("/?district=440116&quarter=2012Q2")
        assert not parts["&divisions=now"].opening("/?district=440116&quarter=")

    def test_a_district_that_has_ended_before_the_quarter_has_no_empty_line(self, client):
        assert not read(client, "/?district=440100&quarter=2016Q1").opening("/?district=440116&quarter=")

    def test_the_ended_districts_page_leads_to_its_successor(self, client):
        page = read(client, "/?district=440116&quarter=2012Q2&divisions=now")

        assert [link.text for link in page.opening("/?district=440112&divisions=now")] == ["黄埔区"]

    def test_links_on_the_page_stay_on_the_divisions(self, client):
        page = read(client, f"{self.HUANGPU}&divisions=then")

        beside = [link.href for link in page.opening("/?district=") if "quarter=2012Q" in link.href]
        kept = [href for href in beside if "divisions=" not in href]
        assert kept == [self.HUANGPU]  # the way back to the figures as recorded
        assert '<input type="hidden" name="divisions" value="then">' in page.html

    def test_no_name_of_a_project_of_others_is_shown(self, merged):
        client = signed_in(make_user("own", district=merged["440112"], role="viewer"))
        page = read(client, "/figures/?district=440112&quarter=2012Q2&kind=signed&divisions=now")

        assert page.cells[0] == "3"
        assert page.text.count("a project that now lies in a district of others") == 2
        assert not read(client, self.HUANGPU).opening("/?district=440116")

    def test_undated_milestones_follow_the_divisions(self, client, merged):
        make_project(district=merged["440116"], milestones={"signed": "unknown"})

        assert read(client, "/undated/?district=440112").cells[0] == "0"
        assert read(client, "/undated/?district=440112&divisions=now").cells[0] == "1"
        assert read(client, "/undated/?district=440116&divisions=now").cells[0] == "0"

    @pytest.mark.parametrize(
        "page",
        [
            "/?district=440112",
            "/undated/?district=440112",
            "/figures/?district=440112&quarter=2012Q2&kind=signed",
        ],
    )
    @pytest.mark.parametrize("wrong", ["past", "", "now&divisions=then", "%00"])
    def test_other_divisions_are_refused_with_a_page(self, client, page, wrong):
        assert client.get(f"{page}&divisions={wrong}").status_code == 400

    def test_in_chinese_too(self, merged):
        client = signed_in(make_user("cn", district=merged["440100"], role="viewer"), "zh-hans")

        assert "萝岗区" in read(client, f"{self.HUANGPU}&divisions=now").text
