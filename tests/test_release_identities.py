"""Whatever is recorded, corrected, moved or taken back around releases: each says for ever what it said at first.

Random histories of edits, releases and changed size bands in between, through the services.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.api.outcomes import NothingNew
from projects import services
from projects.models import District, Kind, SizeBand
from tests.makers import YI
from tests.test_identities import KINDS, PLACES, QUARTERS, Bureau, bounded, edits, taken_back
from tracking import cells
from tracking.audit import find_differences
from tracking.models import Release
from tracking.releases import changed_since, release_quarter
from tracking.sums import NOTHING, Sums
from tracking.totals import (
    BREAKDOWNS,
    FIGURES,
    OVERLAPPING,
    Total,
    behind,
    has_figure,
    sum_of,
    totals,
    undated,
)

pytestmark = pytest.mark.django_db

RELEASED = ("2022Q4", "2023Q1")
SOME_QUARTERS = QUARTERS[-3:]

releasing = st.tuples(st.just("release"), st.sampled_from(PLACES[:4]), st.sampled_from(RELEASED))
banding = st.tuples(st.just("change_band"), st.integers(0, 9), st.integers(1, 60))
histories = st.lists(st.one_of(edits, edits, edits, releasing, banding), min_size=4, max_size=16)

Answer = dict[str, Any]


@dataclass
class PublishingBureau(Bureau):
    """A bureau that also releases quarters, and changes its size bands; what each release said at first."""

    said: dict[int, Answer] = field(default_factory=dict)

    def release(self, place: str, quarter: str) -> None:
        try:
            made = release_quarter(self.places[place], quarter, actor=None, at=self.now)
        except NothingNew:
            return
        self.said[made.pk] = answer(made, self.places)

    def change_band(self, number: int, amount: int) -> None:
        bands = list(SizeBand.objects.all())
        band = bands[number % len(bands)]
        band.lower, band.upper = amount * YI, (amount + 40) * YI
        services.save_band(band, at=self.now)


def answer(release: Release, places: dict[str, District]) -> Answer:
    """Everything that a release says: all districts, every breakdown of its own, and what is undated."""
    at, own = release.released_at, release.district
    return {
        "totals": {code: totals(place, SOME_QUARTERS, KINDS, as_of=at) for code, place in places.items()},
        "undated": undated(own, KINDS, as_of=at),
        **{by: totals(own, SOME_QUARTERS, KINDS, by=by, as_of=at) for by in BREAKDOWNS},
    }


def recorded(history: list[tuple[Any, ...]]) -> PublishingBureau:
    """The bureau after this history; the city is released in its middle and at its end, with other bands in between."""
    bureau = PublishingBureau()
    half = len(history) // 2
    signed = ("enter", "440112", 7 * YI, None, {Kind.SIGNED: date(2023, 1, 29)})
    city, other_bands = ("release", "440100", "2023Q1"), ("change_band", 1, 30)
    for edit in [signed, *history[:half], city, other_bands, *history[half:], city]:
        bureau.do(*edit)
    cells.roll_up()
    return bureau


def releases_of(bureau: PublishingBureau) -> list[Release]:
    return list(Release.objects.filter(pk__in=bureau.said).select_related("district").order_by("pk"))


@bounded
@given(histories)
def test_each_release_says_for_ever_what_it_said_at_first_and_names_what_it_revises(
    history: list[Any],
) -> None:
    with taken_back():
        bureau = recorded(history)

        released = releases_of(bureau)
        assert {release.pk: answer(release, bureau.places) for release in released} == bureau.said
        assert bureau.said
        assert find_differences() == []
        chains = defaultdict(list)
        for release in released:
            chains[release.district_id, release.quarter].append(release)
        for chain in chains.values():
            assert [release.revision for release in chain] == list(range(len(chain)))
            assert [release.revises_id for release in chain] == [
                None,
                *(release.pk for release in chain[:-1]),
            ]
            assert len({release.released_at for release in chain}) == len(chain)


@bounded
@given(histories)
def test_every_figure_of_a_release_is_the_sum_of_its_trace_and_of_its_breakdowns(history: list[Any]) -> None:
    with taken_back():
        bureau = recorded(history)

        for release in releases_of(bureau)[-2:]:
            at, own, quarter = release.released_at, release.district, release.quarter
            whole = totals(own, [quarter], KINDS, as_of=at)
            for total in whole:
                for of in FIGURES:
                    if has_figure(total.kind, of):
                        traced = behind(own, quarter, total.kind, of=of, as_of=at)
                        assert sum_of(traced) == getattr(total, of)
            for by in set(BREAKDOWNS) - set(OVERLAPPING):
                assert parts_of(totals(own, [quarter], KINDS, by=by, as_of=at)) == parts_of(whole)


def parts_of(found: list[Total]) -> dict[tuple[str, str], Sums]:
    """The figures by kind, all members together."""
    added: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for total in found:
        for of in FIGURES:
            if (shown := getattr(total, of)) and shown != NOTHING:
                added[total.kind, of] += shown
    return dict(added)


@bounded
@given(histories)
def test_where_nothing_has_changed_since_a_release_it_says_what_is_recorded_now(history: list[Any]) -> None:
    with taken_back():
        bureau = recorded(history)

        for release in releases_of(bureau):
            quarters = [quarter for quarter in QUARTERS if quarter <= release.quarter]
            then = totals(release.district, quarters, KINDS, as_of=release.released_at)
            now = totals(release.district, quarters, KINDS)
            assert changed_since(release) or then == now
