"""Hostile and clumsy JSON bodies, each with the answer it gets; the same on both databases."""

from __future__ import annotations

import json
import time
import tracemalloc
from datetime import date
from typing import Any

import pytest

from projects.models import Project, User
from tests.api import Api, assert_problem
from tests.makers import make_district, make_huangpu, make_organization, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> User:
    return make_user(district=make_huangpu()["440112"])


@pytest.fixture
def api(editor: User) -> Api:
    return Api(editor)


def body(**more: Any) -> dict[str, Any]:
    return {"name": "生物医药基地", "district": "440112", **more}


REFUSED_AMOUNTS: list[Any] = [
    "NaN",
    "Infinity",
    "1e400",
    "1E+999999999",
    "9" * 2000,
    9223372036854775808,
    -5,
    1.5,
    "1.005",
    True,
    [],
    {},
    "",
    " ",
    "١٢٣",
    "1_000",
    "三十几个亿",
    "34亿万",
    "12万亿万",
    10**13 + 1,
]


@pytest.mark.parametrize("amount", REFUSED_AMOUNTS, ids=lambda value: str(value)[:20])
def test_an_amount_that_cannot_be_read_exactly_is_refused_at_its_field(api: Api, amount: Any) -> None:
    response = api.post("projects/", body(total_investment=amount))

    assert_problem(response, 400, "validation", "/total_investment")
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    "literal", [b"NaN", b"Infinity", b"-Infinity", b"9" * 5000, b"1e400", b"1E+999999999", b"-0.5", b"1000.0"]
)
def test_a_number_of_no_use_is_refused_without_being_written_out(api: Api, literal: bytes) -> None:
    raw = b'{"name": "x1", "district": "440112", "total_investment": ' + literal + b"}"
    api.get("projects/")

    tracemalloc.start()
    try:
        response = api.post("projects/", raw)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert response.status_code == 400
    assert most < 4 * 2**20  # written out, 1E+999999999 would have 400 MiB and never be done


@pytest.mark.parametrize(
    ("amount", "yuan", "estimated"),
    [
        ("34亿", 3_400_000_000, False),
        ("3.4亿元", 340_000_000, False),
        ("约20亿", 2_000_000_000, True),
        ("１０２６亿", 102_600_000_000, False),
        ("1,026亿", 102_600_000_000, False),
        ("340000万元", 3_400_000_000, False),
        (3_400_000_000, 3_400_000_000, False),
        (0, 0, False),
        (None, None, False),
    ],
)
def test_an_amount_is_read_as_people_write_it(
    api: Api, amount: Any, yuan: int | None, estimated: bool
) -> None:
    response = api.post("projects/", body(total_investment=amount))

    assert response.status_code == 201, response.content
    assert response.json()["total_investment"] == yuan
    assert response.json()["investment_estimated"] is estimated


@pytest.mark.parametrize("jobs", [2**31, 1000.0, "1e9", "5", -1, True, [1], 10**30])
def test_a_count_is_a_plain_whole_number(api: Api, jobs: Any) -> None:
    assert_problem(api.post("projects/", body(expected_jobs=jobs)), 400, "validation", "/expected_jobs")


@pytest.mark.parametrize("area", ["1_0", "١", "1e3", True, [], "NaN", -1, 1.234, "9" * 30])
def test_an_area_is_a_plain_decimal_number(api: Api, area: Any) -> None:
    assert_problem(api.post("projects/", body(land_area_mu=area)), 400, "validation", "/land_area_mu")


@pytest.mark.parametrize("flag", ["yes", "true", 1, 0, None, []])
def test_a_flag_is_true_or_false(api: Api, flag: Any) -> None:
    response = api.post("projects/", body(total_investment=5, investment_estimated=flag))

    assert_problem(response, 400, "validation", "/investment_estimated")


@pytest.mark.parametrize(
    "name",
    [
        "a\u0007b",
        "a\r\nBcc: x@example.org",
        "a\u202eb",
        "a\u2066b",
        "\u200b\u200d",
        "   ",
        "",
        "名" * 10_000,
        5,
        None,
        [],
        True,
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_name_that_hides_something_or_says_nothing_is_refused(api: Api, name: Any) -> None:
    assert_problem(api.post("projects/", body(name=name)), 400, "validation", "/name")


@pytest.mark.parametrize("name", ["a\x00b", "\ud800", "x\udfff"], ids=ascii)
def test_text_that_cannot_be_stored_is_refused_wherever_it_stands(api: Api, name: str) -> None:
    assert_problem(api.post("projects/", body(name=name)), 400, "malformed")
    assert_problem(api.post("projects/", body(investors=[name])), 400, "malformed")
    assert_problem(api.post("projects/", {**body(), name: 1}), 400, "malformed")


def test_a_decomposed_accent_is_composed(api: Api) -> None:
    response = api.post("projects/", body(name="Cafe\u0301 基地"))

    assert response.json()["name"] == "Café 基地"


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=HYPERLINK(1)", "'; DROP TABLE projects_project; --"]
)
def test_a_name_that_looks_like_code_is_stored_as_it_is(api: Api, name: str) -> None:
    assert api.post("projects/", body(name=name)).json()["name"] == name


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"name": "a", "name": "b"}',
        b'{"x": {"name": "a", "name": "b"}}',
        b"[1,2]",
        b'"x"',
        b"null",
        b"5",
        b"",
        b'{"a":',
        b'{"a": 1,}',
        b"{'a': 1}",
        b'\xff\xfe{"a":1}',
        '{"名": 1}'.encode("utf-16"),
        '{"name": "黄埔"}'.encode("gb18030"),
        b'{"a": "\x01"}',
        b"name=a&district=440112",
    ],
    ids=lambda raw: ascii(raw[:24]),
)
def test_a_body_that_is_not_one_plain_object_is_malformed(api: Api, raw: bytes) -> None:
    start = time.thread_time()

    response = api.post("projects/", raw)

    assert_problem(response, 400, "malformed")
    assert time.thread_time() - start < 0.5


