"""Changing many projects at once: chosen, previewed field by field, confirmed as one, taken back as one; or refused."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects import services
from projects.admin.project_list import bulk_plan
from projects.models import BulkChange, Kind, LedgerEntry, Milestone, Project, Revision, User
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_sector, make_user
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"
BULK = f"{LIST}bulk/"


@pytest.fixture
def officer() -> User:
    """An editor of Huangpu."""
    return make_user("officer", district=make_huangpu()["440112"])


@pytest.fixture
def browser(officer: User) -> Client:
    """Of the officer."""
    return signed_in(officer)


def projects(number: int = 3, **more: Any) -> list[Project]:
    """So many in Huangpu."""
    return [
        make_project(
            f"项目{n}",
            district=make_huangpu()["440112"],
            total_investment=YI,
            milestones={"signed": date(2023, 1, 29)},
            **more,
        )
        for n in range(number)
    ]


def choose(browser: Client, chosen: list[Project], address: str = LIST, **more: Any) -> Any:
    """What the list answers to the action."""
    asked = {"action": "change_many", "index": "0", "_selected_action": [p.pk for p in chosen], **more}
    return browser.post(address, asked)


def hidden(answer: Any) -> str:
    """Which projects were chosen, as the page carries it along."""
    found = re.search(r'name="chosen" value="([^"]+)"', answer.content.decode())
    assert found, answer.status_code
    return found[1]


def preview(browser: Client, chosen: list[Project], **fields: Any) -> Any:
    """The page that says what would change."""
    return browser.post(BULK, {"chosen": hidden(choose(browser, chosen)), **fields})


def confirm(browser: Client, before: Any, **fields: Any) -> Any:
    """The change itself."""
    return browser.post(BULK, {"chosen": hidden(before), "confirmed": "1", **fields})


def text(answer: Any) -> str:
    """The words of a page."""
    return Page(answer.content.decode()).text


def test_an_officer_changes_many_after_seeing_what_changes(browser: Client, officer: User) -> None:
    some = projects()
    sector = make_sector()
    services.save_project(_with(some[0], sector=sector), actor=None, at=NOW)
    asked = {"sector": sector.pk, "plan_started": "2027-03-01", "reason": "会议纪要"}
    other = make_project("别的", district=make_huangpu()["440112"])

    looked_at = preview(browser, some, **asked)
    assert "Will change 3 Already so 0 Refused 0" in text(looked_at)
    assert re.search(r"项目1 Sector — \S*生物医药 Planned start — 2027-03-01", text(looked_at))
    assert not Milestone.objects.filter(kind=Kind.STARTED).exists()

    done = confirm(browser, looked_at, **asked)

    assert done.status_code == 302
    assert {fresh(p).sector for p in some} == {sector}
    assert {m.planned_on for m in Milestone.objects.filter(kind=Kind.STARTED)} == {date(2027, 3, 1)}
    bulk = BulkChange.objects.get()
    assert (bulk.actor, bulk.door) == (officer, "admin")
    assert {r.reason for r in Revision.objects.filter(bulk=bulk)} == {"会议纪要"}
    assert Revision.objects.filter(bulk=bulk).count() == 3
    assert fresh(other).sector is None
    assert "3 projects changed" in text(browser.get(done.headers["Location"]))


def _with(project: Project, **values: Any) -> Project:
    for name, value in values.items():
        setattr(project, name, value)
    return project


def test_what_is_so_already_is_left_alone_and_what_the_rules_refuse_is_named(
    browser: Client, officer: User
) -> None:
    some = projects()
    same = projects(1, ownership="state")[0]
    services.void_project(some[2], "twice", actor=None, at=NOW)
    whole = make_project("整体", district=make_huangpu()["440112"])
    make_project("一期", district=make_huangpu()["440112"], parent=whole)

    looked_at = preview(browser, [some[0], same], ownership="state")
    assert "Will change 1 Already so 1 Refused 0" in text(looked_at)

    refused = preview(browser, [some[0], whole], plan_signed="2027-01-01")
    assert "Will change 1 Already so 0 Refused 1" in text(refused)
    assert re.search(r"整体 \S.*phases", text(refused))
    confirm(browser, refused, plan_signed="2027-01-01")
    assert fresh(some[0]).version == some[0].version + 1
    assert not Milestone.objects.filter(project=whole).exists()


def test_what_somebody_changes_between_preview_and_confirmation_is_refused_by_name(browser: Client) -> None:
    some = projects()
    looked_at = preview(browser, some, ownership="state")
    services.save_project(_with(fresh(some[1]), total_investment=2 * YI), actor=None, at=NOW)

    answer = confirm(browser, looked_at, ownership="state")

    assert answer.status_code == 200
    assert "Nothing was changed" in text(answer)
    assert re.search(r"项目1 Somebody has changed it", text(answer))
    assert {fresh(p).ownership for p in some} == {""}
    confirm(browser, answer, ownership="state")
    assert [fresh(p).ownership for p in some] == ["state", "", "state"]


def test_all_that_match_are_only_those_that_one_may_edit(officer: User) -> None:
    places = make_huangpu()
    mine, theirs = projects(2), make_project("邻", district=places["440113"])
    services.add_member(officer, places["440113"], "viewer")
    browser = signed_in(officer)

    answer = choose(browser, [theirs], select_across="1")
    ticked = preview(browser, [mine[0], theirs], ownership="state")

    assert "Change 2 projects" in text(answer)
    assert "Will change 1 Already so 0 Refused 1" in text(ticked)
    assert "does not" in text(ticked) or "do not record projects" in text(ticked)


def test_projects_of_others_are_not_found_whichever_way_they_are_named(
    browser: Client, officer: User
) -> None:
    foreign = make_project("邻", district=make_huangpu()["440113"])
    mine = projects(1)
    stranger = make_user("stranger", district=make_huangpu()["440113"])
    theirs = hidden(choose(signed_in(stranger), [foreign]))

    assert choose(browser, [*mine, foreign]).status_code == 404
    assert browser.post(BULK, {"chosen": theirs, "ownership": "state"}).status_code == 400
    forged = bulk_plan.signed(officer, {foreign.pk: 1})
    assert browser.post(BULK, {"chosen": forged, "ownership": "state"}).status_code == 404
    assert fresh(foreign).ownership == ""


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"void_reason": "x"}, 400),
        ({"stage": "started"}, 400),
        ({"ownership": "nobody"}, 200),
        ({"district": "999999"}, 200),
        ({"sector": "abc"}, 200),
        ({"plan_started": "2027-02-30"}, 200),
        ({"plan_started": "2027-03-01", "empty": "plan_started"}, 200),
        ({"empty": "name"}, 200),
        ({"empty": "district"}, 200),
        ({}, 200),
        ({"add_remark": "x" * 501}, 200),
        ({"ownership": "state", "chosen": "forged"}, 400),
        ({"ownership": "state", "chosen": ""}, 400),
    ],
)
def test_a_tampered_or_mistaken_form_changes_nothing(
    browser: Client, fields: dict[str, Any], status: int
) -> None:
    some = projects(1)
    asked = {"chosen": hidden(choose(browser, some)), "confirmed": "1", **fields}

    assert browser.post(BULK, asked).status_code == status
    assert fresh(some[0]).version == some[0].version


def test_another_bureaus_district_is_no_choice(browser: Client, officer: User) -> None:
    some, panyu = projects(1), make_huangpu()["440113"]

    answer = preview(browser, some, district=panyu.pk)

    assert "chosen" in answer.content.decode()
    assert "Will change" not in text(answer)
    assert panyu.label not in text(answer)


def test_what_is_emptied_is_empty_and_a_remark_is_added_once(browser: Client) -> None:
    some = projects(2, ownership="state", remark="已谈")
    asked = {"empty": ["ownership"], "add_remark": "待核"}

    confirm(browser, preview(browser, some, **asked), **asked)
    again = preview(browser, some, **asked)

    assert [(p.ownership, p.remark) for p in map(fresh, some)] == [("", "已谈\n待核")] * 2
    assert "Will change 0 Already so 2" in text(again)


def test_many_are_excluded_from_the_totals_and_counted_again(browser: Client) -> None:
    some = projects(2)
    asked = {"exclusion_reason": "real_estate"}
    confirm(browser, preview(browser, some, **asked), **asked)
    assert not LedgerEntry.objects.current().exists()

    confirm(browser, preview(browser, some, empty="exclusion_reason"), empty="exclusion_reason")
    assert LedgerEntry.objects.current().count() == 2


def test_more_than_is_tolerable_is_refused_with_a_sentence(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.admin.project_list.bulk.MOST", 2)
    some = projects(3)

    answer = browser.post(
        LIST,
        {"action": "change_many", "index": "0", "select_across": "1", "_selected_action": some[0].pk},
        follow=True,
    )

    assert "At most 2 projects are changed at once" in text(answer)


def test_only_an_editor_changes_many(officer: User) -> None:
    viewer = signed_in(make_user("viewer", district=make_huangpu()["440112"], role="viewer"))
    projects(1)

    assert "change_many" not in viewer.get(LIST).content.decode()
    assert "My bulk changes" not in text(viewer.get(LIST))
    assert "My bulk changes" in text(signed_in(officer).get(LIST))
    assert viewer.post(BULK, {}).status_code == 403
    assert viewer.get(BULK).status_code == 403


def test_one_who_has_lost_the_role_since_the_preview_changes_nothing(browser: Client, officer: User) -> None:
    some = projects(1)
    looked_at = preview(browser, some, ownership="state")
    services.add_member(officer, make_huangpu()["440113"], "editor")
    officer.memberships.filter(district__code="440112").delete()

    assert confirm(browser, looked_at, ownership="state").status_code == 404
    assert fresh(some[0]).ownership == ""


def test_a_change_of_many_is_taken_back_as_one(browser: Client, officer: User) -> None:
    some = projects()
    asked = {"ownership": "state", "plan_started": "2027-03-01"}
    confirm(browser, preview(browser, some, **asked), **asked)
    bulk = BulkChange.objects.get()

    page = browser.get(f"{BULK}changes/")
    answer = browser.post(f"{BULK}changes/", {"undo": bulk.pk}, follow=True)

    assert "Take back" in text(page)
    assert {fresh(p).ownership for p in some} == {""}
    assert not Milestone.objects.filter(kind=Kind.STARTED).exists()
    bulk.refresh_from_db()
    assert bulk.undone_by == officer
    assert "taken back" in text(answer)


@pytest.mark.parametrize("named", ["abc", "0", "999999", "1" * 30, ""])
def test_a_change_of_nobody_is_not_taken_back(browser: Client, named: str) -> None:
    assert browser.post(f"{BULK}changes/", {"undo": named}).status_code in (400, 404)


def test_nobody_takes_back_what_somebody_else_has_changed(browser: Client, officer: User) -> None:
    some = projects(1)
    confirm(browser, preview(browser, some, ownership="state"), ownership="state")
    colleague = signed_in(make_user("colleague", district=make_huangpu()["440112"]))

    assert "Take back" not in text(colleague.get(f"{BULK}changes/"))
    assert colleague.post(f"{BULK}changes/", {"undo": BulkChange.objects.get().pk}).status_code == 404
    assert fresh(some[0]).ownership == "state"


def test_the_preview_shows_fifty_and_counts_all(browser: Client, officer: User) -> None:
    some = projects(51)

    answer = browser.post(
        BULK, {"chosen": bulk_plan.signed(officer, {p.pk: p.version for p in some}), "ownership": "state"}
    )

    assert "Will change 51" in text(answer)
    assert "The first 50 are shown." in text(answer)


def test_what_was_changed_since_is_named_and_left_when_asked(browser: Client) -> None:
    some = projects()
    confirm(browser, preview(browser, some, ownership="state"), ownership="state")
    services.save_project(_with(fresh(some[1]), ownership="foreign"), actor=None, at=NOW)
    bulk = BulkChange.objects.get()

    answer = browser.post(f"{BULK}changes/", {"undo": bulk.pk})
    assert "项目1" in text(answer)
    assert [fresh(p).ownership for p in some] == ["state", "foreign", "state"]

    browser.post(f"{BULK}changes/", {"undo": bulk.pk, "leaving": "1"})
    assert [fresh(p).ownership for p in some] == ["", "foreign", ""]


def test_what_is_no_longer_ones_own_to_change_is_not_taken_back(browser: Client, officer: User) -> None:
    some = projects(1)
    confirm(browser, preview(browser, some, ownership="state"), ownership="state")
    officer.memberships.update(role="viewer")

    answer = browser.post(f"{BULK}changes/", {"undo": BulkChange.objects.get().pk}, follow=True)

    assert "no longer yours to change: " in text(answer)
    assert fresh(some[0]).ownership == "state"


def test_many_are_previewed_in_as_many_queries_as_few(browser: Client, officer: User) -> None:
    few, many = projects(2), projects(20)

    assert queries(browser, officer, many) <= queries(browser, officer, few) + 5  # some are told in two ways


def queries(browser: Client, officer: User, some: list[Project]) -> int:
    """How many a preview costs."""
    asked = {
        "chosen": bulk_plan.signed(officer, {p.pk: p.version for p in some}),
        "plan_started": "2027-03-01",
    }
    with CaptureQueriesContext(connection) as captured:
        assert "Will change" in text(browser.post(BULK, asked))
    return len(captured)


def test_a_form_of_a_thousand_and_one_fields_is_refused(browser: Client) -> None:
    assert browser.post(BULK, {f"field{n}": "x" for n in range(1001)}).status_code == 400
