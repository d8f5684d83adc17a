"""What two alike projects are is decided by a person: merged, a phase, an increase or different; told, kept, undone."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from config.api.outcomes import StaleVersion
from projects import services
from projects.models import (
    Attachment,
    BulkChange,
    Charge,
    District,
    DuplicateCheck,
    DuplicateDecision,
    DuplicatePair,
    LedgerEntry,
    Project,
    Revision,
    Verdict,
)
from projects.services import Decision
from projects.services.bulk import Registration, register_many
from tests.makers import NOW, YI, fresh, make_huangpu, make_organization, make_project, make_uscc, make_user
from tests.test_attachments import PDF
from tracking.audit import find_differences
from tracking.cells import roll_up

LATER = NOW + timedelta(hours=1)
SIGNED, STARTED = date(2023, 1, 29), date(2023, 5, 2)


@pytest.fixture
def places(db) -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def twins(places) -> tuple[Project, Project]:
    """The same project, recorded in two districts: each knows something that the other does not."""
    first = make_project(
        "云基地", district=places["440112"], total_investment=20 * YI, milestones={"signed": SIGNED}
    )
    second = make_project(
        "云基地项目", district=places["440113"], total_investment=21 * YI, expected_output=5 * YI,
        milestones={"signed": SIGNED + timedelta(days=3), "started": STARTED},
    )  # fmt: skip
    return fresh(first), fresh(second)


def same(main: Project, other: Project, *chosen: str, **more: Any) -> DuplicateDecision:
    decision = Decision(Verdict.SAME, "签了两次", main, chosen)
    return services.decide(main, other, decision, **{"actor": None, "at": LATER, **more})


def waiting() -> list[tuple[str, str]]:
    return [(pair.first.name, pair.second.name) for pair in DuplicatePair.objects.waiting()]


def differences() -> list[Any]:
    """What the audit finds once everything is rolled up."""
    roll_up()
    return list(find_differences())


def counted(project: Project) -> dict[str, int | None]:
    entries = LedgerEntry.objects.current().filter(project=project)
    return {entry.kind: entry.investment for entry in entries}


# --- the queue --------------------------------------------------------------------------------------------------------


def test_a_pair_is_found_after_a_save_once_and_waits(twins):
    assert services.compare_waiting(LATER) == 1
    assert services.compare_waiting(LATER) == 0

    (pair,) = DuplicatePair.objects.all()
    assert (pair.first, pair.second) == twins
    assert (pair.reasons, pair.waits, pair.found_at) == (["name_and_amount"], True, LATER)
    assert not DuplicateCheck.objects.exists()


def test_a_save_that_changes_nothing_that_is_compared_asks_for_no_comparison(twins):
    services.compare_waiting(LATER)
    project = fresh(twins[0])
    project.remark = "备注"
    services.save_project(project, actor=None, at=LATER)
    assert not DuplicateCheck.objects.exists()

    project.total_investment = YI
    services.save_project(project, actor=None, at=LATER)
    assert [check.project for check in DuplicateCheck.objects.all()] == [project]


def test_a_pair_that_is_alike_no_longer_waits_no_longer_and_again_when_it_is(twins):
    services.compare_waiting(LATER)
    first = fresh(twins[0])
    first.name = "别的基地"
    services.save_project(first, actor=None, at=LATER)
    services.compare_waiting(LATER)
    assert waiting() == []

    first.name = "云基地"
    services.save_project(first, actor=None, at=LATER)
    assert services.compare_waiting(LATER) == 1
    assert waiting() == [("云基地", "云基地项目")]


def test_a_pair_waits_no_longer_as_soon_as_one_is_void_and_again_when_it_is_restored(twins):
    services.compare_waiting(LATER)
    services.void_project(twins[0], "误录", actor=None, at=LATER)
    assert waiting() == []
    services.compare_waiting(LATER)
    assert waiting() == []

    services.restore_project(fresh(twins[0]), actor=None, at=LATER)
    services.compare_waiting(LATER)
    assert waiting() == [("云基地", "云基地项目")]


def test_what_was_called_different_is_asked_again_only_for_a_reason_that_is_new(twins):
    services.compare_waiting(LATER)
    services.decide(*twins, Decision(Verdict.DIFFERENT, "两个公司"), actor=None, at=LATER)
    first = fresh(twins[0])
    first.total_investment = 20 * YI + 1
    services.save_project(first, actor=None, at=LATER)
    assert services.compare_waiting(LATER) == 0
    assert waiting() == []

    for project in (first, fresh(twins[1])):
        project.approval_code = "2301-440112-04-01-123456"
        services.save_project(project, actor=None, at=LATER)
    assert services.compare_waiting(LATER) == 1
    assert DuplicateDecision.objects.count() == 1


def test_new_investors_are_compared_too(places):
    investor = make_organization(uscc=make_uscc(1))
    one, other = (make_project(f"{name}基地", district=places["440112"]) for name in "甲乙")
    services.compare_waiting(NOW)
    for project in (one, other):
        services.save_project(fresh(project), investors=[investor], actor=None, at=LATER)

    assert services.compare_waiting(LATER) == 1


def test_a_worker_that_dies_leaves_the_rows_for_the_next(twins, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("projects.services.comparing._renew", lambda *_given: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            services.compare_waiting(LATER)
    assert (DuplicateCheck.objects.count(), DuplicatePair.objects.count()) == (2, 0)

    assert services.compare_waiting(LATER) == 1


def test_the_command_finds_what_was_recorded_before_anybody_looked(twins):
    DuplicateCheck.objects.all().delete()
    said = io.StringIO()
    call_command("find_duplicates", stdout=said)
    call_command("find_duplicates", stdout=said)

    assert [line.split()[0] for line in said.getvalue().splitlines()] == ["1", "0"]
    assert waiting() == [("云基地", "云基地项目")]


def test_what_is_registered_in_bulk_is_compared_and_what_is_invented_is_not(places):
    make_project("云基地", district=places["440112"])
    services.compare_waiting(NOW)
    families = [
        Registration(Project(code=f"R{n}", name="云基地", district=places["440112"])) for n in range(2)
    ]
    register_many(families[:1], actor=None, at=NOW, compared=False)
    assert services.compare_waiting(NOW) == 0

    register_many(families[1:], actor=None, at=NOW)
    assert services.compare_waiting(NOW) == 2


def test_one_project_is_asked_about_with_few_others_however_many_are_alike(places):
    for _ in range(9):
        make_project("云基地", district=places["440112"])
    services.compare_waiting(NOW)
    DuplicatePair.objects.all().delete()
    new = make_project("云基地", district=places["440112"])

    services.compare_waiting(LATER)

    assert DuplicatePair.objects.filter(second=new).count() == 5


def test_an_investor_whose_credit_code_is_recorded_later_makes_a_pair(places):
    investor = make_organization()
    for name in "甲乙":
        project = Project(name=f"{name}基地", district=places["440112"])
        services.save_project(project, investors=[investor], actor=None, at=NOW)
    assert services.compare_waiting(NOW) == 0

    investor.uscc = make_uscc(1)
    services.save_versioned(investor, at=LATER)

    assert services.compare_waiting(LATER) == 1


def test_who_edits_in_one_of_the_districts_alone_sees_no_pair(places, twins):
    services.compare_waiting(LATER)
    pairs = DuplicatePair.objects
    of = {code: make_user(district=places[code]) for code in ("440100", "440112", "440113")}
    viewer = make_user(district=places["440100"], role="viewer")

    assert [pairs.editable_by(user).count() for user in of.values()] == [1, 0, 0]
    assert [pairs.visible_to(user).count() for user in of.values()] == [1, 0, 0]
    assert (pairs.visible_to(viewer).count(), pairs.editable_by(viewer).count()) == (1, 0)


# --- the same ---------------------------------------------------------------------------------------------------------


def test_the_kept_one_takes_over_what_it_lacks_and_the_other_is_void_and_points_to_it(twins):
    main, other = twins

    decision = same(main, other)

    main, other = fresh(main), fresh(other)
    assert (main.total_investment, main.expected_output) == (20 * YI, 5 * YI)
    assert {m.kind: m.happened_on for m in main.milestones.all()} == {"signed": SIGNED, "started": STARTED}
    assert (other.is_void, other.merged_into, other.exclusion_reason) == (True, main, "")
    assert list(main.merged.all()) == [other]
    assert (decision.verdict, decision.main, decision.reason, decision.is_undone) == (
        "same", main, "签了两次", False,
    )  # fmt: skip
    assert waiting() == []


def test_where_both_say_something_the_kept_one_holds_unless_the_other_was_chosen(twins):
    main, other = twins
    assert services.conflicts(main, other) == ["name", "district", "total_investment", "signed"]

    same(main, other, "total_investment", "signed")

    main = fresh(main)
    assert (main.name, main.district.code, main.total_investment) == ("云基地", "440112", 21 * YI)
    assert main.signed_on == SIGNED + timedelta(days=3)


def test_the_ledger_says_merged_and_every_total_is_right(twins):
    main, other = twins
    assert counted(other) == {"signed": 21 * YI, "started": 21 * YI}

    same(main, other)

    assert counted(fresh(main)) == {"signed": 20 * YI, "started": 20 * YI}
    assert counted(fresh(other)) == {}
    closed = LedgerEntry.objects.exclude(superseded_at=None)
    assert {entry.closing_cause for entry in closed} == {"merged"}
    assert set(LedgerEntry.objects.filter(recorded_at__gte=LATER).values_list("cause", flat=True)) == {
        "merged"
    }
    assert differences() == []


def test_investors_tags_people_and_files_go_over_where_they_are_lacking(twins, settings, tmp_path):
    settings.ATTACHMENT_FOLDER = tmp_path
    main, other = twins
    both, one = make_organization(), make_organization()
    services.save_project(main, investors=[both], actor=None, at=NOW)
    services.save_project(other, investors=[both, one], actor=None, at=NOW)
    for project, name in ((main, "甲区长"), (other, "乙区长")):
        leader = Charge(project=project, role="leader", name=name, from_on=date(2026, 1, 1))
        services.save_charge(leader, actor=None, at=NOW)
    officer = Charge(project=other, role="officer", name="王芳", from_on=date(2026, 1, 1))
    services.save_charge(officer, actor=None, at=NOW)
    services.attach_file(fresh(other), SimpleUploadedFile("合同.pdf", PDF), "contract", actor=None, at=NOW)

    same(fresh(main), fresh(other))

    main = fresh(main)
    assert set(main.investors.all()) == {both, one}
    assert {charge.name for charge in main.charges.all()} == {"甲区长", "王芳"}
    assert [file.name for file in main.attachments.kept()] == ["合同.pdf"]

    services.undo_bulk(BulkChange.objects.get(), actor=None, at=LATER)

    assert set(main.investors.all()) == {both}
    assert {charge.name for charge in main.charges.all()} == {"甲区长"}
    assert not main.attachments.kept().exists()
    assert Attachment.objects.filter(project=other).kept().count() == 1


def test_a_merge_is_undone_as_one_and_the_pair_waits_again(twins):
    main, other = twins
    services.compare_waiting(LATER)
    before = (counted(main), counted(other))
    decision = same(main, other, "total_investment")

    services.undo_bulk(BulkChange.objects.get(), actor=None, at=LATER)

    main, other = fresh(main), fresh(other)
    assert (counted(main), counted(other)) == before
    assert (other.is_void, other.merged_into, main.total_investment) == (False, None, 20 * YI)
    assert list(main.milestones.values_list("kind", flat=True)) == ["signed"]
    assert DuplicateDecision.objects.get(pk=decision.pk).is_undone
    assert waiting() == [("云基地", "云基地项目")]
    services.compare_waiting(LATER)
    assert waiting() == [("云基地", "云基地项目")]
    assert differences() == []
    same(main, other)  # and may be decided anew
    assert DuplicateDecision.objects.count() == 2


def test_a_merge_on_which_something_was_built_is_not_undone(twins):
    main, other = twins
    same(main, other)
    main = fresh(main)
    main.remark = "后来的修改"
    services.save_project(main, actor=None, at=LATER)

    with pytest.raises(services.BuiltUpon):
        services.undo_bulk(BulkChange.objects.get(), actor=None, at=LATER)
    assert fresh(other).is_void


def test_both_histories_say_what_happened_and_why(twins):
    main, other = twins
    same(main, other)

    for project in (main, other):
        last = Revision.objects.filter(project=project).latest("version")
        assert (last.reason, last.bulk and last.bulk.title) == (
            "签了两次", f"{other.code} 并入 {main.code}",
        )  # fmt: skip
    changed = {change["field"]: change["after"] for change in last.changes}
    assert changed["merged_into"] == main.pk


def test_restoring_the_void_one_by_hand_ends_the_pointer(twins):
    main, other = twins
    same(main, other)

    services.restore_project(fresh(other), actor=None, at=LATER)

    assert (fresh(other).is_void, fresh(other).merged_into) == (False, None)


@pytest.mark.parametrize("what", ["void", "confidential", "phases", "itself", "no main", "no reason"])
def test_what_cannot_be_merged_is_refused_with_a_sentence_and_nothing_changes(places, twins, what):
    main, other = twins
    decision = Decision(Verdict.SAME, "签了两次", main)
    if what == "void":
        services.void_project(other, "误录", actor=None, at=NOW)
    if what == "confidential":
        other = make_project("密", district=places["440112"], confidential=True)
    if what == "phases":
        other = make_project("整体", district=places["440112"])
        make_project("整体", district=places["440112"], parent=fresh(other), phase="一期")
    if what == "itself":
        other = main
    if what == "no main":
        decision.main = None
    if what == "no reason":
        decision.reason = " "
    before = list(Project.objects.order_by("pk").values())

    with pytest.raises(ValidationError) as refused:
        services.decide(main, other, decision, actor=None, at=LATER)

    assert refused.value.messages[0].endswith("。")
    assert list(Project.objects.order_by("pk").values()) == before
    assert not DuplicateDecision.objects.exists()


def test_who_decides_on_what_somebody_else_has_changed_is_told(twins):
    main, other = twins
    services.void_project(fresh(other), "误录", actor=None, at=NOW)

    with pytest.raises(StaleVersion):
        same(main, other)
    assert not DuplicateDecision.objects.exists()


def test_milestones_that_would_run_backwards_together_are_refused(places):
    main = make_project("甲", district=places["440112"], milestones={"signed": STARTED})
    other = make_project("甲", district=places["440112"], milestones={"started": SIGNED})

    with pytest.raises(ValidationError, match="早于"):
        same(fresh(main), fresh(other))


def test_where_changes_are_reviewed_the_merge_counts_once_it_is_approved(places, settings, twins):
    settings.APPROVAL_REQUIRED = True
    main, other = twins

    same(main, other)

    assert counted(main) == {"signed": 20 * YI}
    assert counted(other) == {"signed": 21 * YI, "started": 21 * YI}


# --- a phase, an increase, different ----------------------------------------------------------------------------------


def test_one_becomes_a_phase_of_the_other_which_is_split_where_it_has_milestones(twins):
    main, other = twins
    decision = Decision(Verdict.PHASE, "分两期建设", main, phase="二期")

    made = services.decide(main, other, decision, actor=None, at=LATER)

    phases = Project.objects.filter(parent=main).order_by("phase")
    assert [(p.phase, p.total_investment) for p in phases] == [("一期", 20 * YI), ("二期", 21 * YI)]
    assert counted(main) == {}
    assert counted(other) == {"signed": 21 * YI, "started": 21 * YI}
    assert (made.bulk, made.main) == (None, main)
    assert differences() == []
    services.compare_waiting(LATER)
    assert waiting() == []


def test_a_further_phase_joins_the_others_and_can_be_taken_back(places):
    whole = make_project("整体", district=places["440112"])
    make_project("整体", district=places["440112"], parent=fresh(whole), phase="一期")
    other = make_project("整体二", district=places["440112"], milestones={"signed": SIGNED})

    made = services.decide(
        fresh(whole),
        fresh(other),
        Decision(Verdict.PHASE, "二期", fresh(whole), phase="二期"),
        actor=None,
        at=LATER,
    )
    assert fresh(other).parent == whole

    assert made.bulk
    services.undo_bulk(made.bulk, actor=None, at=LATER)
    assert fresh(other).parent is None


def test_a_capital_increase_counts_what_it_adds_and_no_more(twins):
    main, other = twins
    decision = Decision(
        Verdict.INCREASE, "增资扩产", main, phase="增资", main_phase="原项目",
        amounts={"total_investment": YI, "expected_output": None},
    )  # fmt: skip

    services.decide(main, other, decision, actor=None, at=LATER)

    other = fresh(other)
    assert (other.parent, other.phase, other.total_investment, other.expected_output) == (
        main,
        "增资",
        YI,
        None,
    )
    assert counted(other) == {"signed": YI, "started": YI}
    assert [p.total_investment for p in Project.objects.filter(parent=main, phase="原项目")] == [20 * YI]


def test_a_phase_needs_its_label(twins):
    with pytest.raises(ValidationError) as refused:
        services.decide(*twins, Decision(Verdict.PHASE, "二期", twins[0]), actor=None, at=LATER)
    assert list(refused.value.error_dict) == ["phase"]


def test_different_projects_stay_as_they_are_and_the_word_is_kept(twins):
    before = list(Project.objects.order_by("pk").values())
    officer = make_user()

    made = services.decide(*twins, Decision(Verdict.DIFFERENT, "两个公司"), actor=officer, at=LATER)

    assert list(Project.objects.order_by("pk").values()) == before
    assert (made.verdict, made.actor, made.at, made.main) == ("different", officer, LATER, None)
    assert not BulkChange.objects.exists()