def test_brackets_inside_text_are_no_depth(api: Api) -> None:
    assert api.post("projects/", body(remark='[[[["{{{{' * 20 + "名")).status_code == 201


def test_a_body_of_three_megabytes_is_too_large(api: Api) -> None:
    response = api.post("projects/", body(remark="x" * 3_000_000))

    assert_problem(response, 413, "too-large")


@pytest.mark.parametrize(
    "field", ["totl_investment", "districts", "~a/b", "__class__", "district_id", "password"]
)
def test_an_unknown_field_is_named(api: Api, field: str) -> None:
    response = api.post("projects/", body(**{field: 5}))

    pointer = "/" + field.replace("~", "~0").replace("/", "~1")
    problem = assert_problem(response, 400, "validation", pointer)
    assert problem["errors"][0]["code"] == "unknown_field"


@pytest.mark.parametrize(
    "field", ["id", "version", "created_at", "updated_at", "stage", "suspended", "excluded"]
)
def test_a_read_only_field_is_refused_and_not_ignored(api: Api, field: str) -> None:
    problem = assert_problem(api.post("projects/", body(**{field: 5})), 400, "validation", f"/{field}")

    assert problem["errors"][0]["code"] == "read_only"


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "20260101",
        "2026-W01-1",
        "2026-01-01T00:00:00+99:99",
        "2026-1-1",
        "1948-12-31",
        "",
        5,
        True,
        [],
        "２０２３-01-01",
        "2123-01-01",
    ],
)
def test_a_date_is_written_in_one_way(api: Api, day: Any) -> None:
    assert_problem(api.post("projects/", body(signed_on=day)), 400, "validation", "/signed_on")
    assert_problem(api.post("projects/", body(planned_start_on=day)), 400, "validation", "/planned_start_on")


def test_what_has_happened_has_not_happened_in_the_future(api: Api) -> None:
    problem = assert_problem(
        api.post("projects/", body(started_on="2099-01-01")), 400, "validation", "/started_on"
    )

    assert problem["errors"][0]["code"] == "future"


@pytest.mark.parametrize("code", ["999999", "440112 ", ["440112"], {"$ne": 1}, 440112, "", None, "x" * 500])
def test_a_district_is_named_by_its_exact_code(api: Api, code: Any) -> None:
    assert_problem(api.post("projects/", body(district=code)), 400, "validation", "/district")


def test_a_district_that_one_may_not_see_does_not_exist(api: Api) -> None:
    assert_problem(api.post("projects/", body(district="440113")), 404, "not-found")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("approval_code", "2301-440112-04-01-12345"),
        ("approval_code", "２３01-440112-04-01-123456"),
        ("code", "has space"),
        ("sector", "nonsense"),
        ("project_type", "signed"),
        ("project_type", ["industrial"]),
        ("ownership", True),
        ("investors", [999]),
        ("investors", "1"),
        ("investors", [True]),
        ("investors", {"1": 1}),
        ("parent", 999),
        ("parent", 10**30),
        ("parent", "1"),
        ("exclusion_reason", "because"),
        ("currency", "usd"),
    ],
)
def test_a_value_that_nothing_answers_to_is_refused_at_its_field(api: Api, field: str, value: Any) -> None:
    response = api.post("projects/", body(**{field: value}))

    problem = assert_problem(response, 400, "validation")
    assert problem["errors"][0]["pointer"].startswith(f"/{field}")


