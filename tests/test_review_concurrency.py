"""Two reviewers at once, and a reviewer while an editor saves: one comes first, the other is told."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from django.test import override_settings

from config.api.outcomes import StaleVersion
from projects import services
from projects.models import Comment, LedgerEntry, Project, Review, User
from projects.services import RefusedChanges
from tests.makers import NOW, YI, make_district, make_project
from tests.processes import side_by_side
from tests.reviews import make_people, submit

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

SIGNED: Any = {"signed": date(2023, 1, 29)}


@pytest.fixture
def project(settings):
    """A project that waits for its reviewers."""
    settings.APPROVAL_REQUIRED = True
    people = make_people(make_district())
    return submit(make_project(total_investment=YI, milestones=SIGNED), people["editor"])


def at_once(seen: Project, start: float, name: str) -> str:
    """Approve in somebody's name, at that moment."""
    reviewer = User.objects.get(username=name)
    with override_settings(APPROVAL_REQUIRED=True):
        time.sleep(max(0, start - time.monotonic()))
        try:
            services.approve([seen], actor=reviewer, at=NOW)
        except RefusedChanges as refused:
            return type(refused.refusals[0]).__name__
    return "approved"


def test_of_two_reviewers_at_once_one_approves_and_the_other_is_told_that_it_has_changed(project):
    start = time.monotonic() + 0.5

    answers = side_by_side([lambda n=n: at_once(project, start, n) for n in ("reviewer", "second")])

    assert sorted(answers) == [StaleVersion.__name__, "approved"]
    assert LedgerEntry.objects.count() == Comment.objects.filter(kind="approved").count() == 1


def test_without_lock_and_version_both_would_have_approved_it(project):
    """The control: the same two, by a service that only looks whether it is submitted."""
    start = time.monotonic() + 0.5

    def blindly(name: str) -> str:
        time.sleep(max(0, start - time.monotonic()))
        if Project.objects.get(pk=project.pk).review != Review.SUBMITTED:
            return "too late"
        time.sleep(0.3)  # as long as a look at what else must be right
        Project.objects.filter(pk=project.pk).update(review=Review.APPROVED)
        Comment.objects.create(
            project=project, author=User.objects.get(username=name), at=NOW, kind="approved"
        )
        return "approved"

    answers = side_by_side([lambda n=n: blindly(n) for n in ("reviewer", "second")])

    assert answers == ["approved", "approved"]
    assert Comment.objects.filter(kind="approved").count() == 2


def test_a_reviewer_never_approves_what_an_editor_saves_at_the_same_time(project):
    start = time.monotonic() + 0.5

    def change() -> str:
        seen = Project.objects.get(pk=project.pk)
        seen.total_investment = 9 * YI
        with override_settings(APPROVAL_REQUIRED=True):
            time.sleep(max(0, start - time.monotonic()))
            try:
                services.save_project(seen, actor=None, at=NOW)
            except StaleVersion:
                return "too late"
        return "saved"

    approved, saved = side_by_side([lambda: at_once(project, start, "reviewer"), change])

    assert {approved, saved} & {"approved", "saved"}
    entries = LedgerEntry.objects.current().values_list("investment", flat=True)
    assert list(entries) == ([YI] if approved == "approved" else [])
