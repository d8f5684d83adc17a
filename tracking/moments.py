"""Moments of the ledger: as of a time, as it was released, or as it is now; how they are asked for and written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Min
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from config.api.parameters import read_integer
from projects.models import District, LedgerEntry
from tracking.divisions import Mode
from tracking.models import Release

if TYPE_CHECKING:
    from projects.access import Reader

RELEASE_PREFIX = "release:"
read_id = read_integer(1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A state of the ledger: `at` a time, that of the `release` if it is one; both null mean now.

    `divisions` says where a page counts what was recorded in districts that were merged, split or renamed.
    """

    at: datetime | None = None
    release: Release | None = None
    divisions: Mode | None = None

    @classmethod
    def of(cls, release: Release) -> Moment:
        """The moment of a release."""
        return cls(release.released_at, release)

    @property
    def written(self) -> str:
        """As it stands in an address: `now`, `release:7` or `2023-04-05T08:00:00+08:00`."""
        if self.release:
            return f"{RELEASE_PREFIX}{self.release.pk}"
        return self.time or "now"

    @property
    def time(self) -> str:
        """Its time alone, at which any district and quarter may be asked for; empty for now."""
        return timezone.localtime(self.at).isoformat() if self.at else ""

    @property
    def asked(self) -> dict[str, str]:
        """The same as the parameters `as_of` or `release`, and `divisions`; none for now, as recorded."""
        shown_on: dict[str, str] = {"divisions": self.divisions} if self.divisions else {}
        if self.release:
            return {"release": str(self.release.pk), **shown_on}
        return {"as_of": self.written, **shown_on} if self.at else shown_on

    def asked_about(self, district: District, quarter: str) -> dict[str, str]:
        """The same for another district or quarter; a release that says nothing about it gives its time."""
        known = self.release is None or (holds_for(self, district) and quarter <= self.release.quarter)
        return self.asked if known else replace(self, release=None).asked


NOW = Moment()


def past(at: datetime) -> Moment:
    """A past time. Raises ValueError before the first entry, when there was nothing to ask."""
    first = LedgerEntry.objects.aggregate(first=Min("recorded_at"))["first"]
    if first and at < first:
        when = timezone.localtime(first).strftime("%Y-%m-%d %H:%M")
        raise ValueError(_("Nothing was recorded before %(when)s; ask for a later time.") % {"when": when})
    return Moment(at)


def released(pk: int, user: Reader) -> Moment:
    """The moment of a release that the user may see. Raises Http404."""
    release = Release.objects.visible_to(user).select_related("district", "revises").filter(pk=pk).first()
    if release is None:
        raise Http404
    return Moment.of(release)


def holds_for(moment: Moment, district: District) -> bool:
    """Whether the moment may be asked about the district: a release only about its own subtree."""
    return moment.release is None or district.path.startswith(moment.release.district.path)
