"""Entering projects in the admin: one save through the service, or sentences at the fields and nothing saved."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from projects import services
from projects.models import Ceremony, Kind, LedgerEntry, Milestone, Organization, Project
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_huangpu,
    make_organization,
    make_project,
    make_sector,
    make_user,
    record,
)

pytestmark = pytest.mark.django_db

ADD = "/admin/projects/project/add/"


@pytest.fixture
def world():
    """黄埔区 with an editor who is signed in, in English, and a neighbour 番禺区."""
    places = make_huangpu()
    editor = make_user("editor", district=places["440112"])
    client = Client()
    client.force_login(editor)
    client.cookies["language"] = "en"
    return {"client": client, "editor": editor, "huangpu": places["440112"], "panyu": places["440113"]}


def filled(world, *steps: dict[str, object], **fields: object) -> dict[str, object]:
    """The form for a new project as an officer fills it in, with one inline form for each step."""
    data: dict[str, object] = {
        "name": "广药白云基地",
        "district": world["huangpu"].pk,
        "project_type": "manufacturing",
        "total_investment": "34亿",
        **fields,
        "milestones-TOTAL_FORMS": len(steps),
        "milestones-INITIAL_FORMS": 0,
        "charges-TOTAL_FORMS": 0,
        "charges-INITIAL_FORMS": 0,
    }
    for index, step in enumerate(steps):
        data |= {f"milestones-{index}-{name}": value for name, value in step.items()}
    return data


def reopened(project: Project, *steps: dict[str, object], **fields: object) -> dict[str, object]:
    """The form of a recorded project with its milestones, and further steps."""
    stored: list[dict[str, object]] = [
        {
            "id": m.pk,
            "project": project.pk,
            "kind": m.kind,
            "happened_on": m.happened_on or "",
            "precision": m.precision,
            "reason": m.reason,
        }
        for m in project.milestones.order_by("id")
    ]
    world = {"huangpu": project.district}
    data = filled(world, *stored, *steps)
    data |= {"name": project.name, "seen_version": project.version, "code": project.code, **fields}
    return data | {"milestones-INITIAL_FORMS": len(stored)}


def errors_of(response) -> dict[str, list[str]]:
    """What is said at which field: the form's own fields, milestones as `0-happened_on`, `__all__` for the whole."""
    assert response.status_code == 200
    inline, _people = response.context["inline_admin_formsets"]
    with translation.override("en"):
        found = dict(response.context["adminform"].form.errors)
        for index, step in enumerate(inline.formset.forms):
            found |= {f"{index}-{name}": errors for name, errors in step.errors.items()}
        found |= {"milestones": inline.non_form_errors()} if inline.non_form_errors() else {}
        return {name: [str(error) for error in errors] for name, errors in found.items()}


def test_a_project_typed_with_its_milestones_is_posted_to_the_ledger_under_the_officers_name(world):
    investor = make_organization("广药集团")
    data = filled(
        world,
        {"kind": "signed", "happened_on": "2023-01-29"},
        {"kind": "started", "happened_on": "2023年2月3日", "precision": "month"},
        {"kind": "completed", "planned_on": "2025-12-31"},
        investors=[investor.pk],
        sector=make_sector().pk,
    )

    response = world["client"].post(ADD, data, follow=True)

    project = Project.objects.get()
    assert (project.stage, str(project.signed_on), str(project.started_on)) == (
        "started",
        "2023-01-29",
        "2023-02-01",
    )
    assert (project.total_investment, project.version, list(project.investors.all())) == (
        34 * YI,
        1,
        [investor],
    )
    entries = LedgerEntry.objects.order_by("id")
    assert [(e.kind, e.quarter, e.investment, e.actor) for e in entries] == [
        ("signed", "2023Q1", 34 * YI, world["editor"]),
        ("started", "2023Q1", 34 * YI, world["editor"]),
    ]
    page = response.content.decode()
    assert 'href="/?district=440112&amp;quarter=2023Q1"' in page
    assert "totals follow within seconds" in page


