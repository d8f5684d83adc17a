"""The breakdowns of the start page: what entered in one quarter by child district, sector, type and size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from projects.models import District, ProjectType, Sector, SizeBand, bands_holding
from projects.quarters import first_day, last_day
from tracking.figures import Figure
from tracking.flows import flows
from tracking.moments import NOW, Moment
from tracking.pages.pipeline import COLUMNS, Row, Shown
from tracking.sums import NOTHING, Sums
from tracking.thresholds import bound_of, label_of
from tracking.totals import By


class Breakdown:
    """What entered in a district's quarter, by the members of one breakdown to which anything happened."""

    def __init__(self, district: District, quarter: str, by: By, moment: Moment = NOW) -> None:
        self.district, self.quarter, self.by, self.moment = district, quarter, by, moment
        self.found = flows(district, quarter, COLUMNS, by=by, as_of=moment.at, divisions=moment.divisions)

    def row(self, member: str | None, label: str, url: str = "") -> Row:
        """One line, every figure with its address."""
        own = self.found.get(member, {})
        return Row(label, url, [self._shown(member, kind, own.get(kind, NOTHING)) for kind in COLUMNS])

    def _shown(self, member: str | None, kind: str, sums: Sums) -> Shown:
        code, quarter, name = self.district.code, self.quarter, member or ""
        return Shown(sums, Figure(code, quarter, (kind,), by=self.by, member=name, moment=self.moment).url)

    def size(self, member: str | None) -> int:
        """The known investment of all columns, by which members are put in order."""
        return sum(sums.known_investment for sums in self.found[member].values())


def by_district(
    district: District, quarter: str, children: Iterable[District], page: str, moment: Moment = NOW
) -> list[Row]:
    """Every child district that there was, each leading to its own page, and what is recorded at the district itself.

    On other divisions what came to lie in the district by a succession has a line, too.
    """
    parts = Breakdown(district, quarter, "district", moment)
    known = list(children)
    rows = [
        parts.row(
            child.code,
            child.label,
            f"{page}?{urlencode({'district': child.code, 'quarter': quarter, **moment.asked})}",
        )
        for child in known
        if child.code in parts.found or _existed(child, quarter, moment)
    ]
    others = set(filter(None, parts.found)) - {district.code, *(child.code for child in known)}
    rows += [parts.row(d.code, d.label) for d in District.objects.filter(code__in=others).order_by("path")]
    if district.code in parts.found and rows:
        # 黄埔区本级
        rows.append(parts.row(district.code, _("%(district)s itself") % {"district": district.label}))
    return rows


def _existed(child: District, quarter: str, moment: Moment) -> bool:
    """Whether there was such a district in the quarter; on the divisions of now, whether there is."""
    if moment.divisions == "now":
        return child.valid_to is None
    began = child.valid_from is None or child.valid_from <= last_day(quarter)
    return began and (child.valid_to is None or child.valid_to >= first_day(quarter))


def by_sector(district: District, quarter: str, moment: Moment = NOW) -> list[Row]:
    """The sectors in which something happened in the quarter, the largest investment first."""
    parts = Breakdown(district, quarter, "sector", moment)
    names = sector_names(filter(None, parts.found))
    ordered = sorted(parts.found, key=lambda code: (-parts.size(code), code or "~"))
    return [parts.row(code, names.get(code or "", _("Not recorded"))) for code in ordered]


def sector_names(codes: Iterable[str]) -> dict[str, str]:
    """The names of these sectors; where two schemes use one name, with the scheme's."""
    sectors = list(Sector.objects.filter(code__in=codes).select_related("scheme"))
    used = Counter(sector.label for sector in sectors)
    return {
        sector.code: sector.label if used[sector.label] == 1 else f"{sector.label} ({sector.scheme.label})"
        for sector in sectors
    }


def by_type(district: District, quarter: str, moment: Moment = NOW) -> list[Row]:
    """The types of projects, in their order."""
    parts = Breakdown(district, quarter, "project_type", moment)
    return [parts.row(each, str(each.label)) for each in ProjectType if each in parts.found]


def by_size(district: District, quarter: str, moment: Moment = NOW) -> list[Row]:
    """The size bands from the smallest; then the projects whose investment is not known."""
    parts = Breakdown(district, quarter, "size_band", moment)
    rows = [parts.row(code, label) for code, label in band_labels(moment).items() if code in parts.found]
    return [*rows, parts.row(None, _("Not known"))] if None in parts.found else rows


def band_labels(moment: Moment) -> dict[str, str]:
    """The names of the size bands of a moment, the smallest first; one that is no more, or changed, has its code."""
    present = SizeBand.objects.all() if moment.at else ()
    known = {(band.code, band.lower, band.upper): band.label for band in present}
    return {
        band.code: known.get((band.code, band.lower, band.upper), band.label)
        for band in bands_holding(moment.at)
    }


def by_threshold(district: District, quarter: str, moment: Moment = NOW) -> list[Row]:
    """The size thresholds from the smallest, each with all that is larger; they do not add up."""
    parts = Breakdown(district, quarter, "size_threshold", moment)
    bounds = sorted((bound_of(name or "") or 0, name) for name in parts.found)
    return [parts.row(name, label_of(yuan)) for yuan, name in bounds]
