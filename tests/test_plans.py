"""Every question that is asked often reads the big tables by an index, and nobody counts them: EXPLAIN says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from projects import sealing, services
from projects.admin import lists
from projects.admin.lists import MOST, count_up_to
from projects.models import Ceremony, District, Milestone, Project, TouchedCell
from projects.views.projects import ProjectViewSet
from tests.access import one_transaction
from tests.api import Api
from tests.big_country import make_big_country
from tests.makers import NOW, YI, make_bands, make_project, make_release, make_user
from tests.pages import read, signed_in
from tests.plans import BIG, Plan, explained
from tracking import cells, deliveries

pytestmark = pytest.mark.django_db

CITY, LEAF = "440300", "440312"
AS_OF = quote((NOW - timedelta(days=365)).isoformat())
WHERE = {"city": f"district={CITY}", "district": f"district={LEAF}"}
CELL = "quarter=2023Q1&kind=signed"
UNFILTERED = ("newest projects of the country", "ledger of the country")
# Whether anything waits in a district is asked of the queue as it is: an index would cost every change.
QUEUE = {(door, "projects_touchedcell") for door in ("explain", "explain page", "revisions")}
LATER = NOW + timedelta(minutes=1)


def asked(release: int) -> dict[str, str]:
    """Addresses by what they are called here: of pages and of the API, as a person of the city asks them."""
    api, admin = "/api/v1", "/admin/projects"
    figures = {
        f"totals {name}, {how}": f"{api}/totals/?{where}&from=2016Q1&to=2025Q4&{rest}"
        for name, where in WHERE.items()
        for how, rest in (("plain", ""), ("by sector", "by=sector"), ("by district", "by=district"))
    }
    past = {
        f"{what}, {how}": f"{api}/{what}?district={CITY}&{CELL}&{moment}"
        for what in ("totals/", "totals/trace/")
        for how, moment in (("as of", f"as_of={AS_OF}"), ("released", f"release={release}"))
    }
    filters = (
        "stage=signed", "sector=sector-3", f"district={LEAF}", "kind=signed&quarter=2023Q1", "size_band=1bn-5bn",
        "overdue=true", "stale=true", "q=项目12", "signed_from=2023-01-01", "updated_since=2026-11-01T00:00:00Z",
    )  # fmt: skip
    lists = {f"projects, {each}": f"{api}/projects/?{each}" for each in ("", *filters)}
    orders = {
        f"projects in order {each}": f"{api}/projects/?ordering={each}" for each in ProjectViewSet.orderings
    }
    pages = {
        "trace": f"{api}/totals/trace/?district={CITY}&{CELL}",
        "explain": f"{api}/totals/explain/?district={CITY}&{CELL}&from={AS_OF}",
        "start": f"/?district={CITY}&quarter=2023Q1",
        "list behind a figure": f"/figures/?district={CITY}&{CELL}",
        "explain page": f"/explain/?district={CITY}&{CELL}&from={AS_OF}",
        "revisions": f"/revisions/?district={CITY}&quarter=2023Q1",
        "undated": f"/undated/?district={CITY}",
        "ledger in the admin": f"{admin}/ledgerentry/",
        "ledger in the admin, searched": f"{admin}/ledgerentry/?q=BIG-77",
        **{f"projects in the admin, {each}": f"{admin}/project/?{each}" for each in (
            "", f"district={LEAF}", "stage=signed", "sector=sector-3", "band=1bn-5bn", "signed_in=2023Q1", "q=BIG-77",
            "standing=counted", "o=6",
        )},
    }  # fmt: skip
    return {**figures, **past, **lists, **orders, **pages}


def asked_of_the_country() -> dict[str, str]:
    """What is asked about everything that there is."""
    return {
        "newest projects of the country": "/admin/projects/project/",
        "projects of the country signed in a quarter": "/admin/projects/project/?signed_in=2023Q1",
        "ledger of the country": "/admin/projects/ledgerentry/",
        "start page of the country": "/?district=100000&quarter=2023Q1",
    }


def done(project: Project) -> dict[str, Callable[[], Any]]:
    """What is done often."""
    project.total_investment = YI
    step = Milestone.objects.filter(project=project)[0]
    step.happened_on = date(2022, 3, 1)
    return {
        "save a project": lambda: services.save_project(project, actor=None, at=NOW),
        "save a milestone": lambda: services.save_milestone(step, actor=None, at=NOW),
        "roll up": cells.roll_up,
        "seal": lambda: sealing.seal(LATER),
        "emails due": lambda: list(deliveries.due(LATER)),
    }


@pytest.fixture(scope="module")
def country(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """Everything that was asked at every door, with its plan; and one question again without its index."""
    found: list[Plan] = []
    without: list[Plan] = []
    with django_db_blocker.unblock(), one_transaction():
        make_big_country()
        make_bands()
        ask_everything(found)
        with connection.cursor() as cursor:
            kept = read_indexes(cursor)
            cursor.execute(
                "SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1"
            )
            cursor.execute("DROP INDEX project_by_updated_at")
        with explained("without an index", without):
            list(Project.objects.filter(updated_at__gte=LATER))
        yield {"asked": found, "without": without, "indexes": kept}


def ask_everything(found: list[Plan]) -> None:
    """Through the API, the pages, and the services."""
    city = District.objects.get(code=CITY)
    release = make_release(city, at=NOW)
    project = Project.objects.get(code="BIG-5000")
    event = services.save_versioned(
        Ceremony(district=project.district, name="集中签约", held_on=date(2023, 1, 29)), at=NOW
    )
    Milestone.objects.filter(project=project).update(ceremony=event)
    officer, chief = make_user("officer", district=city), make_user("chief", superuser=True)
    browser, api, all_seeing = signed_in(officer), Api(officer), signed_in(chief)
    doors = [(name, api if "/api/" in where else browser, where) for name, where in asked(release.pk).items()]
    doors += [(name, all_seeing, where) for name, where in asked_of_the_country().items()]
    doors += [
        ("ceremony", all_seeing, f"/ceremonies/{event.pk}/"),
        (
            "changes in the country",
            Api(chief),
            f"/api/v1/projects/?updated_since={AS_OF}&ordering=updated_at",
        ),
    ]
    for name, client, address in doors:
        with explained(name, found):
            answer = client.get(address)
        assert answer.status_code == 200, (name, answer.content[:500])
    TouchedCell.objects.all().delete()  # a change is rolled up with few others, not with a whole country's
    for name, act in done(project).items():
        with explained(name, found):
            act()


def read_indexes(cursor: Any) -> set[str]:
    """The names of all indexes of the big tables that keep no rule, but those that Django adds to one on PostgreSQL."""
    found = {table: connection.introspection.get_constraints(cursor, table) for table in BIG}
    return {
        name
        for constraints in found.values()
        for name, about in constraints.items()
        if about["index"] and not about["unique"] and not about["primary_key"] and not name.endswith("_like")
    }


def test_no_question_reads_a_big_table_from_end_to_end(country):
    scanning = {
        (plan.door, table)
        for plan in country["asked"]
        for table in plan.scanned
        if not (plan.door in UNFILTERED and plan.is_bounded)  # which stops where it has counted enough
    }

    assert scanning - QUEUE == set()


def test_a_question_whose_index_is_missing_is_noticed(country):
    (plan,) = country["without"]

    assert plan.scanned == {"projects_project"}


def test_every_index_that_keeps_no_rule_has_a_reader(country):
    read = set().union(*(plan.indexes for plan in country["asked"]))

    assert country["indexes"] - read == set()


def test_no_page_counts_a_big_table_or_passes_over_many_of_its_rows(country):
    assert {plan.door for plan in country["asked"] if plan.counts} == set()
    assert max(plan.furthest for plan in country["asked"]) <= MOST


def test_a_bounded_count_is_none_and_an_unbounded_one_is_one():
    found: list[Plan] = []
    with explained("counting", found):
        Project.objects.count()
        count_up_to(Project.objects.all(), 50)

    assert [plan.counts for plan in found] == [True, False]


def test_a_list_longer_than_is_counted_says_so(monkeypatch):
    monkeypatch.setattr(lists, "MOST", 60)  # more than a page
    for _ in range(61):
        make_project()
    browser = signed_in(make_user("reader", superuser=True))

    page = read(browser, "/admin/projects/project/")
    narrowed = read(browser, "/admin/projects/project/?q=nothing")

    assert "More than 60 projects" in page.text
    assert "Select all" not in page.text
    assert "0 projects" in narrowed.text