@pytest.mark.parametrize(
    ("typed", "yuan", "estimated"),
    [
        ("34亿", 34 * YI, False),
        ("3.4亿元", 340_000_000, False),
        ("约20亿", 20 * YI, True),
        ("340000", 34 * YI, False),
        ("34000万元", 340_000_000, False),
        ("1,026 亿", 1026 * YI, False),
        ("１０２６亿", 1026 * YI, False),
        ("  ", None, False),
        ("0", 0, False),
    ],
)
def test_amounts_are_read_as_they_are_spoken(world, typed, yuan, estimated):
    world["client"].post(ADD, filled(world, total_investment=typed))

    project = Project.objects.get()
    assert (project.total_investment, project.investment_estimated) == (yuan, estimated)


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [(34 * YI, "34亿"), (1026 * YI, "1,026亿"), (340_000_000, "3.4亿"), (12_345_678, "1,234.5678万")],
)
def test_a_stored_amount_is_shown_so_that_it_can_be_typed_back(world, yuan, shown):
    project = make_project(district=world["huangpu"], total_investment=yuan)
    address = reverse("admin:projects_project_change", args=[project.pk])

    form = world["client"].get(address).context["adminform"].form
    world["client"].post(address, reopened(project, total_investment=shown))

    assert form["total_investment"].value() == shown
    assert fresh(project).total_investment == yuan


LONG = "名" * 10_000
BAD_FIELDS = [
    ("name", "", "This field is required."),
    ("name", "   ", "This field is required."),
    ("name", LONG, "at most 200 characters"),
    ("name", "基地\u202ecod.exe", "direction of reading"),
    ("name", "基\x07地", "hidden control character"),
    ("name", "基地\x00", "Null characters"),
    ("name", "\u200b\u200d", "at least one letter or digit"),
    ("name", "——", "at least one letter or digit"),
    ("total_investment", "-5", "never negative"),
    ("total_investment", "1.00001", "whole number of yuan"),
    ("total_investment", "1e400", "cannot be read"),
    ("total_investment", "NaN", "cannot be read"),
    ("total_investment", "9223372036854775808", "at most"),
    ("total_investment", "9" * 2000, "at most"),
    ("total_investment", "三十几个亿", "cannot be read"),
    ("total_investment", "12万亿万", "cannot be read"),
    ("expected_output", "١٢٣", "cannot be read"),
    ("expected_jobs", "2147483648", "2147483647"),
    ("expected_jobs", "1e9", "whole number"),
    ("original_amount", "9223372036854775808", "9223372036854775807"),
    ("exchange_rate", "NaN", "Enter a number"),
    ("land_area_mu", "-1", "greater than or equal to 0"),
    ("approval_code", "2301-440112-04-01", "2301-440112-04-01-123456"),
    ("code", "../etc", "letters, digits"),
    ("currency", "usd", "Three capital letters"),
    ("district", "999999", "Choose a district of yours."),
    ("district", "abc", "Choose a district of yours."),
    ("district", "1" + "0" * 40, "Choose a district of yours."),
    ("district", "", "This field is required."),
    ("sector", "999999", "Choose one from the list."),
    ("parent", "abc", "Choose one from the list."),
    ("investors", ["abc"], "Choose one from the list."),
    ("investors", ["1" + "0" * 40], "Choose one from the list."),
    ("project_type", "nonsense", "not one of the available choices"),
]


@pytest.mark.parametrize(("field", "value", "sentence"), BAD_FIELDS)
def test_a_bad_value_gives_a_sentence_at_its_field_and_saves_nothing(world, field, value, sentence):
    response = world["client"].post(
        ADD, filled(world, {"kind": "signed", "happened_on": "2023-01-29"}, **{field: value})
    )

    said = errors_of(response)
    assert set(said) == {field}
    assert sentence in " ".join(said[field])
    assert not Project.objects.exists()


def test_a_foreign_district_reads_like_one_that_does_not_exist(world):
    foreign = world["client"].post(ADD, filled(world, district=world["panyu"].pk))
    missing = world["client"].post(ADD, filled(world, district=999_999))

    assert errors_of(foreign) == errors_of(missing) == {"district": ["Choose a district of yours."]}
    assert "番禺" not in foreign.content.decode()
    assert "Panyu" not in foreign.content.decode()