def test_everything_wrong_is_said_at_once(api: Api) -> None:
    wrong = body(
        name="  ",
        district="999999",
        total_investment=-1,
        expected_jobs=1.5,
        approval_code="x",
        started_on="2023-01-29",
        signed_on="2023-05-01",
        completed_on="2099-01-01",
        typo=1,
        version=3,
    )

    problem = assert_problem(
        api.post("projects/", wrong),
        400,
        "validation",
        "/name",
        "/district",
        "/total_investment",
        "/expected_jobs",
        "/approval_code",
        "/started_on",
        "/completed_on",
        "/typo",
        "/version",
    )

    assert "2023-05-01" in json.dumps(problem)
    assert "2023-01-29" in json.dumps(problem)
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("sent", "place", "code"),
    [
        ({"signed_on": "2023-05-01", "started_on": "2023-01-29"}, "/started_on", "dates_backwards"),
        ({"started_on": "2023-05-01", "completed_on": "2023-01-29"}, "/completed_on", "dates_backwards"),
        (
            {"completed_on": "2023-05-01", "in_production_on": "2023-01-29"},
            "/in_production_on",
            "dates_backwards",
        ),
    ],
)
def test_dates_running_backwards_are_refused_with_both(
    api: Api, sent: dict[str, str], place: str, code: str
) -> None:
    problem = assert_problem(api.post("projects/", body(**sent)), 400, "validation", place)

    assert code in {error["code"] for error in problem["errors"]}
    assert all(day in json.dumps(problem) for day in sent.values())


@pytest.mark.parametrize(
    "uscc", ["91440101000000001", "91440101000000001I", "91440101000000001@", "9" * 18, "", 5, ["x"]]
)
def test_a_credit_code_with_a_wrong_shape_or_check_character_is_refused(api: Api, uscc: Any) -> None:
    response = api.post("organizations/", {"name": "甲公司", "uscc": uscc})

    assert_problem(response, 400, "validation", "/uscc")


def test_a_credit_code_in_small_letters_is_raised(api: Api) -> None:
    response = api.post("organizations/", {"name": "阿里", "uscc": "91330100799655058b"})

    assert response.status_code == 201, response.content
    assert response.json()["uscc"] == "91330100799655058B"


def test_a_parent_that_cannot_be_one_is_refused(api: Api, editor: User) -> None:
    whole = make_project("整体", actor=editor)
    phase = make_project("一期", parent=whole, actor=editor)
    started = make_project("已签", actor=editor, milestones={"signed": date(2023, 1, 29)})

    for project, parent in [
        (whole, whole),
        (whole, phase),
        (make_project("三期"), phase),
        (make_project("四期"), started),
    ]:
        response = api.change(f"projects/{project.pk}/", {"parent": parent.pk})
        assert_problem(response, 400, "validation", "/parent")


def test_a_parent_in_another_city_is_refused() -> None:
    districts = make_huangpu()
    shenzhen = make_district("440300", "深圳市", level="city", parent=districts["440000"])
    api = Api(make_user(district=districts["440000"]))
    there = make_project(district=shenzhen)

    response = api.post("projects/", body(parent=there.pk))

    assert_problem(response, 400, "validation", "/parent")


def test_a_second_milestone_of_one_kind_is_refused(api: Api, editor: User) -> None:
    project = make_project(actor=editor)
    path = f"projects/{project.pk}/milestones/"
    first = api.post(path, {"kind": "signed", "happened_on": "2023-01-29"})

    second = api.post(path, {"kind": "signed", "happened_on": "2023-02-01"})

    assert first.status_code == 201
    problem = assert_problem(second, 400, "validation", "")
    assert [error["code"] for error in problem["errors"]] == ["duplicate_kind"]


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"kind": "signed"}, "/happened_on"),
        ({"kind": "nonsense", "happened_on": "2023-01-29"}, "/kind"),
        ({"happened_on": "2023-01-29"}, "/kind"),
        ({"kind": "signed", "happened_on": "2099-01-29"}, "/happened_on"),
        ({"kind": "signed", "happened_on": "2023-01-29", "precision": "hour"}, "/precision"),
        ({"kind": "signed", "happened_on": "2023-01-29", "precision": "unknown"}, ""),
        ({"kind": "suspended", "happened_on": "2023-01-29"}, "/reason"),
        ({"kind": "signed", "happened_on": "2023-01-29", "ceremony": 99}, "/ceremony"),
        ({"kind": "signed", "happened_on": "2023-01-29", "total_investment": "1.5"}, "/total_investment"),
        (
            {"kind": "signed", "happened_on": "2023-01-29", "planned_first_on": "2023-01-29"},
            "/planned_first_on",
        ),
        ({"kind": "signed", "happened_on": "2023-01-29", "note": "a\u0000"}, None),
    ],
)
def test_a_milestone_that_makes_no_sense_is_refused(
    api: Api, sent: dict[str, Any], place: str | None
) -> None:
    project = make_project()

    response = api.post(f"projects/{project.pk}/milestones/", sent)

    assert_problem(
        response, 400, "malformed" if place is None else "validation", *([] if place is None else [place])
    )
    assert project.milestones.count() == 0


def test_what_is_in_use_is_not_deleted(api: Api, editor: User) -> None:
    organization = make_organization("甲公司")
    project = make_project("基地", district=make_huangpu()["440112"])
    project.investors.add(organization)
    admin = Api(make_user(superuser=True))

    path = "districts/440112/"
    response = admin.delete(path, **{"If-Match": admin.get(path).headers["ETag"]})

    problem = assert_problem(response, 409, "conflict")
    assert "基地" in problem["detail"] or "project" in problem["detail"].lower()
