"""Review: what is saved counts once somebody else has approved it; until then what was approved last counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from config.api.outcomes import StaleVersion
from projects import services
from projects.models import Charge, Comment, LedgerEntry, Milestone, Project, Review, Tag
from projects.services import RefusedChanges
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_user,
    record,
)
from tests.reviews import approve, counted, make_people, submit
from tracking import cells
from tracking.audit import find_differences
from tracking.audits import run_now

pytestmark = pytest.mark.django_db

SIGNED: Any = {"signed": date(2023, 1, 29)}


@pytest.fixture
def people(settings):
    """The review is on, and these work in 黄埔区."""
    settings.APPROVAL_REQUIRED = True
    return make_people(make_huangpu()["440112"])


def codes_of(refused: RefusedChanges) -> dict[int, str | None]:
    return {place: getattr(refusal, "code", "stale") for place, refusal in refused.refusals.items()}


# --- what counts --------------------------------------------------------------------------------------------------


def test_where_nobody_reviews_what_is_saved_is_approved_and_counts_at_once():
    project = make_project(total_investment=YI, milestones=SIGNED)

    assert fresh(project).review == Review.APPROVED
    assert counted(project) == {"signed": YI}


def test_a_new_project_counts_for_nothing_until_it_is_approved(people):
    project = make_project(total_investment=YI, milestones=SIGNED, actor=people["editor"])
    before = counted(project)
    approved = approve(project, people["editor"], people["reviewer"])

    assert (project.review, before) == (Review.DRAFT, {})
    assert (approved.review, counted(project)) == (Review.APPROVED, {"signed": YI})
    assert LedgerEntry.objects.get().actor == people["reviewer"]


def test_an_approved_project_that_is_changed_counts_as_approved_until_the_change_is_approved_too(people):
    project = approve(
        make_project(total_investment=YI, milestones=SIGNED), people["editor"], people["reviewer"]
    )
    project.total_investment = 2 * YI
    services.save_project(project, actor=people["editor"], at=NOW)
    record(fresh(project), "started", date(2023, 5, 1))
    waiting = (fresh(project).review, counted(project))
    approve(project, people["editor"], people["reviewer"])

    assert waiting == (Review.DRAFT, {"signed": YI})
    assert counted(project) == {"signed": 2 * YI, "started": 2 * YI}


@pytest.mark.parametrize(
    "change",
    [
        lambda p: services.void_project(p, "entered twice", actor=None, at=NOW),
        lambda p: services.exclude_project(p, "real_estate", actor=None, at=NOW),
        lambda p: services.remove_milestone(p.milestones.get(), actor=None, at=NOW),
    ],
)
def test_what_takes_a_project_out_of_the_totals_waits_likewise(people, change):
    project = approve(
        make_project(total_investment=YI, milestones=SIGNED), people["editor"], people["reviewer"]
    )
    change(project)
    before = counted(project)
    approve(project, people["editor"], people["reviewer"])

    assert (before, counted(project)) == ({"signed": YI}, {})


def test_a_project_that_moves_counts_in_its_old_district_until_the_move_is_approved(people):
    project = approve(make_project(milestones=SIGNED), people["editor"], people["reviewer"])
    project.district = make_district("440113")
    services.save_project(project, actor=None, at=NOW)
    before = LedgerEntry.objects.current().get().district.code
    approve(project, people["editor"], people["reviewer"])

    assert (before, LedgerEntry.objects.current().get().district.code) == ("440112", "440113")


def test_many_changes_at_once_wait_as_single_ones_do(people):
    projects = [Project(name=f"项目{n}", district=make_district()) for n in range(3)]
    signed = [Milestone(project=p, kind="signed", happened_on=date(2023, 1, 29)) for p in projects]
    changes = [services.Change(p, [m]) for p, m in zip(projects, signed, strict=True)]
    services.save_projects(changes, actor=people["editor"], at=NOW)
    before = LedgerEntry.objects.count()
    submitted = [submit(project, people["editor"]) for project in projects]
    services.approve(submitted, actor=people["reviewer"], at=NOW)

    assert (before, LedgerEntry.objects.count()) == (0, 3)


# --- phases -------------------------------------------------------------------------------------------------------


def split(project: Project) -> list[Project]:
    phases = [Project(name=project.name, phase=f"{n}期", district=project.district) for n in "一二"]
    return services.split_project(project, phases, actor=None, at=NOW)


def test_a_project_that_was_split_counts_until_its_first_phase_is_approved(people):
    whole = approve(
        make_project(total_investment=YI, milestones=SIGNED), people["editor"], people["reviewer"]
    )
    first, second = split(whole)
    after_splitting = counted(whole)
    approve(second, people["editor"], people["reviewer"])
    after_the_second = counted(whole)
    approve(first, people["editor"], people["reviewer"])

    assert after_splitting == {"signed": YI}
    assert after_the_second == {}
    assert counted(first) == {"signed": None}


def test_approving_the_split_project_itself_first_leaves_no_gap(people):
    whole = approve(make_project(milestones=SIGNED), people["editor"], people["reviewer"])
    first, _second = split(whole)
    approve(whole, people["editor"], people["reviewer"])
    before = counted(whole)
    approve(first, people["editor"], people["reviewer"])

    assert (before, counted(whole), counted(first)) == ({"signed": None}, {}, {"signed": None})
    assert set(LedgerEntry.objects.filter(project=first).values_list("cause", flat=True)) == {"split"}
    assert set(LedgerEntry.objects.filter(project=whole).values_list("closing_cause", flat=True)) == {"split"}


def test_a_project_and_its_phases_may_be_approved_together(people):
    whole = approve(make_project(milestones=SIGNED), people["editor"], people["reviewer"])
    family = [submit(project, people["editor"]) for project in (whole, *split(whole))]
    services.approve(family, actor=people["reviewer"], at=NOW)

    assert [counted(project) for project in family] == [{}, {"signed": None}, {}]


def test_a_parent_that_waits_is_never_posted_for_the_sake_of_a_phase(people):
    whole = approve(make_project(), people["editor"], people["reviewer"])
    phase = make_project(parent=whole, phase="一期", milestones=SIGNED)
    approve(phase, people["editor"], people["reviewer"])
    services.void_project(fresh(phase), "entered twice", actor=None, at=NOW)
    record(fresh(whole), "signed", date(2023, 2, 1))
    approve(phase, people["editor"], people["reviewer"])

    assert (counted(whole), counted(phase)) == ({}, {})
    approve(whole, people["editor"], people["reviewer"])
    assert counted(whole) == {"signed": None}


def test_a_parent_counts_again_only_when_its_phase_is_void_by_approval(people):
    whole = approve(make_project(), people["editor"], people["reviewer"])
    phase = make_project(parent=whole, phase="一期", milestones=SIGNED)
    approve(phase, people["editor"], people["reviewer"])
    services.void_project(fresh(phase), "entered twice", actor=None, at=NOW)
    record(fresh(whole), "signed", date(2023, 2, 1))
    approve(whole, people["editor"], people["reviewer"])
    before = (counted(whole), counted(phase))
    approve(phase, people["editor"], people["reviewer"])

    assert before == ({}, {"signed": None})  # never both
    assert (counted(whole), counted(phase)) == ({"signed": None}, {})


# --- the steps ----------------------------------------------------------------------------------------------------


def test_what_is_returned_says_why_and_is_submitted_again(people):
    project = submit(make_project(), people["editor"])
    services.return_projects([project], "合同金额与附件不符", actor=people["reviewer"], at=NOW)
    returned = fresh(project)
    again = submit(project, people["editor"])

    assert (returned.review, again.review) == (Review.RETURNED, Review.SUBMITTED)
    said = Comment.objects.get(kind="returned")
    assert (said.author, said.text) == (people["reviewer"], "合同金额与附件不符")


@pytest.mark.parametrize("text", ["", "   ", "——", "a\u202eb", "x" * 2001])
def test_nothing_is_returned_without_a_readable_comment(people, text):
    project = submit(make_project(), people["editor"])

    with pytest.raises(ValidationError):
        services.return_projects([project], text, actor=people["reviewer"], at=NOW)

    assert fresh(project).review == Review.SUBMITTED


def test_a_change_of_what_was_submitted_makes_it_a_draft_that_cannot_be_approved(people):
    seen = submit(make_project(), people["editor"])
    record(fresh(seen), "signed", date(2023, 1, 29))

    with pytest.raises(RefusedChanges) as refused:
        services.approve([seen], actor=people["reviewer"], at=NOW)

    assert isinstance(refused.value.refusals[0], StaleVersion)
    assert fresh(seen).review == Review.DRAFT
    with pytest.raises(RefusedChanges) as refused:
        services.approve([fresh(seen)], actor=people["reviewer"], at=NOW)
    assert codes_of(refused.value) == {0: "review"}


def test_nothing_is_approved_or_submitted_twice(people):
    approved = approve(make_project(), people["editor"], people["reviewer"])

    for step in (services.approve, services.submit):
        with pytest.raises(RefusedChanges) as refused:
            step([approved], actor=people["reviewer"], at=NOW)
        assert codes_of(refused.value) == {0: "review"}
    assert Comment.objects.filter(kind="approved").count() == 1


def test_nobody_approves_what_they_have_changed_or_submitted_since_it_was_approved_last(people):
    editor, colleague, reviewer = (people[name] for name in ("editor", "colleague", "reviewer"))
    for user in (editor, colleague):
        services.add_member(user, make_district(), "reviewer")
    project = make_project(milestones=SIGNED, actor=colleague)
    record(project, "started", date(2023, 5, 1), actor=editor)
    submitted = submit(project, reviewer)

    for user in (editor, colleague, reviewer):
        with pytest.raises(RefusedChanges) as refused:
            services.approve([submitted], actor=user, at=NOW)
        assert codes_of(refused.value) == {0: "own"}
    services.approve([submitted], actor=people["second"], at=NOW)
    assert fresh(project).is_approved


@pytest.mark.parametrize("name", ["returned", "approved"])
def test_a_name_that_sounds_like_a_decision_is_still_a_change_of_ones_own(people, name):
    services.add_member(people["editor"], make_district(), "reviewer")
    project = approve(make_project(), people["colleague"], people["reviewer"])
    project.name = name
    services.save_project(project, actor=people["editor"], at=NOW)

    with pytest.raises(RefusedChanges):
        services.approve([submit(project, people["colleague"])], actor=people["editor"], at=NOW)


def test_a_superuser_approves_their_own_as_little_as_others(people):
    root = make_user("root", superuser=True)
    submitted = submit(make_project(actor=root), people["editor"])

    with pytest.raises(RefusedChanges):
        services.approve([submitted], actor=root, at=NOW)


def test_returning_is_no_change_of_ones_own_and_what_was_approved_is_nobodys_any_more(people):
    project = submit(make_project(actor=people["editor"]), people["editor"])
    services.return_projects([project], "缺附件", actor=people["reviewer"], at=NOW)
    approve(project, people["editor"], people["reviewer"])
    record(fresh(project), "signed", date(2023, 1, 29), actor=people["reviewer"])
    services.approve([submit(project, people["colleague"])], actor=people["editor"], at=NOW)

    assert fresh(project).is_approved


def test_a_save_that_changes_nothing_leaves_the_review_where_it_is(people):
    organization = make_organization()
    project = make_project(milestones=SIGNED)
    services.save_project(project, actor=None, at=NOW, investors=[organization])
    approve(project, people["editor"], people["reviewer"])
    services.save_project(fresh(project), actor=None, at=NOW, investors=[organization])
    same = fresh(project)
    services.save_project(fresh(project), actor=None, at=NOW, investors=[])

    assert same.is_approved
    assert fresh(project).review == Review.DRAFT


def test_tags_wait_for_approval_and_who_is_in_charge_does_not(people):
    project = approve(make_project(milestones=SIGNED), people["editor"], people["reviewer"])
    officer = Charge(project=project, role="leader", name="张区长", from_on=date(2026, 1, 1))
    services.save_charge(officer, actor=people["editor"], at=NOW)
    in_charge = fresh(project)
    tag = services.save_reference(Tag(code="lead", name="链主"))
    services.save_project(fresh(project), actor=people["editor"], at=NOW, tags=[tag])

    assert in_charge.is_approved
    assert fresh(project).review == Review.DRAFT


def test_an_earlier_version_is_restored_as_a_draft_and_the_review_itself_never_comes_back(people):
    project = approve(
        make_project(total_investment=YI, milestones=SIGNED), people["editor"], people["reviewer"]
    )
    project.total_investment = 2 * YI
    services.save_project(project, actor=None, at=NOW)
    approve(project, people["editor"], people["reviewer"])
    restored = services.restore_version(fresh(project), 1, actor=people["editor"], at=NOW)

    assert (restored.total_investment, fresh(project).review) == (YI, Review.DRAFT)
    assert counted(project) == {"signed": 2 * YI}


def test_the_history_says_who_decided(people):
    project = approve(make_project(actor=people["editor"]), people["editor"], people["reviewer"])

    steps = [
        (r.actor, [(c["before"], c["after"]) for c in r.changes])
        for r in project.revisions.order_by("version")
    ]

    assert steps == [
        (people["editor"], []),
        (people["editor"], [("draft", "submitted")]),
        (people["reviewer"], [("submitted", "approved")]),
    ]


def test_of_many_all_are_decided_or_none_and_each_refusal_is_named(people):
    good = submit(make_project(milestones=SIGNED), people["editor"])
    draft = make_project()
    stale = submit(make_project(), people["editor"])
    stale.version -= 1

    with pytest.raises(RefusedChanges) as refused:
        services.approve([good, draft, stale], actor=people["reviewer"], at=NOW)

    assert codes_of(refused.value) == {1: "review", 2: "stale"}
    assert fresh(good).review == Review.SUBMITTED
    assert not LedgerEntry.objects.exists()
    assert not Comment.objects.filter(kind="approved").exists()


# --- the audit ----------------------------------------------------------------------------------------------------


def test_the_audit_finds_no_difference_in_what_waits_and_says_how_much_it_left_out(people):
    changed, moved, voided, whole, _same = (
        approve(make_project(milestones=SIGNED, total_investment=YI), people["editor"], people["reviewer"])
        for _ in range(5)
    )
    changed.total_investment = 5 * YI
    services.save_project(changed, actor=None, at=NOW)
    moved.district = make_district("440113")
    services.save_project(moved, actor=None, at=NOW)
    services.void_project(voided, "entered twice", actor=None, at=NOW)
    first, _second = split(whole)
    approve(first, people["editor"], people["reviewer"])
    make_project(milestones=SIGNED)
    cells.roll_up()

    run, differences = run_now(NOW + timedelta(hours=1))

    assert differences == []
    assert run.left_out == 6  # three changes, a new one, the split one and its second phase


def test_the_audit_still_finds_what_is_wrong_beside_what_waits(people):
    right = approve(
        make_project(milestones=SIGNED, total_investment=YI), people["editor"], people["reviewer"]
    )
    waiting = approve(make_project(milestones=SIGNED), people["editor"], people["reviewer"])
    record(waiting, "started", date(2023, 5, 1))
    cells.roll_up()

    Project.objects.filter(pk=right.pk).update(total_investment=3 * YI)

    assert {(d.where, d.figure) for d in find_differences()} == {
        ("ledger", "entered investment"),
        ("cell", "entered investment"),
        ("sector", "entered investment"),
    }


# --- the switch ---------------------------------------------------------------------------------------------------


def test_what_was_recorded_before_the_review_was_switched_on_is_approved(settings):
    project = make_project(total_investment=YI, milestones=SIGNED)
    settings.APPROVAL_REQUIRED = True
    project.total_investment = 2 * YI
    services.save_project(project, actor=None, at=NOW)

    assert counted(project) == {"signed": YI}
    assert fresh(project).approved_version == 1


def test_after_the_review_was_switched_off_a_command_approves_what_waits(people, settings, capsys):
    whole = approve(make_project(milestones=SIGNED), people["editor"], people["reviewer"])
    first, _second = split(whole)
    settings.APPROVAL_REQUIRED = False
    call_command("approve_waiting", "editor", "--dry-run")
    before = counted(first)
    call_command("approve_waiting", "editor")
    cells.roll_up()

    assert capsys.readouterr().out == "3 projects wait.\n3 projects approved.\n"
    assert (before, counted(first), counted(whole)) == ({}, {"signed": None}, {})
    assert not Project.objects.exclude(review=Review.APPROVED).exists()
    assert find_differences() == []


@pytest.mark.parametrize(
    ("name", "word"), [("nobody", "no active user"), ("editor", "APPROVAL_REQUIRED is on")]
)
def test_the_command_goes_around_no_reviewer(people, name, word):
    project = make_project(milestones=SIGNED)

    with pytest.raises(CommandError, match=word):
        call_command("approve_waiting", name)

    assert fresh(project).review == Review.DRAFT


def test_a_save_after_the_review_was_switched_off_approves_what_it_saves(people, settings):
    project = make_project(milestones=SIGNED)
    settings.APPROVAL_REQUIRED = False
    services.save_project(fresh(project), actor=None, at=NOW)

    assert (fresh(project).review, counted(project)) == (Review.APPROVED, {"signed": None})


def test_a_decision_about_a_confidential_project_leaves_what_is_put_aside_where_it_is(people):
    investor = make_organization("某某集团")
    project = Project(name="神秘项目", district=make_district(), confidential=True)
    services.save_project(project, actor=people["editor"], at=NOW, investors=[investor])
    approved = approve(project, people["editor"], people["reviewer"])
    aside = approved.put_aside

    assert "神秘" not in approved.name
    assert (aside.name, list(aside.investors.all())) == ("神秘项目", [investor])
    assert not list(approved.investors.all())
