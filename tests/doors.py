"""The doors through which questions come to the big tables: what people and programs ask, and what is done, often.

One list for the tests of plans and for `python -m benchmarks.plans`, so that both ask the same at any size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.urls import URLResolver, get_resolver

from projects import sealing, services
from projects.models import Ceremony, District, Milestone, Project, Tag, TouchedCell
from projects.views.projects import ProjectViewSet
from tests.api import Api
from tests.makers import NOW, YI, make_release, make_user
from tests.pages import signed_in
from tracking import cells, deliveries
from tracking.models import ReportedTotal, Unit

AS_OF = quote((NOW - timedelta(days=365)).isoformat())
CELL = "quarter=2023Q1&kind=signed"
QUARTERS = "from=2016Q1&to=2025Q4"
LATER = NOW + timedelta(minutes=1)
TAG = "marked"
API, ADMIN = "/api/v1", "/admin/projects"


@dataclass(frozen=True)
class Place:
    """What a large country is asked about: codes that it has, and words that its projects have."""

    city: str
    leaf: str
    project: str  # one of the city's, with two milestones
    sector: str
    rare: str  # part of the codes of some projects
    common: str = "项目"  # part of every name


Named = Iterator[tuple[str, str]]


def asked(place: Place, release: int) -> Named:
    """Addresses by what they are called here: of pages and of the API, as a person of the city asks them."""
    cell = f"district={place.city}&{CELL}"
    for name, where in (("city", place.city), ("district", place.leaf)):
        for how, rest in (("plain", ""), ("by sector", "&by=sector"), ("by district", "&by=district")):
            yield f"totals {name}, {how}", f"{API}/totals/?district={where}&{QUARTERS}{rest}"
    for what in ("totals/", "totals/trace/"):
        for how, moment in (("as of", f"as_of={AS_OF}"), ("released", f"release={release}")):
            yield f"{what}, {how}", f"{API}/{what}?{cell}&{moment}"
    for each in filters_of_the_api(place):
        yield f"projects, {each}", f"{API}/projects/?{each}"
    for each in ProjectViewSet.orderings:
        yield f"projects in order {each}", f"{API}/projects/?ordering={each}"
    yield "trace", f"{API}/totals/trace/?{cell}"
    yield "explain", f"{API}/totals/explain/?{cell}&from={AS_OF}"
    yield "start", f"/?district={place.city}&quarter=2023Q1"
    yield "list behind a figure", f"/figures/?{cell}"
    yield "explain page", f"/explain/?{cell}&from={AS_OF}"
    yield "revisions", f"/revisions/?district={place.city}&quarter=2023Q1"
    yield "undated", f"/undated/?district={place.city}"
    yield "possible duplicates of a city", f"{ADMIN}/project/duplicates/"
    yield "ledger in the admin", f"{ADMIN}/ledgerentry/"
    yield "ledger in the admin, searched", f"{ADMIN}/ledgerentry/?q={place.rare}"
    for each in filters_of_the_admin(place):
        yield f"projects in the admin, {each}", f"{ADMIN}/project/?{each}"


def filters_of_the_api(place: Place) -> tuple[str, ...]:
    """What projects are looked for by."""
    return (
        "", "stage=signed", f"sector={place.sector}", f"district={place.leaf}", "kind=signed&quarter=2023Q1",
        "size_band=1bn-5bn", "overdue=true", "stale=true", "signed_from=2023-01-01",
        "updated_since=2026-11-01T00:00:00Z", "review=submitted",
        f"q={place.common}", f"q={place.rare}", "q=没有", "q=没有这样的",
        f"tag={TAG}", "double_hundred=true", "mine=true",
    )  # fmt: skip


def filters_of_the_admin(place: Place) -> tuple[str, ...]:
    """What is chosen, typed and sorted by in the admin."""
    return (
        "", f"district={place.leaf}", "stage=signed", f"sector={place.sector}", "band=1bn-5bn", "signed_in=2023Q1",
        f"q={place.common}", f"q={place.rare}", "q=没有", "standing=counted", "standing=void", "standing=excluded",
        "standing=suspended", f"tag={TAG}", "tag=DOUBLE-HUNDRED", "mine=any",
        *(f"o={way}{column}" for way in ("", "-") for column in (1, 2, 3, 6, 7, 8, 9, 20, 21, 22, 23)),
    )  # fmt: skip


def asked_of_the_country(place: Place, event: int, release: int, claim: int) -> Named:
    """What is asked about everything that there is, by somebody who sees it."""
    country = "district=100000&quarter=2023Q1"
    for each in filters_of_the_api(place):
        yield f"the country's projects, {each}", f"{API}/projects/?{each}"
    for each in ProjectViewSet.orderings:
        for way in ("", "-"):
            yield f"the country's projects in order {way}{each}", f"{API}/projects/?ordering={way}{each}"
    for each in filters_of_the_admin(place):
        yield f"the country's projects in the admin, {each}", f"{ADMIN}/project/?{each}"
    for each in ("o=0", "o=-0", "o=1", "o=-1", "o=5", "o=-5", "o=9", "o=-9", f"q={place.rare}"):
        yield f"the country's ledger, {each}", f"{ADMIN}/ledgerentry/?{each}"
    yield "start page of the country", f"/?{country}"
    yield "changes in the country", f"{API}/projects/?updated_since={AS_OF}&ordering=updated_at"
    yield "ceremony", f"/ceremonies/{event}/"
    yield "claim", f"/claims/{claim}/"
    yield "release", f"/releases/{release}/"
    yield "releases", "/releases/"
    yield "releasing", f"/releases/new/?{country}"
    yield "districts", "/districts/?q=4"
    yield "definitions", "/definitions/"
    yield "cohorts", f"/cohorts/?district={place.city}&quarter=2023Q1"
    yield "projects of a cohort", f"/cohorts/projects/?district={place.city}&quarter=2023Q1&column=start"
    yield "index of the admin", "/admin/"
    yield "reviewers' queue", f"{ADMIN}/project/queue/"
    yield "possible duplicates", f"{ADMIN}/project/duplicates/"
    yield "possible duplicates of a project", f"{ADMIN}/project/{{project}}/duplicates/"
    yield "history of a project", f"{ADMIN}/project/{{project}}/history/"
    yield "form of a project", f"{ADMIN}/project/{{project}}/change/"
    alike = f"name=样板{place.rare}&approval_code=2301-440112-04-01-105000"
    yield "projects that may be the same", f"{ADMIN}/project/alike/?{alike}"
    for field, term in (("parent", place.common), ("district", "4"), ("investors", "公司")):
        asked_for = f"app_label=projects&model_name=project&field_name={field}&term={term}"
        yield f"suggested for {field}", f"/admin/autocomplete/?{asked_for}"
    for model in admin.site._registry:
        yield (
            f"list of the admin: {model.__name__}",
            f"/admin/{model._meta.app_label}/{model._meta.model_name}/",
        )
    for name, address in lists_of_the_api():
        yield f"list of the API: {name}", f"{API}/{address}".replace("<int:project_id>", "{project}")


def lists_of_the_api() -> Named:
    """Every route to a list, by its name."""
    for module in ("projects.urls", "tracking.urls"):
        for pattern in get_resolver(module).url_patterns:
            if isinstance(pattern, URLResolver):
                for route in pattern.url_patterns:
                    name = str(getattr(route, "name", ""))
                    if name.endswith("-list"):
                        yield name, str(route.pattern)


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
        "find duplicates": lambda: services.compare_waiting(LATER),
        "end confidentiality": lambda: services.reveal_due(LATER),
    }


def go_through(place: Place, watched: Callable[[str], AbstractContextManager[None]]) -> set[str]:
    """Ask everything through the API, the pages and the services, each while it is watched; which routes answered."""
    city = District.objects.get(code=place.city)
    release = make_release(city, at=NOW)
    if not Tag.objects.filter(code=TAG).exists():
        services.save_reference(Tag(code=TAG, name="标签"))
    project = Project.objects.get(code=place.project)
    event = services.save_versioned(
        Ceremony(district=project.district, name="集中签约", held_on=date(2023, 1, 29)), at=NOW
    )
    Milestone.objects.filter(project=project).update(ceremony=event)
    said = ReportedTotal(
        district=city, period="2023Q1", measure="signed_count", value=Decimal(1), unit=Unit.PROJECTS
    )
    claim = services.save_versioned(said, at=NOW)
    officer, chief = make_user("officer", district=city), make_user("chief", superuser=True)
    browser, api = signed_in(officer), Api(officer)
    all_seeing, program = signed_in(chief), Api(chief)
    theirs = [(name, api if API in where else browser, where) for name, where in asked(place, release.pk)]
    everything = asked_of_the_country(place, event.pk, release.pk, claim.pk)
    whole = [(name, program if API in where else all_seeing, where) for name, where in everything]
    routes = set()
    for name, client, where in [*theirs, *whole]:
        address = where.replace("{project}", str(project.pk))
        with watched(name):
            answer = client.get(address)
        assert answer.status_code == 200, (name, address, answer.content[:500])
        routes.add(answer.resolver_match.route)
    with watched("a file of what a district has, with all that can be imported"):
        wanted = {"columns": "all", "unit": "yi", "file_format": "csv"}
        file: Any = browser.post(f"{ADMIN}/project/export/?stage=signed", wanted)
        assert b"".join(file.streaming_content).count(b"\n") > 1
    TouchedCell.objects.all().delete()  # a change is rolled up with few others, not with a whole country's
    for name, act in done(project).items():
        with watched(name):
            act()
    return routes