BAD_STEPS = [
    (
        [
            {"kind": "signed", "happened_on": "2023-05-01"},
            {"kind": "started", "happened_on": "2023-02-03"},
        ],
        {"1-happened_on": "Started (2023-02-03) is before Signed (2023-05-01)"},
    ),
    (
        [
            {"kind": "completed", "happened_on": "2022-01-01"},
            {"kind": "started", "happened_on": "2023-02-03"},
        ],
        {"0-happened_on": "Completed (2022-01-01) is before Started (2023-02-03)"},
    ),
    ([{"kind": "signed", "happened_on": "2999-01-01"}], {"0-happened_on": "lies in the future"}),
    ([{"kind": "signed", "happened_on": "0001-01-01"}], {"0-happened_on": "Dates begin in 1949"}),
    ([{"kind": "signed", "happened_on": "2026-02-30"}], {"0-happened_on": "Write the day as 2023-01-29"}),
    ([{"kind": "signed", "happened_on": "12/31/2022"}], {"0-happened_on": "Write the day as 2023-01-29"}),
    ([{"kind": "signed", "planned_on": "9999-12-31"}], {"0-planned_on": "between 1949 and 2100"}),
    ([{"kind": "signed"}], {"0-happened_on": "or say that the date is not known"}),
    ([{"happened_on": "2023-01-29"}], {"0-kind": "required"}),
    ([{"kind": "nonsense", "happened_on": "2023-01-29"}], {"0-kind": "not one of the available choices"}),
    ([{"kind": "suspended", "happened_on": "2023-01-29"}], {"0-reason": "Choose the reason"}),
    ([{"kind": "signed", "precision": "month"}], {"0-__all__": "Give the date and how exactly"}),
    (
        [{"kind": "signed", "happened_on": "2023-01-29", "total_investment": "-1"}],
        {"0-total_investment": "never negative"},
    ),
    ([{"kind": "signed", "happened_on": "2023-01-29", "ceremony": "77"}], {"0-ceremony": "from the list"}),
    (
        [{"kind": "signed", "happened_on": "2023-01-29", "note": "a\u202eb"}],
        {"0-note": "direction of reading"},
    ),
]


@pytest.mark.parametrize(("steps", "expected"), BAD_STEPS)
def test_a_bad_milestone_gives_a_sentence_at_its_field_and_saves_nothing(world, steps, expected):
    said = errors_of(world["client"].post(ADD, filled(world, *steps)))

    assert set(said) == set(expected)
    assert all(sentence in " ".join(said[place]) for place, sentence in expected.items())
    assert not Project.objects.exists()


def test_a_second_milestone_of_a_kind_is_refused(world):
    project = make_project(district=world["huangpu"], milestones={"signed": date(2023, 1, 29)})
    address = reverse("admin:projects_project_change", args=[project.pk])

    twice = {"kind": "signed", "happened_on": "2023-02-01"}
    new = errors_of(world["client"].post(ADD, filled(world, twice, twice)))
    more = errors_of(world["client"].post(address, reopened(project, twice)))

    assert "entered twice" in str(new)
    assert "entered twice" in str(more)
    assert Milestone.objects.count() == 1


def test_everything_wrong_is_said_at_once(world):
    data = filled(
        world,
        {"kind": "signed", "happened_on": "2023-05-01"},
        {"kind": "started", "happened_on": "2023-02-03"},
        name="",
        total_investment="-5",
        district=world["panyu"].pk,
        approval_code="x",
    )

    response = world["client"].post(ADD, data)

    assert set(errors_of(response)) == {
        "name",
        "total_investment",
        "district",
        "approval_code",
        "1-happened_on",
    }
    assert 'value="-5"' in response.content.decode()


def test_what_only_the_service_knows_is_said_on_the_form_too(world):
    whole = make_project("整体", district=world["huangpu"])
    phase = make_project("整体", phase="一期", parent=whole, district=world["huangpu"])
    address = reverse("admin:projects_project_change", args=[whole.pk])
    step = {"kind": "signed", "happened_on": "2023-01-29"}

    on_whole = errors_of(world["client"].post(address, reopened(whole, step)))
    under_phase = errors_of(world["client"].post(ADD, filled(world, parent=phase.pk)))
    of_itself = errors_of(world["client"].post(address, reopened(whole, parent=whole.pk)))

    assert "This project has phases" in str(on_whole["__all__"])
    assert set(under_phase) == set(of_itself) == {"parent"}
    assert not Milestone.objects.exists()
    assert fresh(whole).version == whole.version


