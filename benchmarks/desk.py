"""The list that officers live in, its search, suggestions and the desk, beside the same with few projects."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib import admin
from django.test import Client, RequestFactory

from benchmarks.costs import in_turn
from benchmarks.process import measured
from benchmarks.run import Run
from projects.models import District, Project, User

LIMIT = 1.5
LIST = "/admin/projects/project/"
SUGGESTED = "/admin/autocomplete/?app_label=projects&model_name=project&field_name=parent&term="
PAGES = {
    "the list's first page": "first",
    "a page in the middle": "later",
    "a stage, sorted by investment": "filtered",
    "a province's projects of a stage": "of_a_province",
    "search: a fragment that one name has": "fragment",
    "search: a fragment that every name has": "common",
    "search: initials": "initials",
    "suggestions for one name": "suggested",
    "suggestions for a common word": "suggested_common",
    "my desk": "desk",
    "whether a project of this name exists": "alike",
}
TIMES = 5


def bench_desk(run: Run) -> None:
    """Pages as somebody gets them who sees everything, at both sizes, in turn."""
    with measured(run.many) as many, measured(run.few) as few:
        run.title(f"The list, medians of {run.sizes.runs}", many, few)
        for words, page in PAGES.items():
            costs = in_turn(
                run.sizes.runs,
                lambda page=page: many.measure("desk.get", page, times=TIMES),  # type: ignore[misc]
                lambda page=page: few.measure("desk.get", page, times=TIMES),  # type: ignore[misc]
            )
            sides = (f"with {run.sizes.projects:,} projects", f"with {run.sizes.few:,}")
            run.report.ratio(words, list(zip(sides, costs, strict=True)), LIMIT)


# --- in the measured process --------------------------------------------------------------------------------------


def get(page: str) -> None:
    """Open a page; it must answer."""
    answer = browser().get(addresses()[page])
    assert answer.status_code == 200, (page, answer.status_code)
    assert page != "later" or b'rel="prev"' in answer.content


@cache
def browser() -> Client:
    """Of somebody who sees everything."""
    user, _is_new = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@cache
def addresses() -> dict[str, str]:
    """What is opened, by its name here. 987654 is part of one name alone, and its digits are in no row of zeros."""
    last = Project.objects.order_by("-pk")[0].pk
    rare = "987654321"[: len(str(last - 1))]
    province = District.objects.filter(level="province").order_by("path")[0].code
    return {
        "first": LIST,
        "later": f"{LIST}?p={_cursor(last // 2)}",
        "filtered": f"{LIST}?stage=started&o=-6",
        "of_a_province": f"{LIST}?district={province}&stage=signed",
        "fragment": f"{LIST}?q=项目{rare}",
        "common": f"{LIST}?q=项目",
        "initials": f"{LIST}?q=xm{rare}",
        "suggested": f"{SUGGESTED}项目{rare}",
        "suggested_common": f"{SUGGESTED}项目",
        "desk": "/admin/",
        "alike": f"{LIST}alike/?name=项目{rare}二期",
    }


def _cursor(pk: int) -> str:
    """Where the page begins that follows a project in the middle of the list."""
    request: Any = RequestFactory(SERVER_NAME="localhost").get(LIST)
    request.user = User.objects.get(username="bench")
    changes: Any = admin.site.get_model_admin(Project).get_changelist_instance(request)
    keyset = changes._keyset(request)
    return str(keyset._write(Project.objects.get(pk=pk), reverse=False))
