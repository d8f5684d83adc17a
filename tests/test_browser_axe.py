"""Our pages as axe-core reads them: nothing that seriously hinders people who cannot see or use a mouse."""

from __future__ import annotations

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from projects import services
from projects.models import Project
from tests.makers import NOW, YI, make_bands, make_huangpu, make_project, make_release, make_sector, make_user
from tests.test_browser import DESKTOP, TELEPHONE, opened
from tests.workbooks_made import Rows, checked
from tracking.cells import roll_up

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERIOUS = ("serious", "critical")
CELL = "district=440112&quarter=2023Q1&kind=signed"
PAGES = [
    "/",
    "/?district=440112&quarter=2023Q1",
    f"/figures/?{CELL}",
    f"/explain/?{CELL}&from=2026-11-22T10:00:00%2B08:00",
    "/revisions/?district=440112&quarter=2023Q1",
    "/cohorts/?district=440112&quarter=2023Q1",
    "/undated/?district=440112",
    "/districts/?q=4",
    "/definitions/",
    "/releases/",
    "/password/",
    "/second-step/",
    "/sign-ins/",
    "/admin/",
    "/admin/projects/project/",
    "/admin/projects/project/add/",
    "/admin/projects/project/{project}/change/",
    "/admin/projects/project/{project}/history/",
    "/admin/projects/project/bulk/changes/",
    "/admin/projects/project/export/",
    "/admin/projects/project/layouts/",
    "/admin/projects/project/layouts/add/?of=monthly",
    "/admin/projects/project/{project}/reports/",
    "/admin/projects/project/queue/",
    "/admin/projects/project/duplicates/",
    "/admin/projects/project/{project}/duplicates/",
    "/admin/projects/project/{project}/duplicates/{other}/",
    "/admin/projects/project/views/",
    "/admin/projects/import/",
    "/admin/projects/import/add/",
    "/admin/projects/import/{ready}/change/",
    "/admin/projects/import/{ready}/columns/",
    "/admin/projects/import/{wrong}/change/",
    "/admin/projects/user/",
    "/admin/projects/user/roles/?district=440112",
    "/admin/projects/user/{user}/change/",
    "/admin/signing_in/event/",
]


@pytest.mark.parametrize("viewport", [DESKTOP, TELEPHONE], ids=["desktop", "telephone"])
def test_no_page_seriously_hinders_anybody(browser: Browser, server: str, viewport: dict[str, int]) -> None:
    places = make_huangpu()
    make_bands()
    officer = make_user("officer", superuser=True)
    make_user("wangfang", district=places["440112"])
    steps: dict[str, date | str] = {"signed": date(2023, 2, 1), "started": date(2023, 3, 1)}
    project = make_project(
        district=places["440112"],
        sector=make_sector(),
        total_investment=34 * YI,
        milestones=steps,
        actor=officer,
    )
    other = make_project(project.name, district=places["440112"], milestones={"started": "unknown"})
    services.compare_waiting(NOW)
    make_release(places["440112"], at=NOW)
    roll_up()
    rows: Rows = [
        ["生物岛", "火星", "x", "2023-01-29", None],
        [f"{project.name}（一期）", "黄埔区", 1, None, None],
    ]
    ready = checked([["生物岛", "黄埔区", 100, "2023-01-29", None]], into=places["440112"], actor=officer)
    wrong = checked(rows, into=places["440112"], actor=officer)
    assert Project.objects.count() == 2

    page, _complaints = opened(browser, server, viewport)  # type: ignore[arg-type]
    found = []
    for pattern in PAGES:
        numbers = {"project": project.pk, "other": other.pk, "user": officer.pk, "ready": ready.pk}
        path = pattern.format(**numbers, wrong=wrong.pk)
        answer = page.goto(server + path)
        assert answer
        assert answer.status == 200, path
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in SERIOUS:
                where = [node["target"][0] for node in violation["nodes"]]
                found.append(f"{path}: {violation['id']} at {where[:4]}")
    page.context.clear_cookies()
    page.goto(f"{server}/sign-in/")
    found += [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]

    assert found == []
