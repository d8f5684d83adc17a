"""Which projects may be the same as a new one, among many and among few."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connection

from benchmarks.costs import in_turn
from benchmarks.facts import dice
from benchmarks.process import measured
from benchmarks.run import Run
from projects.access import Role
from projects.duplicates import Sought, candidates
from projects.models import District, Membership, Organization, Project, User

LIMIT = 2
TIMES = 50
READERS = {"who sees everything": True, "of one city": False}
SORTS = {
    "like one by its code, one by its name, some by an investor": "few",
    "of a name that one project in a thousand has": "many",
    "like none": "none",
}
COMMON = "标准厂房"
BACKED = 20  # projects of one investor
FIRST = 10**9  # the investors' ids, beyond those of other benchmarks
PREPARED: list[tuple[str, list[Any]]] = [
    (
        """
        UPDATE projects_project SET approval_code = '2301-440112-04-' || lpad((id / 1000000)::text, 2, '0') || '-'
            || lpad((id %% 1000000)::text, 6, '0')
        WHERE id %% 10 = 0
        """,
        [],
    ),
    (
        """
        INSERT INTO projects_organization (id, version, created_at, updated_at, uscc, name, name_en, ownership)
        SELECT n, 1, now(), now(), '91' || lpad(n::text, 16, '0'), '公司' || n, '', ''
        FROM (SELECT DISTINCT %s + id / %s AS n FROM projects_project) numbers
        """,
        [FIRST, BACKED],
    ),
    (
        """
        INSERT INTO projects_project_investors (project_id, organization_id)
        SELECT id, %s + id / %s FROM projects_project
        """,
        [FIRST, BACKED],
    ),
    ("UPDATE projects_project SET name = %s WHERE id %% 1000 = 7", [COMMON]),
    ("UPDATE projects_projectsearch SET core = %s WHERE project_id %% 1000 = 7", [COMMON]),
]


def bench_duplicates(run: Run) -> None:
    """Candidates of one new project, as its form asks for them, at both sizes, in turn."""
    with measured(run.many) as many, measured(run.few) as few:
        for process in (many, few):
            process.ask("duplicates.prepare")
        run.title(f"Duplicates of one new project, medians of {run.sizes.runs} times {TIMES}", many, few)
        for whose, sees_all in READERS.items():
            for words, sort in SORTS.items():
                costs = in_turn(
                    run.sizes.runs,
                    lambda sort=sort, who=sees_all: many.measure("duplicates.find", sort, who, times=TIMES),  # type: ignore[misc]
                    lambda sort=sort, who=sees_all: few.measure("duplicates.find", sort, who, times=TIMES),  # type: ignore[misc]
                )
                sides = (f"among {run.sizes.projects:,} projects", f"among {run.sizes.few:,}")
                run.report.ratio(
                    f"{words}; for somebody {whose}", list(zip(sides, costs, strict=True)), LIMIT
                )


# --- in the measured process --------------------------------------------------------------------------------------


def prepare() -> None:
    """Once: one project in ten gets an approval code, each an investor, one in a thousand the common name."""
    if Organization.objects.filter(pk__gte=FIRST).exists():
        return
    with connection.cursor() as cursor:
        for statement, values in PREPARED:
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE projects_project, projects_projectsearch, projects_project_investors")


def find(sort: str, sees_all: bool) -> None:  # noqa: FBT001
    """What the form of a new project asks while it is typed."""
    found = candidates(new(sort), reader(sees_all))
    assert bool(found) == (sort != "none") or not sees_all, (sort, found)


def new(sort: str) -> Sought:
    """A new project of that sort."""
    number = dice.randint(1, last() // 10) * 10
    like = Project.objects.values_list("district", "total_investment").get(pk=number)
    name = {"few": f"项目{number}（一期）", "many": f"{COMMON}项目", "none": "没有这样的项目"}[sort]
    code = f"2301-440112-04-{number // 10**6:02}-{number % 10**6:06}"
    return Sought(
        name=name,
        approval_code="9999-440112-04-01-123456" if sort == "none" else code,
        district=like[0],
        total_investment=like[1],
        investors=[FIRST + number // BACKED] if sort != "none" else (),
    )


@cache
def last() -> int:
    """The last project that was there from the beginning."""
    return Project.objects.filter(source="dense").order_by("-pk").values_list("pk", flat=True)[0]


@cache
def reader(sees_all: bool) -> User:  # noqa: FBT001
    """Somebody who sees everything, or one city."""
    name = "bench-all" if sees_all else "bench-city"
    user, _is_new = User.objects.get_or_create(username=name, defaults={"is_superuser": sees_all})
    if not sees_all:
        city = District.objects.filter(level="city").order_by("path")[0]
        Membership.objects.get_or_create(user=user, district=city, role=Role.EDITOR)
    return user
