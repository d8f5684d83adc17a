"""Releasing a quarter 发布: freezing its figures for a district subtree at a moment, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import NothingNew
from projects import sealing
from projects.models import District, LedgerEntry, User, bands_holding
from projects.models.ledger import LedgerQuerySet
from projects.quarters import quarter_of
from projects.services.transactions import one_transaction
from tracking import definitions
from tracking.models import Release
from tracking.totals import ever

NOT_A_PUBLISHER = _(  # 只有该区划的发布人…
    "Only a publisher of this district releases its figures. Ask one of them, or ask the administrator for the role."
)
BUSY = _(  # 正在进行大批量导入…
    "A long change, as an import, is being recorded just now. Nothing was released; try again in a minute."
)


@one_transaction
def release_quarter(
    district: District,
    quarter: str,
    *,
    actor: User | None,
    at: datetime,
    note: str = "",
    provisional: bool = False,
) -> Release:
    """Freeze a quarter (`2023Q1`) of the district and everything below it; again, it is a revision of the last.

    Everything dated up to `released_at` is committed then. Raises ValidationError for a quarter that has not begun, for
    one that has not ended unless it is said to be provisional; NothingNew where nothing has changed since the last
    release; OperationalError while a long import runs.
    """
    _check_time(quarter, at, provisional=provisional)
    moment = sealing.seal(at)
    last = Release.objects.filter(district=district, quarter=quarter).order_by("-revision").first()
    if last:
        _check_news(last, provisional=provisional)
    release = Release(
        district=district,
        quarter=quarter,
        revision=last.revision + 1 if last else 0,
        revises=last,
        provisional=provisional,
        released_at=moment,
        released_by=actor,
        note=note,
        definitions=definitions.versions(),
    )
    release.full_clean(exclude={"revises", "released_by", "definitions"})
    release.save(force_insert=True)
    return release


def _check_time(quarter: str, at: datetime, *, provisional: bool) -> None:
    present = quarter_of(timezone.localdate(at))
    if quarter > present:
        message = _("%(quarter)s has not begun yet.")
        raise ValidationError({"quarter": ValidationError(message % {"quarter": quarter}, code="not_begun")})
    if quarter == present and not provisional:
        message = _("%(quarter)s has not ended yet. Release it as provisional, or wait for its end.")
        raise ValidationError({"quarter": ValidationError(message % {"quarter": quarter}, code="not_ended")})


def _check_news(last: Release, *, provisional: bool) -> None:
    if provisional and not last.provisional:
        message = _("This quarter has been released already; a revision of it is not provisional.")
        raise ValidationError({"provisional": ValidationError(message, code="released_already")})
    if provisional == last.provisional and not (changed_since(last) or _bands_changed_since(last)):
        when = timezone.localtime(last.released_at).strftime("%Y-%m-%d %H:%M")
        message = _("Nothing has changed since the release of %(when)s; there is nothing to release anew.")
        raise NothingNew(message % {"when": when})


def changed_since(release: Release, district: District | None = None) -> bool:
    """Whether anything that the release shows is recorded otherwise now: in its quarter, before it or undated.

    What only happened later, as of a project that has moved on since, changes nothing of what it shows. `district`
    asks about a part of it alone.
    """
    here = ever(district or release.district).filter(
        Q(quarter__isnull=True) | Q(quarter__lte=release.quarter)
    )
    at = release.released_at
    closed = _shown(here.filter(recorded_at__lte=at, superseded_at__gt=at), release.quarter)
    posted = _shown(here.filter(recorded_at__gt=at, superseded_at__isnull=True), release.quarter)
    return bool(closed.difference(posted)[:1]) or bool(posted.difference(closed)[:1])


SHOWN = (
    "project_id", "kind", "quarter", "happened_on", "precision", "district_id", "sector_id", "project_type",
    "ownership", "investment", "expected_output", "expected_revenue",
)  # fmt: skip


def _shown(found: LedgerQuerySet, quarter: str) -> QuerySet[LedgerEntry, tuple[Any, ...]]:
    """What is shown of these entries at the end of a quarter: not where they went after it."""
    left = Case(When(left_quarter__lte=quarter, then="left_quarter"))
    return found.order_by().annotate(left_by_then=left).values_list(*SHOWN, "left_by_then")


def _bands_changed_since(release: Release) -> bool:
    """Whether a breakdown by size would have other bands now."""
    then, now = (
        [(band.code, band.lower, band.upper) for band in bands_holding(at)]
        for at in (release.released_at, None)
    )
    return then != now


def standing(district: District, quarter: str) -> Release | None:
    """The release that holds for a district's quarter: the newest of its own and of the districts that it lies in."""
    return standing_all(district, [quarter]).get(quarter)


def standing_all(district: District, quarters: Sequence[str]) -> dict[str, Release]:
    """The release that holds for each of these quarters of a district, where there is one; one query."""
    found = Release.objects.covering(district).filter(quarter__in=quarters)
    newest_last = found.select_related("district", "revises").order_by("released_at", "id")
    return {release.quarter: release for release in newest_last}
