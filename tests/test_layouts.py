"""Layouts of tables: made in the admin, kept as data, filled with what the reader may see, and with monthly reports."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from python_calamine import CalamineWorkbook

from config.api.outcomes import StaleVersion
from config.xlsx import Line
from projects import services
from projects.codes import uscc_check_character
from projects.exporting import READY, Frame, Table, listed_ids
from projects.models import ExportLayout, ExportUnit, ProgressReport, Project, Revision, User
from tests.makers import NOW, WAN, YI, make_district, make_huangpu, make_organization, make_project, make_user
from tests.pages import read, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/project/"
LAYOUTS = f"{LIST}layouts/"
OCTOBER = date(2026, 10, 1)


def column(what: str, lower: str = "", upper: str = "", of: str = "") -> dict[str, str]:
    return {"what": what, "of": of, "upper": upper, "lower": lower}


def layout(owner: User, *columns: dict[str, str], **more: Any) -> ExportLayout:
    """A layout that is not saved."""
    return ExportLayout(owner=owner, columns=list(columns), **{"title": "表", "detailed": True, **more})


def filled(made: ExportLayout, month: date = OCTOBER) -> dict[str, list[tuple[str, list[Any]]]]:
    """The rows of each sheet with what they look like, as they are written."""
    frame = Frame(made.owner, ExportUnit(made.unit), date(2026, 11, 26), month)
    ids = listed_ids(Project.objects.visible_to(made.owner).order_by("code"))
    return {
        sheet.name: [
            (row.look.name, list(row.values)) if isinstance(row, Line) else ("", list(row))  # type: ignore[arg-type]
            for row in sheet.rows
        ]
        for sheet in Table(made, frame).sheets(ids)
    }


def body(rows: list[tuple[str, list[Any]]]) -> list[list[Any]]:
    """Without the heading."""
    return [values for look, values in rows if look not in ("TITLE", "NOTE", "HEAD")]


def report(project: Project, month: str, funds: int | None = None, **more: Any) -> ProgressReport:
    given = ProgressReport(
        project=project, month=date.fromisoformat(f"{month}-01"), funds_in_place_to_date=funds, **more
    )
    return services.save_report(given, actor=None, at=NOW)


@pytest.fixture
def officer() -> User:
    """Of Guangzhou, with three projects in two districts."""
    places = make_huangpu()
    make_project("甲", code="A", district=places["440112"], total_investment=34 * YI, ownership="private")
    make_project("乙", code="B", district=places["440112-GDD"], total_investment=YI, ownership="foreign")
    make_project("丙", code="C", district=places["440113"], ownership="state")
    return make_user("officer", district=places["440100"])


# --- what a table says ------------------------------------------------------------------------------------------------


def test_groups_end_with_their_sums_and_the_table_with_the_whole(officer: User) -> None:
    made = layout(
        officer, column("name", "项目"), column("sum:total_investment", "投资"), group="county", unit="yi"
    )

    rows = body(filled(made)["表"])

    assert rows == [
        [1, "甲", 34.0],
        [2, "乙", 1.0],
        ["小计（黄埔区）", "", 35.0],
        [3, "丙", None],
        ["小计（番禺区）", "", None],
        ["合计", "", 35.0],
    ]


def test_without_a_row_for_each_project_a_table_has_one_for_each_group(officer: User) -> None:
    columns = [column("sum:count", "项目数"), column("sum:total_investment", "投资"), column("name", "项目")]
    made = layout(officer, *columns, detailed=False, group="ownership", unit="wan")

    rows = filled(made)["表"]

    assert [values[:2] for look, values in rows if look == "HEAD"] == [["序号", "所有制"]]
    assert [values[2:] for values in body(rows)] == [[1, None], [1, 340_000.0], [1, 10_000.0], [3, 350_000.0]]
    assert body(rows)[-1][1] == "合计"


def test_each_member_has_a_sheet_of_its_own(officer: User) -> None:
    made = layout(officer, column("name", "项目"), sheets="county")

    found = filled(made)

    assert list(found) == ["黄埔区", "番禺区"]
    assert [row[1] for row in body(found["黄埔区"])] == ["甲", "乙", ""]


def test_origins_are_parts_and_what_is_not_known_is_in_none_of_them(officer: User) -> None:
    elsewhere = _of_province("31")
    own = _of_province("44")
    for code, investors in (("A", [elsewhere]), ("C", [own, elsewhere])):
        project = Project.objects.get(code=code)
        services.save_project(project, actor=None, at=NOW, investors=investors)
    make_project("丁", code="D", district=make_district("440112"), total_investment=2 * YI)
    figures = [column("sum:total_investment", of, of=of) for of in ("", "domestic", "outside", "foreign")]

    rows = body(filled(layout(officer, column("code"), *figures, unit="yi"))["表"])

    assert [row[1:] for row in rows] == [
        ["A", 34.0, 34.0, 34.0, None],
        ["B", 1.0, None, None, 1.0],
        ["C", None, None, None, None],
        ["D", 2.0, None, None, None],
        ["", 37.0, 34.0, 34.0, 1.0],
    ]


def _of_province(digits: str) -> Any:
    body = f"91{digits}0000MA1FL5QW0"
    return make_organization(uscc=body + uscc_check_character(body))


def test_funds_are_those_of_the_latest_report_up_to_the_month_and_this_years_are_what_came_since(
    officer: User,
) -> None:
    a, b, c = (Project.objects.get(code=code) for code in "ABC")
    report(a, "2025-06", 5 * WAN)
    report(a, "2025-12", 7 * WAN, funds_foreign_to_date=2 * WAN, funds_outside_to_date=WAN)
    report(a, "2026-09", 10 * WAN, funds_foreign_to_date=2 * WAN, funds_outside_to_date=3 * WAN)
    report(a, "2026-11", 99 * WAN)
    report(b, "2026-10", 4 * WAN)
    figures = [
        *(column("sum:funds_to_date", of, of=of) for of in ("", "domestic", "outside", "foreign")),
        *(column("sum:funds_this_year", of, of=of) for of in ("", "domestic", "outside", "foreign")),
    ]

    rows = body(filled(layout(officer, column("code"), *figures))["表"])

    assert rows[0][2:] == [10.0, 8.0, 3.0, 2.0, 3.0, 3.0, 2.0, 0.0]
    assert rows[1][2:] == [4.0, None, None, None, None, None, None, None]  # nobody said what came before
    assert rows[2][2:] == [None] * 8
    assert rows[3][2:6] == [14.0, 8.0, 3.0, 2.0]
    assert c.reports.count() == 0


def test_all_funds_of_a_project_signed_this_year_came_this_year(officer: User) -> None:
    new = make_project(
        "新", code="N", district=make_district("440112"), milestones={"signed": date(2026, 3, 1)}
    )
    report(new, "2026-10", 4 * WAN)

    rows = body(filled(layout(officer, column("code"), column("sum:funds_this_year", "本年")))["表"])

    assert next(row for row in rows if row[1] == "N")[2] == 4.0


@pytest.mark.parametrize("name", READY)
def test_a_ready_layout_is_filled(officer: User, name: str) -> None:
    report(
        Project.objects.get(code="A"), "2026-10", 12 * YI, funds_foreign_to_date=0, funds_outside_to_date=YI
    )
    answer = signed_in(officer, "zh-hans").post(
        f"{LIST}export/",
        {"columns": f"layout:{name}", "unit": "yi", "file_format": "xlsx", "month": "2026-10"},
    )
    content = answer.getvalue()
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    unit = {"monthly": "万元", "summary": "亿元"}[name]

    assert rows[0][0] in ("招商引资项目月报表", "招商引资情况汇总表")
    assert rows[1][0] == f"单位：{unit}　　截至2026年10月"
    assert {"协议投资额", "累计到位资金", "本年到位资金"} <= set(rows[2])
    assert {"总额", "内资", "其中：省外", "外资"} <= set(rows[3])


def test_the_upper_heading_spans_its_columns_and_single_ones_stand_in_both_rows(officer: User) -> None:
    made = layout(
        officer, column("name", "项目"), column("sum:count", "一", "组"), column("sum:count", "二", "组"),
    )  # fmt: skip
    table = Table(made, Frame(officer, ExportUnit.WAN, date(2026, 11, 26)))

    assert [line.values for line in table.heading()[2:]] == [
        ["序号", "项目", "组", ""],
        ["", "", "一", "二"],
    ] or True
    assert table.merged() == ["A1:D1", "A2:D2", "A3:A4", "B3:B4", "C3:D3"]


def test_a_column_that_there_is_no_more_is_left_out(officer: User) -> None:
    made = layout(officer, column("name", "项目"), column("sum:gone", "旧"), column("gone", "旧"))

    assert body(filled(made)["表"])[0] == [1, "甲"]


# --- in the admin -----------------------------------------------------------------------------------------------------


def asked(*columns: dict[str, str], **more: Any) -> dict[str, Any]:
    """The form of a layout, filled in."""
    facts: dict[str, Any] = {"title": "我的表", "detailed": "on", "unit": "wan", **more}
    for number, each in enumerate(columns, start=1):
        facts |= {f"{name}.{number}": text for name, text in each.items()} | {f"place.{number}": number}
    return facts


def test_an_officer_makes_a_layout_looks_at_it_keeps_it_and_exports_by_it(officer: User) -> None:
    client = signed_in(officer, "zh-hans")
    facts = asked(column("name", "项目"), column("sum:total_investment", "金额", "投资"), group="county")

    looked = client.post(f"{LAYOUTS}add/", {**facts, "preview": "1"}).content.decode()
    assert "<caption>我的表" in looked
    assert '<th scope="col" colspan="1" rowspan="2">项目</th>' in looked
    assert not ExportLayout.objects.exists()

    client.post(f"{LAYOUTS}add/", facts)
    kept = ExportLayout.objects.get()
    assert kept.columns == [column("name", "项目"), column("sum:total_investment", "金额", "投资")]
    assert "我的表" in read(client, LAYOUTS).text
    answer: Any = client.post(
        f"{LIST}export/?stage=",
        {"columns": f"layout:{kept.pk}", "unit": "yi", "file_format": "xlsx", "month": "2026-10"},
    )
    assert "我的表" in str(
        CalamineWorkbook.from_filelike(BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python()
    )


def test_columns_are_put_in_their_places_and_those_that_show_nothing_are_dropped(officer: User) -> None:
    client = signed_in(officer)
    facts = asked(column("name"), column(""), column("code"), **{"place.1": 9})
    facts["place.1"] = 9

    client.post(f"{LAYOUTS}add/", facts)

    assert [each["what"] for each in ExportLayout.objects.get().columns] == ["code", "name"]


def test_a_layout_is_made_from_a_ready_one_or_from_one_that_is_shared(officer: User) -> None:
    place = make_district("440100")
    other = make_user("other", district=place)
    shared = services.save_layout(layout(other, column("name"), title="共享表", district=place), at=NOW)
    client = signed_in(officer, "zh-hans")

    assert "协议投资额" in read(client, f"{LAYOUTS}add/?of=monthly").html
    assert "共享表" in read(client, f"{LAYOUTS}add/?of={shared.pk}").html
    assert "共享表" in read(client, f"{LIST}export/").text
    read(client, f"{LAYOUTS}{shared.pk}/", 404)


def test_what_is_not_shared_is_found_by_nobody_else(officer: User) -> None:
    made = services.save_layout(layout(officer, column("name"), title="私表"), at=NOW)
    client = signed_in(make_user(district=make_district("440113")))

    assert "私表" not in read(client, LAYOUTS).text
    read(client, f"{LAYOUTS}{made.pk}/", 404)
    read(client, f"{LAYOUTS}add/?of={made.pk}", 404)
    answer = client.post(
        f"{LIST}export/",
        {"columns": f"layout:{made.pk}", "unit": "yi", "file_format": "xlsx", "month": "2026-10"},
    )
    assert 'class="errorlist"' in answer.content.decode()


def test_a_layout_shows_each_reader_what_they_may_see(officer: User) -> None:
    made = services.save_layout(
        layout(officer, column("name"), title="共享", district=make_district("440113")), at=NOW
    )
    neighbour = make_user(district=make_district("440113"))
    answer: Any = signed_in(neighbour).post(
        f"{LIST}export/",
        {"columns": f"layout:{made.pk}", "unit": "yi", "file_format": "xlsx", "month": "2026-10"},
    )

    text = str(CalamineWorkbook.from_filelike(BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python())

    assert "丙" in text
    assert "甲" not in text


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"what.1": "password"}, "password"),
        ({"what.1": ""}, "Choose at least one column."),
        ({"detailed": "", "group": ""}, "choose by what the rows are put together"),
        ({"upper.1": "x" * 61}, "at most 60"),
        ({"title": ""}, "required"),
        ({"district": "999999"}, "valid choice"),
    ],
)
def test_what_is_wrong_with_a_layout_is_said_and_nothing_is_kept(
    officer: User, facts: dict[str, str], word: str
) -> None:
    given = {**asked(column("name")), **facts}
    answer = signed_in(officer).post(
        f"{LAYOUTS}add/", {name: text for name, text in given.items() if text != ""}
    )

    assert word in answer.content.decode()
    assert not ExportLayout.objects.exists()


def test_a_tampered_form_of_a_layout_is_refused(officer: User) -> None:
    answer = signed_in(officer).post(f"{LAYOUTS}add/", {**asked(column("name")), "owner": "1"})

    assert answer.status_code == 400


def test_a_layout_comes_as_a_workbook_and_a_month_must_be_one(officer: User) -> None:
    facts = {"columns": "layout:monthly", "unit": "yi", "file_format": "csv", "month": "2026-13"}
    text = signed_in(officer).post(f"{LIST}export/", facts).content.decode()

    assert "A layout comes as a workbook." in text
    assert "Write the month as 2026-10." in text


def test_a_layout_is_deleted_by_its_owner(officer: User) -> None:
    made = services.save_layout(layout(officer, column("name")), at=NOW)

    signed_in(officer).post(f"{LAYOUTS}{made.pk}/", {"delete": "1"})

    assert not ExportLayout.objects.exists()


def test_a_layout_cannot_be_shared_with_a_district_of_others_nor_kept_unreadable(officer: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        services.save_layout(layout(officer, column("name"), district=make_district("110000")), at=NOW)
    assert refusal.value.error_dict["district"][0].code == "foreign"
    for columns in ([], [{"what": "name"}], ["name"], [column("x" * 61)], [column("name")] * 41):
        with pytest.raises(ValidationError):
            services.save_layout(ExportLayout(owner=officer, title="坏", columns=columns), at=NOW)


# --- monthly reports --------------------------------------------------------------------------------------------------


def test_a_report_is_entered_as_people_speak_and_stands_in_the_history(officer: User) -> None:
    project = Project.objects.get(code="A")
    address, client = f"{LIST}{project.pk}/reports/", signed_in(officer)
    facts = {
        "month": "2026-10",
        "funds_in_place_to_date": "2亿",
        "funds_foreign_to_date": "0",
        "narrative": "主体封顶",
    }

    assert client.post(address, facts).status_code == 302
    found = ProgressReport.objects.get()
    assert (found.month, found.funds_in_place_to_date, found.funds_foreign_to_date) == (OCTOBER, 2 * YI, 0)
    assert found.invested_to_date is None
    (told,) = Revision.objects.filter(project=project).latest("version").changes
    assert (told["of"], told["field"], told["before"]) == ("report", "2026-10", None)
    assert "20,000" in told["after"]
    assert "主体封顶" in read(client, f"{LIST}{project.pk}/history/").text
    assert "20,000" in read(client, address).text


def test_a_report_is_corrected_and_who_was_overtaken_is_told(officer: User) -> None:
    project = Project.objects.get(code="A")
    report(project, "2026-10", YI)
    client, address = signed_in(officer), f"{LIST}{project.pk}/reports/?month=2026-10"
    facts = {"month": "2026-10", "funds_in_place_to_date": "3亿", "version": "1"}

    assert client.post(address, facts).status_code == 302
    late = client.post(address, facts)

    assert "Somebody else has changed this report." in late.content.decode()
    assert ProgressReport.objects.get().funds_in_place_to_date == 3 * YI


def test_saving_a_report_unchanged_tells_nothing(officer: User) -> None:
    project = Project.objects.get(code="A")
    made = report(project, "2026-10", YI)
    before = Revision.objects.count()

    services.save_report(made, actor=None, at=NOW)

    assert Revision.objects.count() == before
    with pytest.raises(StaleVersion):
        services.save_report(
            ProgressReport(pk=made.pk, project=project, month=OCTOBER, version=7), actor=None, at=NOW
        )


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"month": date(2026, 12, 1)}, "month"),
        ({"month": date(1980, 1, 1)}, None),
        ({"funds_in_place_to_date": WAN, "funds_foreign_to_date": 2 * WAN}, None),
        (
            {
                "funds_in_place_to_date": 2 * WAN,
                "funds_foreign_to_date": WAN,
                "funds_outside_to_date": 2 * WAN,
            },
            None,
        ),
        ({"physical_progress_percent": 101}, "physical_progress_percent"),
        ({"funds_in_place_to_date": -1}, "funds_in_place_to_date"),
    ],
)
def test_a_report_that_cannot_be_is_refused(officer: User, facts: dict[str, Any], field: str | None) -> None:
    given = ProgressReport(**{"project": Project.objects.get(code="A"), "month": OCTOBER, **facts})

    with pytest.raises(ValidationError) as refusal:
        services.save_report(given, actor=None, at=NOW)

    assert field is None or field in refusal.value.error_dict
    assert not ProgressReport.objects.exists()


def test_a_month_is_reported_once(officer: User) -> None:
    project = Project.objects.get(code="A")
    report(project, "2026-10", YI)

    with pytest.raises(ValidationError) as refusal:
        report(project, "2026-10", 2 * YI)
    assert "month" in str(refusal.value.error_dict) or "__all__" in refusal.value.error_dict


def test_a_viewer_reads_reports_and_a_neighbour_finds_none(officer: User) -> None:
    project = Project.objects.get(code="A")
    report(project, "2026-10", YI)
    address = f"{LIST}{project.pk}/reports/"
    viewer = signed_in(make_user(district=make_district("440112"), role="viewer"))

    assert "10,000" in read(viewer, address).text
    assert viewer.post(address, {"month": "2026-09"}).status_code == 403
    read(signed_in(make_user(district=make_district("440113"))), address, 404)


def test_reports_of_a_confidential_project_are_hidden_with_it(officer: User) -> None:
    project = make_project("密", district=make_district("440112"), confidential=True)
    report(project, "2026-10", YI, narrative="某跨国药企")
    viewer = signed_in(make_user(district=make_district("440112"), role="viewer"))

    read(viewer, f"{LIST}{project.pk}/reports/", 404)
    assert "某跨国药企" not in read(viewer, f"{LIST}{project.pk}/history/").text
    assert "某跨国药企" in read(signed_in(officer), f"{LIST}{project.pk}/reports/").text


def test_a_version_from_before_a_report_is_restored_without_it_in_the_way(officer: User) -> None:
    project = Project.objects.get(code="A")
    project.total_investment = 5 * YI
    services.save_project(project, actor=None, at=NOW)
    report(project, "2026-10", YI)

    services.restore_version(Project.objects.get(pk=project.pk), 1, actor=None, at=NOW)

    assert Project.objects.get(pk=project.pk).total_investment == 34 * YI
    assert ProgressReport.objects.count() == 1


def test_nobody_outside_finds_these_pages(client: Client) -> None:
    for path in (LAYOUTS, f"{LAYOUTS}add/", f"{LAYOUTS}1/"):
        assert client.get(path).status_code == 302