def test_a_phase_is_entered_under_a_project_without_milestones(world):
    whole = make_project("整体", district=world["huangpu"])

    world["client"].post(ADD, filled(world, parent=whole.pk, phase="一期"))

    assert whole.phases.get().phase == "一期"


def test_a_phase_cannot_go_under_a_project_with_milestones(world):
    whole = make_project("整体", district=world["huangpu"], milestones={"signed": date(2023, 1, 29)})

    said = errors_of(world["client"].post(ADD, filled(world, parent=whole.pk)))

    assert "milestones of its own" in str(said["parent"])


def test_the_second_of_two_editors_is_told_and_loses_nothing_that_was_typed(world):
    project = make_project("原名", district=world["huangpu"], milestones={"signed": date(2023, 1, 29)})
    address = reverse("admin:projects_project_change", args=[project.pk])
    stale = reopened(project, {"kind": "registered", "happened_on": "2023-03-01"}, name="我的名字")
    record(fresh(project), "started", date(2023, 2, 3))

    response = world["client"].post(address, stale)

    assert "Somebody else has saved this project" in str(errors_of(response)["__all__"])
    assert "我的名字" in response.content.decode()
    assert 'value="2023-03-01"' in response.content.decode()
    assert fresh(project).name == "原名"
    assert set(project.milestones.values_list("kind", flat=True)) == {"signed", "started"}


@pytest.mark.parametrize("version", ["", "0", "abc", "99"])
def test_a_form_without_its_version_counts_as_stale(world, version):
    project = make_project("原名", district=world["huangpu"])
    address = reverse("admin:projects_project_change", args=[project.pk])

    world["client"].post(address, reopened(project, name="新名", seen_version=version))

    assert fresh(project).name == "原名"


def test_milestones_are_changed_added_and_taken_back_in_one_save(world):
    project = make_project(
        district=world["huangpu"],
        total_investment=34 * YI,
        milestones={"signed": date(2023, 1, 29), "started": date(2023, 2, 3)},
    )
    address = reverse("admin:projects_project_change", args=[project.pk])
    data = reopened(project, {"kind": "enrolled", "happened_on": "2023-04-01"})
    data |= {"milestones-0-happened_on": "2022-12-31", "milestones-1-DELETE": "on"}

    response = world["client"].post(address, data)

    assert response.status_code == 302
    steps = {m.kind: str(m.happened_on) for m in project.milestones.all()}
    assert steps == {"signed": "2022-12-31", "enrolled": "2023-04-01"}
    assert fresh(project).version == 2
    current = {e.kind: e.quarter for e in LedgerEntry.objects.current()}
    assert current == {"signed": "2022Q4", "enrolled": "2023Q2"}


def test_the_kind_of_a_recorded_milestone_stays(world):
    project = make_project(district=world["huangpu"], milestones={"signed": date(2023, 1, 29)})
    address = reverse("admin:projects_project_change", args=[project.pk])

    world["client"].post(address, reopened(project, **{"milestones-0-kind": "started"}))

    assert project.milestones.get().kind == Kind.SIGNED


def test_a_milestone_of_another_district_does_not_exist_in_the_form(world):
    foreign = make_project("番禺项目", district=world["panyu"], milestones={"signed": date(2023, 1, 29)})
    project = make_project(district=world["huangpu"], milestones={"signed": date(2023, 1, 29)})
    address = reverse("admin:projects_project_change", args=[project.pk])

    data = reopened(project) | {"milestones-0-id": foreign.milestones.get().pk}
    response = world["client"].post(address, data)

    assert response.status_code == 404
    assert "番禺" not in response.content.decode()


def test_a_milestone_that_somebody_has_removed_meanwhile_is_said(world):
    project = make_project(district=world["huangpu"], milestones={"signed": date(2023, 1, 29)})
    address = reverse("admin:projects_project_change", args=[project.pk])
    data = reopened(project)
    services.remove_milestone(project.milestones.get(), actor=None, at=NOW)

    said = errors_of(world["client"].post(address, data))

    assert "Somebody else has removed" in str(said["milestones"])


