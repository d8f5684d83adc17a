"""Workbooks imported: checked first, then all or nothing; the same again changes nothing; taken back as a whole."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from projects import imports, services
from projects.models import Import, ImportMapping, LedgerEntry, Milestone, Organization, Project, Revision
from tests.makers import NOW, WAN, YI, make_huangpu, make_project, make_sector, make_user
from tests.workbooks_made import checked, codes, committed, make_workbook, said, send, undone, worked

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=5)
ROWS = [
    ["生物岛研发中心", "黄埔区", 340000, date(2023, 1, 29), date(2024, 3, 1)],
    ["智能装备基地", "440112-GDD", "约20亿", "2023年一季度", None],
]


@pytest.fixture
def places():
    return make_huangpu()


@pytest.fixture
def officer(places):
    return make_user("officer", district=places["440112"])


def test_a_workbook_is_checked_looked_at_and_imported_as_a_whole(places, officer):
    run = checked(ROWS, into=places["440112"], actor=officer)

    assert (run.status, run.rows, run.created, run.error_count) == ("ready", 2, 2, 0)
    assert not Project.objects.exists()

    run = committed(run, officer)

    assert (run.status, run.committed_by) == ("committed", officer)
    first, second = Project.objects.order_by("pk")
    assert (first.name, first.district.code, first.total_investment) == ("生物岛研发中心", "440112", 34 * YI)
    assert (first.signed_on, first.planned_start_on) == (date(2023, 1, 29), date(2024, 3, 1))
    assert (second.district.code, second.total_investment, second.investment_estimated) == (
        "440112-GDD",
        20 * YI,
        True,
    )
    assert Milestone.objects.get(project=second).precision == "quarter"
    assert set(Revision.objects.values_list("door", "bulk", "actor")) == {("import", run.bulk_id, officer.pk)}
    assert LedgerEntry.objects.filter(project=first).exists()


def test_the_same_workbook_again_changes_nothing_and_says_so(places, officer):
    committed(checked(ROWS, into=places["440112"], actor=officer), officer)

    again = checked(ROWS, into=places["440112"], actor=officer)

    assert (again.status, again.created, again.changed, again.unchanged) == ("ready", 0, 0, 2)
    with pytest.raises(imports.asking.NothingNew):
        imports.ask_to_commit(again, actor=officer, at=NOW)
    assert Project.objects.count() == 2


def test_what_changes_is_told_field_by_field_and_empty_cells_change_nothing(places, officer):
    project = make_project("生物岛研发中心", district=places["440112"], total_investment=YI, remark="旧")

    run = checked(
        [["生物岛研发中心", "黄埔区", 340000, "2023.1.29", None]], into=places["440112"], actor=officer
    )

    (line,) = said(run, "changed")
    assert {(c["of"], c["field"], c["before"], c["after"]) for c in line["changes"]} == {
        ("project", "total_investment", YI, 34 * YI),
        ("signed", "happened_on", None, "2023-01-29"),
        ("signed", "precision", "", "day"),
    }
    committed(run, officer)
    project = Project.objects.get(pk=project.pk)
    assert (project.total_investment, project.remark, project.signed_on) == (34 * YI, "旧", date(2023, 1, 29))


NOTES = ("项目编号", "项目名称", "所属区", "开工日期", "开工说明", "终止说明")


def test_notes_of_steps_come_in_beside_their_dates(places, officer):
    rows = [
        ["A-1", "生物岛研发中心", "黄埔区", "日期不详", "2023年见其在建。\n未见开工报道。", None],
        ["A-2", "智能装备基地", "黄埔区", "2023.1.29", None, None],
    ]

    run = checked(make_workbook(rows, NOTES), into=places["440112"], actor=officer)

    (first, _second) = said(run, "created")
    assert ("started", "note", "", "2023年见其在建。\n未见开工报道。") in {
        (c["of"], c["field"], c["before"], c["after"]) for c in first["changes"]
    }
    committed(run, officer)
    notes = Milestone.objects.order_by("project__code").values_list("kind", "precision", "note")
    assert list(notes) == [("started", "unknown", "2023年见其在建。\n未见开工报道。"), ("started", "day", "")]
    again = checked(make_workbook(rows, NOTES), into=places["440112"], actor=officer)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)


def test_a_note_of_a_recorded_or_planned_step_needs_no_date_beside_it(places, officer):
    recorded = make_project(
        "甲", code="A-1", district=places["440112"], milestones={"started": date(2023, 1, 29)}
    )
    head = ("项目编号", "项目名称", "所属区", "计划竣工时间", "开工说明", "竣工说明")

    run = checked(
        make_workbook([["A-1", "甲", "黄埔区", None, "桩基先行", None],
                       ["A-2", "乙", "黄埔区", "2027-06-30", None, "分两期"]], head),
        into=places["440112"], actor=officer,
    )  # fmt: skip

    (line,) = said(run, "changed")
    assert line["changes"] == [{"of": "started", "field": "note", "before": "", "after": "桩基先行"}]
    assert committed(run, officer).status == "committed"
    assert recorded.milestones.get().note == "桩基先行"
    assert Milestone.objects.get(project__code="A-2").note == "分两期"


def test_what_stopped_a_project_comes_in_with_its_reason_and_not_without(places, officer):
    head = ("项目编号", "项目名称", "所属区", "签约日期", "停建日期", "停建原因")
    rows = [
        ["A-1", "甲", "黄埔区", "2022-01-05", "2023-02-01", "资金不到位"],
        ["A-2", "乙", "黄埔区", "2022-01-05", "2023-02-01", None],
    ]

    run = checked(make_workbook(rows, head), into=places["440112"], actor=officer)

    assert codes(run) == [(3, "停建日期", "reason_required")]
    run = committed(checked(make_workbook(rows[:1], head), into=places["440112"], actor=officer), officer)
    assert run.status == "committed"
    stopped = Milestone.objects.get(kind="suspended")
    assert (stopped.happened_on, stopped.reason) == (date(2023, 2, 1), "funding")


def test_a_note_without_its_step_is_an_error_at_its_cell_and_never_lost(places, officer):
    rows = [
        ["A-1", "甲", "黄埔区", None, "已开工", "资金问题"],
        ["A-2", "乙", "黄埔区", "2023-02-30", "桩基先行", None],
    ]

    run = checked(make_workbook(rows, NOTES), into=places["440112"], actor=officer)

    assert codes(run) == [
        (2, "开工说明", "note_without_date"),
        (2, "终止说明", "note_without_date"),
        (3, "开工日期", said(run)[-1]["code"]),
    ]
    assert "日期" in said(run)[0]["detail"]["zh-hans"]


def test_every_error_is_told_at_once_at_its_cell_and_nothing_is_imported(places, officer):
    rows = [
        ["甲项目", "番禺区", 1, "2023-01-29", None],
        ["乙项目", "火星区", "三十几个亿", "2026-02-30", None],
        [None, "黄埔区", 5, None, None],
        ["丁项目", "黄埔区", 5, "2099-01-01", None],
    ]

    run = checked(make_workbook(rows, title=["黄埔区项目表"]), into=places["440112"], actor=officer)

    assert run.status == "invalid"
    found = codes(run)
    assert (3, "所属区", "foreign_district") in found
    assert (4, "所属区", "unknown_district") in found
    assert {row for row, column, _code in found if column == "总投资（万元）"} == {4}
    assert {row for row, column, _code in found if column == "签约日期"} == {4, 6}
    assert (5, "", "required") in found
    assert run.refused == 4
    with pytest.raises(imports.asking.NothingNew):
        imports.ask_to_commit(run, actor=officer, at=NOW)
    assert not Project.objects.exists()


def test_a_doubtful_match_is_asked_and_not_guessed(places, officer):
    recorded = make_project("生物岛研发中心项目（一期）", district=places["440112"])

    run = checked([["生物岛研发中心", "黄埔区", 100, None, None]], into=places["440112"], actor=officer)

    assert run.status == "invalid"
    (question,) = said(run, "questions")
    assert [candidate["code"] for candidate in question["asked"]] == [recorded.code]

    same = worked(imports.answer(run, {question["key"]: recorded.code}, actor=officer, at=NOW))
    assert (same.status, same.changed, same.created) == ("ready", 1, 0)
    new = worked(imports.answer(same, {question["key"]: "new"}, actor=officer, at=NOW))
    assert (new.status, new.changed, new.created) == ("ready", 0, 1)


def test_two_rows_that_mean_one_project_are_refused(places, officer):
    head = ("项目编号", "项目名称", "所属区")
    book = make_workbook([["A-1", "甲", "黄埔区"], ["A-1", "乙", "黄埔区"]], head)

    run = checked(book, into=places["440112"], actor=officer)

    assert codes(run) == [(2, "项目编号", "code_twice"), (3, "项目编号", "code_twice")]


def test_taken_back_as_a_whole_and_imported_again_brings_the_same_projects_back(places, officer):
    kept = make_project("老项目", district=places["440112"], total_investment=YI)
    rows = [*ROWS, ["老项目", "黄埔区", 20000, None, None]]
    run = committed(checked(rows, into=places["440112"], actor=officer), officer)
    made = set(Project.objects.values_list("pk", flat=True))

    run = undone(run, officer, LATER)

    assert run.status == "undone"
    assert Project.objects.get(pk=kept.pk).total_investment == YI
    assert Project.objects.kept().count() == 1
    assert not LedgerEntry.objects.current().exclude(project=kept).exists()

    again = committed(checked(rows, into=places["440112"], actor=officer, at=LATER), officer, LATER)
    assert (again.status, again.created, again.changed) == ("committed", 0, 3)
    assert set(Project.objects.kept().values_list("pk", flat=True)) == made


def test_what_was_built_upon_is_not_taken_back(places, officer):
    run = committed(checked(ROWS, into=places["440112"], actor=officer), officer)
    project = Project.objects.order_by("pk")[0]
    project.remark = "后来"
    services.save_project(project, actor=officer, at=LATER)

    run = undone(run, officer, LATER)

    assert (run.status, run.notice) == ("committed", "built_upon")
    assert Project.objects.kept().count() == 2


def test_of_two_people_with_the_same_workbook_the_second_is_told(places, officer):
    colleague = make_user("colleague", district=places["440112"])
    first = checked(ROWS, into=places["440112"], actor=officer)
    second = checked(ROWS, into=places["440112"], actor=colleague)
    imports.ask_to_commit(first, actor=officer, at=NOW)
    imports.ask_to_commit(second, actor=colleague, at=NOW)

    first, second = worked(first), worked(second)

    assert (first.status, second.status, second.notice) == ("committed", "ready", "changed")
    assert (second.created, second.unchanged) == (0, 2)
    assert Project.objects.count() == 2


def test_a_project_changed_since_the_preview_is_looked_at_again(places, officer):
    project = make_project("生物岛研发中心", district=places["440112"], total_investment=YI)
    run = checked(ROWS, into=places["440112"], actor=officer)
    project.remark = "别人"
    services.save_project(project, actor=None, at=LATER)

    run = committed(run, officer, LATER)

    assert (run.status, run.notice, run.changed) == ("ready", "changed", 1)
    assert Project.objects.get(pk=project.pk).total_investment == YI


def test_columns_that_were_not_understood_are_told_and_what_is_said_of_them_is_remembered(places, officer):
    head = ("名字", "片区", "钱")
    book = make_workbook([["甲项目", "黄埔区", 100]], head)
    run = checked(book, into=places["440112"], actor=officer)
    assert run.status == "invalid"
    assert {line["code"] for line in said(run)} >= {"no_names"}

    mapping = imports.read_mapping(
        {"名字": "name", "片区": "district", "钱": {"field": "total_investment", "unit": WAN}}
    )
    run = worked(imports.explain_columns(run, mapping, actor=officer, at=NOW))

    assert run.status == "ready"
    assert ImportMapping.objects.filter(district=places["440112"]).count() == 3
    again = checked(book, into=places["440112"], actor=officer)
    assert (again.status, again.created) == ("ready", 1)


def test_investors_who_are_not_recorded_yet_are_entered(places, officer):
    known = services.save_versioned(Organization(name="广州工控集团"), at=NOW)
    head = ("项目名称", "所属区", "投资方", "所属产业")
    make_sector()
    book = make_workbook([["甲项目", "黄埔区", "广州工控集团；新来的公司", "生物医药"]], head)

    run = committed(checked(book, into=places["440112"], actor=officer), officer)

    project = Project.objects.get()
    assert {o.name for o in project.investors.all()} == {"广州工控集团", "新来的公司"}
    assert known in project.investors.all()
    assert project.sector.code == "biomedicine"
    again = checked(book, into=places["440112"], actor=officer)
    assert (run.status, again.unchanged) == ("committed", 1)


def test_a_phase_may_stand_before_the_project_that_it_is_a_phase_of(places, officer):
    head = ("项目编号", "项目名称", "所属区", "所属项目", "分期", "签约日期")
    book = make_workbook(
        [
            ["P-2", "科学城二期", "黄埔区", "P-1", "二期", "2023-02-01"],
            ["P-1", "科学城", "黄埔区", None, None, None],
        ],
        head,
    )

    run = committed(checked(book, into=places["440112"], actor=officer), officer)

    assert run.status == "committed"
    assert Project.objects.get(code="P-2").parent.code == "P-1"
    assert checked(book, into=places["440112"], actor=officer).unchanged == 2


def test_a_phase_of_a_row_that_is_refused_leaves_the_workbook_to_be_corrected(places, officer):
    gone = make_project("一号楼", code="P-1", district=places["440112"])
    services.void_project(gone, "重复", actor=officer, at=NOW)
    head = ("项目编号", "项目名称", "所属区", "所属项目")
    book = make_workbook([["P-1", "园区", "黄埔区", None], ["P-2", "一期", "黄埔区", "P-1"]], head)

    run = checked(book, into=places["440112"], actor=officer)

    assert (run.status, run.error_count) == ("invalid", 1)
    assert [code for _row, _column, code in codes(run)] == ["void_project"]


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence_of_both_languages(places, officer):
    run = checked(b"PK\x03\x04 not a workbook", into=places["440112"], actor=officer)

    assert (run.status, run.error_count) == ("invalid", 1)
    (finding,) = said(run)
    assert finding["detail"]["zh-hans"] != finding["detail"]["en"]


def test_who_lost_the_role_meanwhile_imports_nothing(places, officer):
    run = checked(ROWS, into=places["440112"], actor=officer)
    imports.ask_to_commit(run, actor=officer, at=NOW)
    officer.memberships.all().delete()

    run = worked(run)

    assert (run.status, run.notice) == ("ready", "forbidden")
    assert not Project.objects.exists()


def test_a_job_that_never_ends_is_given_up_after_three_tries(places, officer, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(imports.jobs.checking, "check", broken)
    run = worked(send(ROWS, into=places["440112"], actor=officer))

    assert (run.status, run.job, Import.objects.get().tries) == ("failed", "", 0)


def test_who_does_not_see_a_project_elsewhere_is_not_told_that_a_row_may_be_it(places, officer):
    elsewhere = make_project("大湾区算力中心", district=places["440113"], total_investment=34 * YI)
    services.add_member(officer, places["440113"], "viewer")
    colleague = make_user("colleague", district=places["440112"])

    run = checked(
        [["大湾区算力中心项目", "黄埔区", 340000, None, None]], into=places["440112"], actor=officer
    )

    (warning,) = said(run, "warnings")
    assert (run.status, warning["code"]) == ("ready", "duplicate")
    assert elsewhere.code in warning["detail"]["zh-hans"]
    assert imports.told_to([warning], officer) == [warning]
    assert imports.told_to([warning], colleague) == []
