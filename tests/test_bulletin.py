"""The bulletin of Huangpu for 2023Q1, entered through the API, comes out to the yuan, and opens down to its projects.

The projects are made up; their numbers and sums are the printed ones.
"""

from __future__ import annotations

from typing import Any

import pytest

from projects.access import Role
from tests.api import Api
from tests.makers import YI, make_huangpu, make_user
from tracking import cells

SIGNED = (50, 1441 * YI, 2361 * YI)  # how many, investment, expected output
STARTED = (100, 1026 * YI, 1283 * YI)
LEVELS = ("440112", "440100", "440000")


@pytest.mark.django_db
def test_the_bulletin_comes_out_to_the_yuan_at_every_level_and_opens_down_to_its_projects() -> None:
    places = make_huangpu()
    reader = Api(make_user(district=places["440000"], role=Role.VIEWER))

    entered = enter_bulletin(Api(make_user(district=places["440112"])))
    cells.roll_up()

    for cell in (f"district={code}&quarter=2023Q1" for code in LEVELS):
        for kind, sums in (("signed", SIGNED), ("started", STARTED)):
            [total] = reader.get(f"totals/?{cell}&kind={kind}").json()["results"]
            trace = reader.get(f"totals/trace/?{cell}&kind={kind}&page_size=1000").json()
            flow = total["entered"]

            assert (flow["count"], flow["investment"], flow["expected_output"]) == sums
            assert (flow["with_amount"], flow["expected_revenue"]) == (sums[0], None)
            assert trace["sum"] == flow
            assert sorted(entry["project"]["id"] for entry in trace["results"]) == sorted(entered[kind])
            assert sum(entry["investment"] for entry in trace["results"]) == sums[1]
            assert sum(entry["expected_output"] for entry in trace["results"]) == sums[2]


def enter_bulletin(api: Api) -> dict[str, set[int]]:
    """Enter all 150 projects through the API; the ids of the projects by kind.

    Half of them with their date in the project, half with a milestone of its own; amounts as people write them where
    they are whole 万.
    """
    return {"signed": _enter(api, "signed", SIGNED), "started": _enter(api, "started", STARTED)}


def _enter(api: Api, kind: str, sums: tuple[int, int, int]) -> set[int]:
    count, investment, output = sums
    amounts = zip(parts(investment, count), parts(output, count), strict=True)
    return {
        _enter_one(api, kind, number, invested, expected)
        for number, (invested, expected) in enumerate(amounts, 1)
    }


def _enter_one(api: Api, kind: str, number: int, investment: int, output: int) -> int:
    body: dict[str, Any] = {
        "name": f"{kind} 项目{number}",
        "district": "440112-GDD" if number % 3 == 0 else "440112",
        "total_investment": f"{investment // 10_000}万元" if investment % 10_000 == 0 else investment,
        "expected_output": output,
    }
    day = "2023-01-29"
    if number % 2:
        body[f"{kind}_on"] = day
    project = _made(api.post("projects/", body))
    if number % 2 == 0:
        _made(api.post(f"projects/{project}/milestones/", {"kind": kind, "happened_on": day}))
    return project


def parts(total: int, count: int) -> list[int]:
    """Unequal whole yuan that add up to the total, none of them round."""
    base = total // (2 * count)
    made = [base + (index + 1) * (total - base * count) // (count * count) for index in range(count - 1)]
    return [*made, total - sum(made)]


def _made(response: Any) -> int:
    assert response.status_code == 201, response.content
    pk: int = response.json()["id"]
    return pk
