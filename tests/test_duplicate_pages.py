"""The pages of projects that may be recorded twice: the queue, two beside each other, the decision, and the history."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from projects import services
from projects.models import BulkChange, District, DuplicateDecision, Project
from tests.makers import NOW, YI, fresh, make_huangpu, make_project, make_user
from tests.pages import read, signed_in

QUEUE = "/admin/projects/project/duplicates/"
SIGNED = date(2023, 1, 29)


@pytest.fixture
def places(db) -> dict[str, District]:
    return make_huangpu()


@pytest.fixture
def twins(places) -> tuple[Project, Project]:
    first = make_project(
        "云基地<b>", district=places["440112"], total_investment=20 * YI, milestones={"signed": SIGNED}
    )
    second = make_project(
        "云基地<b>项目", district=places["440113"], total_investment=21 * YI, expected_output=5 * YI,
        milestones={"signed": SIGNED + timedelta(days=3)},
    )  # fmt: skip
    services.compare_waiting(NOW)
    return fresh(first), fresh(second)


@pytest.fixture
def officer(places) -> Client:
    """Of the whole city."""
    return signed_in(make_user("officer", district=places["440100"]), "zh-hans")


def of(*pair: Project) -> str:
    return f"/admin/projects/project/{pair[0].pk}/duplicates/" + "".join(f"{p.pk}/" for p in pair[1:])


def decided(client: Client, pair: tuple[Project, Project], verdict: str, **more: Any) -> Any:
    versions = {f"version-{project.pk}": project.version for project in pair}
    given = {"verdict": verdict, "main": pair[0].pk, "reason": "签了两次", **versions, **more}
    return client.post(of(*pair), given, follow=True)


def test_the_desk_counts_the_pairs_and_leads_to_the_queue_which_leads_to_the_decision(officer, twins):
    desk, queue = read(officer, "/admin/"), read(officer, QUEUE)

    assert f'href="{QUEUE}"' in officer.get("/admin/").content.decode()
    assert "疑似重复" in desk.text
    assert "名称、金额相近" in queue.text
    assert "21亿元" in queue.text
    assert f'href="{of(*twins)}"' in officer.get(QUEUE).content.decode()


def test_who_does_not_edit_both_finds_no_pair_and_no_page(places, twins):
    here = signed_in(make_user(district=places["440112"]))
    reader = signed_in(make_user(district=places["440100"], role="viewer"))

    assert "云基地" not in here.get(QUEUE).content.decode()
    assert here.get(of(*twins)).status_code == decided(here, twins, "same").status_code == 404
    assert reader.get(QUEUE).status_code == 403
    assert reader.get(of(*twins)).status_code == decided(reader, twins, "same").status_code == 403
    assert here.get(of(twins[1])).status_code == 404
    page = reader.get(of(twins[0])).content.decode()
    assert "云基地&lt;b&gt;项目" in page
    assert of(*twins) not in page
    assert not DuplicateDecision.objects.exists()


def test_the_two_stand_beside_each_other_in_words_with_a_choice_where_they_differ(officer, twins):
    page = officer.get(of(*twins)).content.decode()

    assert "21亿元" in page
    assert "黄埔区" in page
    assert "基地<b>" not in page
    for name in ("name", "district", "total_investment", "signed"):
        assert page.count(f'name="take-{name}"') == 2
    assert 'name="take-expected_output"' not in page


def test_the_same_are_merged_with_what_was_chosen_and_taken_back(officer, twins):
    first, second = twins
    page = decided(officer, twins, "same", **{"take-total_investment": second.pk, "take-name": first.pk})

    text = page.content.decode()
    assert page.redirect_chain[-1][0] == QUEUE
    assert "已处理：同一项目，重复登记" in text
    assert "/admin/projects/project/bulk/changes/" in text
    assert of(*twins) not in text
    kept, gone = fresh(first), fresh(second)
    assert (kept.total_investment, kept.expected_output, kept.name) == (21 * YI, 5 * YI, "云基地<b>")
    assert gone.merged_into == kept

    history = officer.get(f"/admin/projects/project/{kept.pk}/history/").content.decode()
    assert "的修改记录，该项目已并入本项目" in history
    assert history.count("合并重复项目") >= 2
    assert history.count("签了两次") >= 2
    assert "已并入本项目：" in officer.get(f"/admin/projects/project/{kept.pk}/change/").content.decode()
    void = officer.get(f"/admin/projects/project/{gone.pk}/change/").content.decode()
    assert "本项目为重复登记，保留的项目是：" in void
    assert of(gone) not in void

    officer.post("/admin/projects/project/bulk/changes/", {"undo": BulkChange.objects.get().pk})
    assert not fresh(second).is_void
    assert "已撤销" in officer.get(of(kept)).content.decode()
    assert of(*twins) in officer.get(QUEUE).content.decode()


def test_a_history_elsewhere_is_not_shown_where_it_was_merged(places, officer, twins):
    decided(officer, twins, "same")
    here = signed_in(make_user(district=places["440112"]), "zh-hans")

    page = here.get(f"/admin/projects/project/{twins[0].pk}/history/").content.decode()

    assert "该项目已并入本项目" not in page
    assert "番禺" not in page


def test_what_is_missing_or_stands_against_it_is_said_all_at_once_and_nothing_changes(officer, twins):
    first, second = twins
    empty = officer.post(of(*twins), {}).content.decode()
    no_phase = decided(officer, twins, "phase").content.decode()
    forged = decided(officer, twins, "same", main="999999999").content.decode()

    assert empty.count("errorlist") == 2
    assert "请写明是哪一期" in no_phase
    assert "errorlist" in forged
    first.remark = "别人改过"
    services.save_project(first, actor=None, at=NOW)
    stale = decided(officer, (Project(pk=first.pk, version=1), second), "same").content.decode()
    assert "他人已修改" in stale
    assert not DuplicateDecision.objects.exists()
    assert not fresh(second).is_void


def test_different_ones_leave_the_queue_and_the_word_stands_on_both_pages(officer, twins):
    decided(officer, twins, "different")

    assert of(*twins) not in officer.get(QUEUE).content.decode()
    for project in twins:
        page = officer.get(of(project)).content.decode()
        assert "不同项目" in page
        assert "签了两次" in page
    assert [fresh(project).version for project in twins] == [project.version for project in twins]


def test_an_increase_becomes_a_part_that_counts_what_is_added(officer, twins):
    page = officer.get(of(*twins)).content.decode()
    assert 'value="1亿"' in page  # 21亿 and 20亿: guessed, to be corrected

    decided(officer, twins, "increase", phase="增资扩产", main_phase="原项目", total_investment="1亿")

    child = fresh(twins[1])
    assert (child.parent, child.total_investment, child.phase) == (twins[0], YI, "增资扩产")


def test_a_project_is_not_a_duplicate_of_itself_and_what_is_not_there_is_404(officer, twins):
    assert officer.get(of(twins[0], twins[0])).headers["Location"] == of(twins[0])
    assert officer.get(f"/admin/projects/project/{twins[0].pk}/duplicates/999999999/").status_code == 404
    assert officer.get(f"{QUEUE}?p=forged").status_code == 200


def test_the_queue_costs_a_bounded_number_of_queries(places, officer, django_assert_max_num_queries):
    for n in range(30):
        for _ in range(2):
            make_project(f"基地{n}号", district=places["440112"], approval_code=f"2301-440112-04-01-{n:06}")
    services.compare_waiting(NOW)

    with django_assert_max_num_queries(15):
        page = officer.get(QUEUE).content.decode()
    assert page.count("duplicate-pair") == 20
