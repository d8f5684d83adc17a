"""The record: what the services refuse, in which words and all at once, and what they derive."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from config.api.outcomes import InUse, StageConflict, StaleVersion
from projects import services
from projects.models import District, LedgerEntry, Milestone, Organization, Precision, Project
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_sector,
    make_uscc,
    record,
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    return make_huangpu()


def codes(caught) -> dict[str, list[str]]:
    return {name: [e.code for e in errors] for name, errors in caught.value.error_dict.items()}


def test_a_project_shows_the_stage_and_dates_that_its_milestones_make(places):
    project = make_project(
        district=places["440112"],
        milestones={"signed": date(2023, 1, 29), "started": date(2023, 3, 1), "registered": date(2023, 2, 1)},
    )

    stored = fresh(project)
    assert (stored.stage, stored.signed_on, stored.started_on) == (
        "started",
        date(2023, 1, 29),
        date(2023, 3, 1),
    )
    assert stored.code == f"P{stored.pk:08d}"
    assert stored.version == 1


def test_dates_typed_with_the_project_become_milestones_and_go_again(places):
    project = Project(name="孚能科技", district=places["440112"])
    steps = services.dated_milestones(
        project, {"signed_on": date(2023, 1, 1), "planned_start_on": date(2023, 6, 1)}
    )
    project = services.save_project(project, actor=None, at=NOW, milestones=steps)
    project = fresh(project)

    gone = services.dated_milestones(project, {"signed_on": None})
    services.save_project(project, actor=None, at=NOW, milestones=gone)

    assert [m.kind for m in Milestone.objects.all()] == ["started"]
    assert not LedgerEntry.objects.current().exists()


def test_the_first_plan_is_kept_when_the_plan_moves(places):
    project = make_project(district=places["440112"])
    milestone = record(project, "started", planned_on=date(2023, 6, 1))

    milestone.planned_on = date(2024, 6, 1)
    services.save_milestone(milestone, actor=None, at=NOW)

    stored = Milestone.objects.get()
    assert (stored.planned_first_on, stored.planned_on) == (date(2023, 6, 1), date(2024, 6, 1))


def test_dates_running_backwards_are_refused_with_both_dates(places):
    with pytest.raises(ValidationError) as caught:
        make_project(
            district=places["440112"], milestones={"signed": date(2023, 5, 1), "completed": date(2023, 4, 30)}
        )

    assert codes(caught) == {"completed_on": ["dates_backwards"]}
    assert "2023-04-30" in str(caught.value)
    assert "2023-05-01" in str(caught.value)
    assert not Project.objects.exists()


def test_a_date_known_to_the_month_is_not_before_a_day_in_that_month(places):
    project = make_project(district=places["440112"], milestones={"signed": date(2023, 1, 29)})

    started = record(project, "started", date(2023, 1, 1), precision="month")

    assert started.happened_on == date(2023, 1, 1)


def test_a_date_of_a_coarser_precision_is_stored_as_the_first_day_of_its_period(places):
    project = make_project(district=places["440112"])

    milestone = record(project, "signed", date(2023, 5, 17), precision="quarter")

    assert (milestone.happened_on, milestone.quarter) == (date(2023, 4, 1), "2023Q2")


def test_a_step_may_be_skipped_and_two_steps_may_fall_on_one_day(places):
    make_project(district=places["440112"], milestones={"completed": date(2023, 5, 1)})
    make_project(
        district=places["440112"], milestones={"signed": date(2023, 5, 1), "started": date(2023, 5, 1)}
    )

    assert Project.objects.count() == 2


@pytest.mark.parametrize(
    ("day", "code"),
    [(NOW.date() + timedelta(days=1), "future"), (date(1948, 12, 31), "too_early")],
    ids=["tomorrow", "before 1949"],
)
def test_what_has_happened_lies_between_1949_and_today(places, day, code):
    project = make_project(district=places["440112"])

    with pytest.raises(ValidationError) as caught:
        record(project, "signed", day)

    assert codes(caught) == {"happened_on": [code]}


def test_nothing_happens_after_the_termination(places):
    project = make_project(
        district=places["440112"], milestones={"signed": date(2022, 5, 1), "terminated": date(2023, 1, 1)}
    )

    with pytest.raises(ValidationError) as caught:
        record(project, "started", date(2023, 2, 1))

    assert "dates_backwards" in codes(caught)["happened_on"]


def test_a_suspension_needs_its_reason(places):
    project = make_project(district=places["440112"])

    with pytest.raises(ValidationError) as caught:
        record(project, "suspended", date(2023, 2, 1), reason="")

    assert codes(caught) == {"reason": ["reason_required"]}


def test_a_second_milestone_of_a_kind_is_refused(places):
    project = make_project(district=places["440112"], milestones={"signed": date(2022, 5, 1)})

    with pytest.raises(ValidationError) as caught:
        record(fresh(project), "signed", date(2022, 6, 1))

    assert codes(caught) == {"__all__": ["duplicate_kind"]}


def test_a_milestone_says_when_it_happened_or_is_planned(places):
    project = make_project(district=places["440112"])

    with pytest.raises(ValidationError) as caught:
        record(project, "signed")

    assert codes(caught) == {"happened_on": ["required"]}


def test_a_milestone_whose_date_is_not_known_can_be_recorded(places):
    project = make_project(district=places["440112"])

    record(project, "signed", precision=Precision.UNKNOWN)

    assert fresh(project).stage == "signed"


@pytest.mark.parametrize("amount", [-1, 10**13 + 1, 2**63])
def test_amounts_are_between_nothing_and_ten_trillion_yuan(places, amount):
    with pytest.raises(ValidationError) as caught:
        make_project(district=places["440112"], total_investment=amount)

    assert "total_investment" in codes(caught)


def test_the_database_itself_refuses_a_negative_amount(places):
    make_project(district=places["440112"])

    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.update(total_investment=-1)


@pytest.mark.parametrize("name", ["   ", "x" * 201, "a\x00b", "a\nb", "a\u202eb", "\u200b\u200b", "a\ud800b"])
def test_names_are_text_that_can_be_read(places, name):
    with pytest.raises(ValidationError) as caught:
        make_project(name, district=places["440112"])

    assert set(codes(caught)) == {"name"}


def test_everything_wrong_is_said_at_once(places):
    project = Project(name=" ", district=places["440112"], total_investment=-5, approval_code="12-3")
    steps = services.dated_milestones(
        project,
        {"signed_on": date(2023, 5, 1), "completed_on": date(2023, 4, 1), "started_on": date(2999, 1, 1)},
    )

    with pytest.raises(ValidationError) as caught:
        services.save_project(project, actor=None, at=NOW, milestones=steps)

    assert {"name", "total_investment", "approval_code", "completed_on", "started_on"} <= set(codes(caught))
    assert not Project.objects.exists()


def test_a_phase_stands_below_a_whole_project_of_its_city_that_has_no_milestones(places):
    whole = make_project(district=places["440112"])
    phase = make_project(district=places["440113"], parent=whole)
    dated = make_project(district=places["440112"], milestones={"signed": date(2023, 1, 1)})
    elsewhere = make_project(
        district=make_district("440300", "深圳市", level="city", parent=places["440000"])
    )
    wrong = {"phase_of_phase": phase, "parent_has_milestones": dated, "other_city": elsewhere}

    found = {}
    for code, parent in wrong.items():
        with pytest.raises(ValidationError) as caught:
            make_project(district=places["440112"], parent=parent)
        found[code] = codes(caught)["parent"]

    assert found == {code: [code] for code in wrong}


def test_a_project_is_not_its_own_phase_nor_that_of_its_phase(places):
    whole = make_project(district=places["440112"])
    phase = make_project(district=places["440112"], parent=whole)

    for parent in (whole, phase):
        project = fresh(whole)
        project.parent = parent
        with pytest.raises(ValidationError):
            services.save_project(project, actor=None, at=NOW)

    assert fresh(whole).parent is None


def test_a_project_with_phases_takes_no_milestones_of_its_own(places):
    whole = make_project(district=places["440112"])
    make_project(district=places["440112"], parent=whole)

    with pytest.raises(ValidationError) as caught:
        record(whole, "signed", date(2023, 1, 1))

    assert codes(caught) == {"project": ["parent_has_phases"]}


def test_who_saves_what_somebody_else_has_changed_is_told_and_changes_nothing(places):
    project = make_project("one", district=places["440112"])
    mine, theirs = fresh(project), fresh(project)
    theirs.name = "theirs"
    services.save_project(theirs, actor=None, at=NOW)
    mine.name = "mine"

    with pytest.raises(StaleVersion) as caught:
        services.save_project(mine, actor=None, at=NOW)

    assert caught.value.current == 2
    assert fresh(project).name == "theirs"


def test_a_step_that_another_request_made_impossible_is_a_conflict_not_a_mistake(places):
    project = make_project(district=places["440112"])
    seen = fresh(project)
    record(project, "signed", date(2023, 5, 1))

    with pytest.raises(StageConflict):
        record(seen, "completed", date(2023, 4, 1))

    assert Milestone.objects.count() == 1


def test_foreign_money_is_given_whole_or_not_at_all(places):
    with pytest.raises(ValidationError):
        make_project(district=places["440112"], currency="USD")

    make_project(district=places["440112"], currency="USD", original_amount=100, exchange_rate="7.1")


def test_a_void_needs_a_reason_and_no_phases(places):
    whole = make_project(district=places["440112"])
    phase = make_project(district=places["440112"], parent=whole)

    with pytest.raises(ValidationError):
        services.void_project(fresh(whole), "twice", actor=None, at=NOW)
    with pytest.raises(ValidationError):
        services.void_project(fresh(phase), " ", actor=None, at=NOW)

    services.void_project(fresh(phase), "twice", actor=None, at=NOW)
    assert services.restore_project(fresh(phase), actor=None, at=NOW).is_void is False


def test_a_credit_code_is_verified_raised_to_capitals_and_unique(places):
    good = make_uscc(1)

    first = make_organization(uscc=good.lower())

    assert first.uscc == good
    for wrong in (good[:-1] + ("A" if good[-1] != "A" else "B"), good[:-1], good):
        with pytest.raises(ValidationError) as caught:
            services.save_versioned(Organization(name="另一家", uscc=wrong), at=NOW)
        assert "uscc" in codes(caught)


def test_organizations_without_a_credit_code_do_not_clash(places):
    make_organization(uscc="")
    make_organization(uscc="")

    assert Organization.objects.filter(uscc__isnull=True).count() == 2


def test_what_is_in_use_is_not_deleted_and_says_where(places):
    sector = make_sector()
    make_project("用到的项目", district=places["440112"], sector=sector)

    with pytest.raises(InUse) as caught:
        services.delete_reference(sector)

    assert "用到的项目" in str(caught.value.message)


@pytest.mark.parametrize("code", ["44011", "440112-gdd", "44011２", "440112 ", "440112-" + "A" * 13])
def test_a_district_code_is_of_gb_t_2260_with_a_suffix_for_zones(code):
    with pytest.raises(ValidationError) as caught:
        services.save_district(District(code=code, name="某区", level="district"))

    assert "code" in codes(caught)


def test_a_district_keeps_its_place_and_stands_below_a_higher_one(places):
    huangpu = places["440112"]
    huangpu.parent = places["440000"]
    upside_down = District(code="999900", name="某市", level="city", parent=places["440113"])

    for district in (huangpu, upside_down):
        with pytest.raises(ValidationError) as caught:
            services.save_district(district)
        assert "parent" in codes(caught)


def test_a_subtree_is_itself_and_what_is_below_and_nothing_with_a_like_code(places):
    make_district("440112-X", "某园", level="zone", parent=places["440112"])

    inside = District.objects.within(places["440112"]).values_list("code", flat=True)

    assert list(inside) == ["440112", "440112-GDD", "440112-X"]


def test_saving_a_project_takes_a_bounded_number_of_queries(places, django_assert_max_num_queries):
    project = fresh(make_project(district=places["440112"], milestones={"signed": date(2023, 1, 1)}))
    project.total_investment = YI

    with django_assert_max_num_queries(28):
        services.save_project(project, actor=None, at=NOW)

    assert fresh(project).version == 2


def test_a_project_is_overdue_while_a_planned_start_or_completion_is_past_and_has_not_happened(places):
    here = places["440112"]
    late = make_project("late", district=here)
    record(late, "started", planned_on=date(2023, 6, 1))
    begun = make_project("begun", district=here)
    record(begun, "started", date(2023, 7, 1), planned_on=date(2023, 6, 1))
    excluded = make_project("excluded", district=here)
    record(excluded, "started", planned_on=date(2023, 6, 1))
    services.exclude_project(fresh(excluded), "real_estate", actor=None, at=NOW)

    assert list(Project.objects.overdue(NOW.date())) == [late]
    assert not Project.objects.overdue(date(2023, 6, 1)).exists()