@pytest.mark.parametrize(
    "management",
    [
        {"milestones-TOTAL_FORMS": ""},
        {"milestones-TOTAL_FORMS": "abc"},
        {"milestones-TOTAL_FORMS": "100000"},
        {"milestones-INITIAL_FORMS": "5"},
    ],
)
def test_a_tampered_form_is_refused_without_an_error(world, management):
    response = world["client"].post(
        ADD, filled(world, {"kind": "signed", "happened_on": "2023-01-29"}) | management
    )

    assert response.status_code == 200
    assert not Project.objects.exists()


def test_a_project_moves_only_between_districts_of_the_editor(world):
    project = make_project(district=world["huangpu"])
    address = reverse("admin:projects_project_change", args=[project.pk])

    said = errors_of(world["client"].post(address, reopened(project, district=world["panyu"].pk)))

    assert said == {"district": ["Choose a district of yours."]}
    assert fresh(project).district == world["huangpu"]


def test_what_lies_outside_ones_districts_is_kept_without_its_name(world):
    ceremony = services.save_versioned(
        Ceremony(district=world["panyu"], name="番禺签约会", held_on=date(2023, 1, 29)), at=NOW
    )
    whole = make_project("番禺整体", district=world["panyu"])
    phase = make_project("一期项目", district=world["huangpu"], parent=whole)
    step = record(phase, "signed", date(2023, 1, 29), ceremony=ceremony)
    address = reverse("admin:projects_project_change", args=[phase.pk])

    reader = Client()
    reader.force_login(make_user("viewer", district=world["huangpu"], role="viewer"))
    page = world["client"].get(address).content.decode() + reader.get(address).content.decode()
    data = reopened(fresh(phase), name="新名", parent=whole.pk) | {"milestones-0-ceremony": ceremony.pk}
    response = world["client"].post(address, data)

    assert "番禺" not in page
    assert response.status_code == 302
    step.refresh_from_db()
    assert (fresh(phase).name, fresh(phase).parent, step.ceremony) == ("新名", whole, ceremony)


def test_too_many_fields_are_refused_with_a_page(world):
    data = filled(world) | {f"field{number}": "x" for number in range(1_001)}

    response = world["client"].post(ADD, data)

    assert response.status_code == 400
    assert "more than 1000 fields" in response.content.decode()
    assert not Project.objects.exists()


def test_a_form_from_elsewhere_is_refused(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world["editor"])

    assert client.post(ADD, filled(world)).status_code == 403
    assert not Project.objects.exists()


def test_markup_and_formulas_are_kept_as_typed_and_shown_escaped(world):
    world["client"].post(ADD, filled(world, name="<script>alert(1)</script>"))

    page = world["client"].get("/admin/projects/project/").content.decode()

    assert Project.objects.get().name == "<script>alert(1)</script>"
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize(
    ("uscc", "sentence"),
    [
        ("91440101MA59UQXP7X", "does not agree"),
        ("12345", "18 digits and letters"),
        ("91440101000000000", "18"),
    ],
)
def test_a_wrong_credit_code_is_said_at_its_field(world, uscc, sentence):
    response = world["client"].post("/admin/projects/organization/add/", {"name": "公司", "uscc": uscc})

    form = response.context["adminform"].form
    with translation.override("en"):
        assert sentence in str(form.errors["uscc"])
    assert not Organization.objects.exists()


def test_an_editor_enters_an_organization_and_a_ceremony_of_their_district(world):
    world["client"].post("/admin/projects/organization/add/", {"name": "公司"})
    world["client"].post(
        "/admin/projects/ceremony/add/",
        {"name": "签约会", "district": world["huangpu"].pk, "held_on": "2023-01-29"},
    )
    foreign = world["client"].post(
        "/admin/projects/ceremony/add/",
        {"name": "签约会", "district": world["panyu"].pk, "held_on": "2023-01-29"},
    )

    assert Organization.objects.get().name == "公司"
    assert Ceremony.objects.get().district == world["huangpu"]
    assert "district" in foreign.context["adminform"].form.errors


def test_a_stale_organization_is_refused(world):
    organization = make_organization("公司")
    address = reverse("admin:projects_organization_change", args=[organization.pk])
    data = {"name": "公司甲", "seen_version": organization.version}

    first = world["client"].post(address, data)
    second = world["client"].post(address, data | {"name": "公司乙"})

    assert (first.status_code, second.status_code) == (302, 200)
    assert Organization.objects.get().name == "公司甲"
