"""With the review on, whatever is changed and approved: totals are the sum over what was approved last."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from projects import services
from projects.entries import CONTENT, Content, entries_of
from projects.models import LedgerEntry, Project, User
from tests.makers import make_user
from tests.test_identities import KINDS, QUARTERS, Bureau, bounded, edits, taken_back, which
from tracking import cells
from tracking.audit import find_differences
from tracking.totals import totals

pytestmark = pytest.mark.django_db

reviewed_edits = st.one_of(edits, st.tuples(st.just("approve"), which), st.tuples(st.just("approve"), which))
reviewed_histories = st.lists(reviewed_edits, min_size=4, max_size=16)


@dataclass
class ReviewedBureau(Bureau):
    """Where somebody approves now and then; beside the ledger it keeps by itself what should count of each project."""

    counts: dict[int, dict[str, Content]] = field(default_factory=lambda: defaultdict(dict))
    approved: set[int] = field(default_factory=set)  # at least once

    def __post_init__(self) -> None:
        super().__post_init__()
        self.editor: User = make_user()
        self.reviewer: User = make_user()

    def approve(self, number: int) -> None:
        project = self.project(number)
        if project.is_approved:
            return
        services.submit([project], actor=self.editor, at=self.now)
        services.approve([self.project(number)], actor=self.reviewer, at=self.now)
        self.approved.add(project.pk)
        self.follow(Project.objects.get(pk=project.pk))

    def follow(self, project: Project) -> None:
        """Its own content from now on, unless phases stand for it; and its parent, if that is approved as it is."""
        if project.excluded or not self.has_new_phases_only(project):
            self.counts[project.pk] = {} if self.has_phases(project) else content_of(project)
        parent = project.parent
        if parent is None:
            return
        if self.has_phases(parent):
            self.counts[parent.pk] = {}
        elif parent.is_approved and not self.has_new_phases_only(parent):
            self.counts[parent.pk] = content_of(parent)

    def has_phases(self, project: Project) -> bool:
        phases = [phase for phase in project.phases.all() if phase.pk in self.approved]
        return any(not p.is_void or (not p.is_approved and self.counts[p.pk]) for p in phases)

    def has_new_phases_only(self, project: Project) -> bool:
        return project.phases.kept().exists() and not self.has_phases(project)


def content_of(project: Project) -> dict[str, Content]:
    return entries_of(project, project.milestones.all(), has_phases=False)


@override_settings(APPROVAL_REQUIRED=True)
@bounded
@given(reviewed_histories)
def test_totals_are_the_sum_over_what_was_approved_last(history: list[tuple[Any, ...]]) -> None:
    with taken_back():
        bureau = ReviewedBureau()
        for edit in history:
            bureau.do(*edit)
        cells.roll_up()

        expected = {
            (project, kind): content
            for project, found in bureau.counts.items()
            for kind, content in found.items()
        }
        assert ledger_now() == expected
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for content in expected.values():
            if content.quarter:
                sums[content.quarter, content.kind][0] += 1
                sums[content.quarter, content.kind][1] += content.investment or 0
        for total in totals(bureau.places["440000"], QUARTERS, KINDS):
            assert [total.entered.count, total.entered.investment or 0] == sums[total.quarter, total.kind]
        assert find_differences() == []


def ledger_now() -> dict[tuple[int, str], Content]:
    """What is counted, by project and kind."""
    rows = LedgerEntry.objects.current().values_list("project_id", *CONTENT)
    return {(project, content[0]): Content(*content) for project, *content in rows}
