"""Two people edit one project: the second sees who, when and what, keeps what was typed, and decides."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from projects import services
from projects.models import District, Milestone, Project
from tests.makers import YI, fresh, make_huangpu, make_organization, make_project, make_user, record
from tests.pages import signed_in
from tests.test_admin_entry import reopened

pytestmark = pytest.mark.django_db

SIGNED = date(2023, 1, 29)


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def project(places) -> Project:
    return make_project(
        "基地", district=places["440112"], total_investment=20 * YI, milestones={"signed": SIGNED}
    )


@pytest.fixture
def second(places) -> Client:
    return signed_in(make_user("second", district=places["440112"]), "zh-hans")


def opened(project: Project, **typed: Any) -> dict[str, Any]:
    """The form as the second person opened it, with what that person types."""
    project = fresh(project)
    shown = {"total_investment": "20亿", "project_type": project.project_type}
    return reopened(project, **{**shown, "investors": [o.pk for o in project.investors.all()], **typed})


def meanwhile(project: Project, *, investors: Any = None, **fields: Any) -> Project:
    """The first person saves this now."""
    first = make_user(name="王某")
    current = fresh(project)
    for name, value in fields.items():
        setattr(current, name, value)
    return services.save_project(current, actor=first, at=timezone.now(), investors=investors)


def send(client: Client, project: Project, form: dict[str, Any], **more: Any) -> Any:
    return client.post(f"/admin/projects/project/{project.pk}/change/", {**form, **more})


def anyway(client: Client, project: Project, form: dict[str, Any], **more: Any) -> Any:
    """The second, deliberate button, upon the version that the page named."""
    newest = send(client, project, form).context["conflict"].newest
    return send(client, project, form, _save_anyway="1", **{"newest_version": newest, **more})


def test_the_second_sees_who_when_and_what_and_keeps_what_was_typed(project, second):
    form = opened(project, name="我的名字")
    saved = meanwhile(project, total_investment=25 * YI, remark="备注")

    response = send(second, project, form)

    text = " ".join(response.content.decode().split())
    at = timezone.localtime(saved.updated_at)
    assert f"{at:%H:%M}</time> 已修改" in text
    assert "王某" in text
    assert "计划总投资: 20亿元 → 25亿元" in text
    assert "备注: — → 备注" in text
    assert 'value="我的名字"' in text
    assert fresh(project).name == "基地"


def test_a_change_of_another_day_says_the_day(project, second):
    form = opened(project)
    services.save_project(
        Project.objects.get(pk=project.pk),
        actor=None,
        at=timezone.now() - timedelta(days=3),
        investors=[make_organization()],
    )

    response = send(second, project, form)

    day = timezone.localdate() - timedelta(days=3)
    assert f"{day:%Y-%m-%d} " in response.content.decode()


def test_what_only_the_other_has_changed_stays_and_what_one_changed_oneself_holds(project, second):
    form = opened(project, name="我的名字", expected_tax="3亿")
    investor = make_organization()
    meanwhile(project, total_investment=25 * YI, remark="备注", expected_tax=YI, investors=[investor])

    assert anyway(second, project, form).status_code == 302

    kept = fresh(project)
    assert (kept.name, kept.expected_tax) == ("我的名字", 3 * YI)
    assert (kept.total_investment, kept.remark, list(kept.investors.all())) == (25 * YI, "备注", [investor])
    mine = kept.revisions.latest("version")
    assert {c["field"] for c in mine.changes} == {"name", "expected_tax"}


def test_the_same_holds_for_milestones(project, second):
    form = opened(project, **{"milestones-0-note": "我的备注"})
    signed = project.milestones.get()
    signed.happened_on = date(2023, 2, 1)
    services.save_milestone(signed, actor=None, at=timezone.now())
    record(project, "started", date(2023, 6, 1), at=timezone.now())

    assert anyway(second, project, form).status_code == 302

    assert list(project.milestones.order_by("pk").values_list("kind", "happened_on", "note")) == [
        ("signed", date(2023, 2, 1), "我的备注"),
        ("started", date(2023, 6, 1), ""),
    ]


def test_a_third_change_in_between_is_shown_again(project, second):
    form = opened(project, name="我的名字")
    meanwhile(project, remark="一")
    newest = send(second, project, form).context["conflict"].newest
    meanwhile(project, remark="二")

    response = send(second, project, form, _save_anyway="1", newest_version=newest)

    assert [each.lines[0].after for each in response.context["conflict"].told] == ["一", "二"]
    assert fresh(project).name == "基地"


@pytest.mark.parametrize("newest", ["", "x", "0", "99", "-1", "9" * 40])
def test_a_tampered_version_saves_nothing(project, second, newest):
    form = opened(project, name="我的名字")
    meanwhile(project, remark="备注")

    response = send(second, project, form, _save_anyway="1", newest_version=newest)

    assert response.status_code == 200
    assert fresh(project).name == "基地"


def test_a_milestone_that_the_other_has_removed_is_said_to_be_gone(project, second):
    form = opened(project, name="我的名字")
    services.remove_milestone(Milestone.objects.get(), actor=None, at=timezone.now())

    response = send(second, project, form)

    assert response.context["conflict"] is not None
    assert "签约 · " in response.content.decode()
    assert fresh(project).name == "基地"


def test_a_reason_that_is_typed_stands_in_the_history(project, second):
    assert send(second, project, opened(project, name="新名", change_reason="合同修订")).status_code == 302
    refused = send(second, project, opened(project, name="再改", change_reason="\u202e倒"))

    assert project.revisions.latest("version").reason == "合同修订"
    assert "change_reason" in refused.context["adminform"].form.errors


def test_html_in_what_the_other_has_typed_is_text(project, second):
    form = opened(project)
    meanwhile(project, remark="<script>alert(1)</script>")

    text = send(second, project, form).content.decode()

    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
