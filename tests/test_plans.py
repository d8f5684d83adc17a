"""Every question that is asked often reads the big tables by an index, and nobody counts them: EXPLAIN says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import get_resolver

from projects.admin import lists
from projects.admin.lists import count_up_to
from projects.models import Project
from tests.access import one_transaction
from tests.big_country import make_big_country
from tests.doors import LATER, Place, go_through, lists_of_the_api
from tests.makers import make_bands, make_project, make_user
from tests.pages import read, signed_in
from tests.plans import BIG, Plan, explained

pytestmark = pytest.mark.django_db

PLACE = Place(city="440300", leaf="440312", project="BIG-5000", sector="sector-3", rare="BIG-77")
# What many of the country's rows have is counted up to where counting ends, in whatever order they lie.
COUNTED = re.compile(
    r"list of the admin: |the country's (projects in the admin|ledger), "
    r"(o=|stage|sector|band|signed_in|standing=counted|$)"
)
# SQLite, which stands for one bureau, looks for words in one text after the other; PostgreSQL has their grams.
SEARCHED = re.compile(
    r"q=|suggested for parent" if connection.vendor == "sqlite" else r"q=项目|suggested for parent"
)
# Whether anything waits in a district is asked of the queue as it is: an index would cost every change.
QUEUE = {(door, "projects_touchedcell") for door in ("explain", "explain page", "revisions")}
# Files, and what only changes something.
NO_LISTS = {"releases/<int:pk>/package.zip", "unsubscribe/<str:token>/"}


@pytest.fixture(scope="module")
def country(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """Everything that was asked at every door, with its plan; and one question again without its index."""
    found: list[Plan] = []
    without: list[Plan] = []
    with django_db_blocker.unblock(), one_transaction():
        make_big_country()
        make_bands()
        routes = go_through(PLACE, lambda door: explained(door, found))
        with connection.cursor() as cursor:
            kept = read_indexes(cursor)
            cursor.execute(
                "SET CONSTRAINTS ALL IMMEDIATE" if connection.vendor == "postgresql" else "SELECT 1"
            )
            cursor.execute("DROP INDEX project_by_updated_at")
        with explained("without an index", without):
            list(Project.objects.filter(updated_at__gte=LATER))
        yield {"asked": found, "without": without, "indexes": kept, "routes": routes}


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
        if not (plan.is_bounded and COUNTED.match(plan.door)) and not SEARCHED.search(plan.door)
    }

    found = sorted(f"{door}: {table}" for door, table in scanning - QUEUE)
    assert not found, "\n".join(found)


def test_a_question_whose_index_is_missing_is_noticed(country):
    (plan,) = country["without"]

    assert plan.scanned == {"projects_project"}


def test_every_index_that_keeps_no_rule_has_a_reader(country):
    read = set().union(*(plan.indexes for plan in country["asked"]))

    assert country["indexes"] - read == set()


def test_no_page_counts_a_big_table_or_passes_over_many_of_its_rows(country):
    assert {plan.door for plan in country["asked"] if plan.counts} == set()
    assert {plan.door for plan in country["asked"] if plan.furthest} == set()


def test_every_list_of_the_admin_and_the_api_and_every_page_was_asked(country):
    lists = {f"api/v1/{address}" for _, address in lists_of_the_api()}
    lists |= {f"admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry}
    pages = {str(pattern.pattern) for pattern in get_resolver("tracking.pages.urls").url_patterns}

    assert (lists | pages) - country["routes"] == NO_LISTS


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
