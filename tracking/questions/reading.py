"""From the values of a query string to a question that is complete and consistent, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _

from config.api.parameters import refuse_parameter
from config.api.replicas import must_know
from projects.models import District, Ownership, ProjectType, Sector, bands_holding
from projects.quarters import quarters_between
from tracking.divisions import Mode, divisions_of
from tracking.moments import NOW, Moment, holds_for
from tracking.questions.parameters import KINDS, UNDATED
from tracking.thresholds import thresholds
from tracking.totals import OVERLAPPING, UNDER_CONSTRUCTION, By, has_figure

MOST_QUARTERS = 80

Query = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Which totals: a district's, of these consecutive quarters and kinds, at a moment of the ledger."""

    district: District
    quarters: list[str]
    kinds: list[str]
    by: By | None
    moment: Moment
    divisions: Mode | None = None

    @property
    def as_of(self) -> datetime | None:
        """The time of the moment; null for now."""
        return self.moment.at


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one cell, or with `of` undated what is in no quarter."""

    district: District
    quarter: str
    kind: str
    by: By | None
    member: str | None
    of: str
    moment: Moment
    divisions: Mode | None = None

    @property
    def as_of(self) -> datetime | None:
        """The time of the moment; null for now."""
        return self.moment.at


def read_question(query: Query) -> Question:
    """The question of totals/. Raises ParameterErrors, Http404 for a release that is not there, NotKnownYet."""
    kinds = list(dict.fromkeys(query.get("kind", KINDS)))
    quarters = _quarters(query)
    moment = moment_asked(query, quarters)
    return Question(query["district"], quarters, kinds, query.get("by"), moment, query.get("divisions"))


def read_cell(query: Query) -> Cell:
    """The one cell of totals/trace/. Raises ParameterErrors, Http404 for a release that is not there."""
    of = query.get("of", "entered")
    kind = _only(query.get("kind", []), "kind", _("Name one kind of milestone."))
    quarter = _no_quarter(query) if of == UNDATED else _one_quarter(query)
    refuse_figure(of, [kind])
    by, district = query.get("by"), query["district"]
    moment = moment_asked(query, [quarter] if quarter else [])
    member = _member(query, by, district, moment)
    return Cell(district, quarter, kind, by, member, of, moment, query.get("divisions"))


def read_change(query: Query) -> tuple[Cell, Moment]:
    """What totals/explain/ asks: the cell at the later moment, and the earlier one.

    Raises ParameterErrors, Http404 for a release that is not there or does not hold for the district.
    """
    of, by, district = query.get("of", "entered"), query.get("by"), query["district"]
    kind = _only(query.get("kind", []), "kind", _("Name one kind of milestone."))
    if of == UNDATED:
        quarter = _no_quarter(query, ("quarter", "by"))
    elif "quarter" in query:
        quarter = query["quarter"]
    else:
        raise refuse_parameter("quarter", _("Name the quarter, as 2023Q1."), "required")
    refuse_figure(of, [kind])
    start, end = read_span(query, district, quarter)
    return Cell(district, quarter, kind, by, _member(query, by, district, end), of, end), start


def read_span(query: Query, district: District, quarter: str) -> tuple[Moment, Moment]:
    """From which moment `from` to which `to` a figure of the district and quarter is to be explained.

    Raises ParameterErrors, Http404 for a release that is not there or does not hold for the district.
    """
    start: Moment = query["from"]()
    end: Moment = query["to"]() if "to" in query else NOW
    for moment in (start, end):
        must_know(moment.at)
    quarters = [quarter] if quarter else []
    _check_release(start, "from", district, quarters)
    _check_release(end, "to", district, quarters)
    if start.at and end.at and start.at > end.at:
        message = _("This moment is before that of `from`: the wrong way round.")
        raise refuse_parameter("to", message, "backwards")
    return start, end


def refuse_figure(of: str, kinds: Sequence[str]) -> None:
    """Raises ParameterErrors where one of the kinds has no such figure."""
    if all(has_figure(kind, of) for kind in kinds):
        return
    if of in UNDER_CONSTRUCTION:
        raise refuse_parameter("of", _("Only what has started is carried over: ask this of `started`."))
    raise refuse_parameter("of", _("A project passes this kind and is never in it, so it has no stock."))


def moment_asked(query: Query, quarters: Sequence[str]) -> Moment:
    """As of which moment, from district, as_of and release; now if neither is given.

    A release answers about its own subtree, and about its quarter and those before it. Raises ParameterErrors, Http404.
    """
    if "release" not in query:
        moment: Moment = query.get("as_of", NOW)
        must_know(moment.at)
        return moment
    if "as_of" in query:
        raise refuse_parameter("as_of", _("Give either as_of or release."), "one_of")
    asked: Moment = query["release"]()
    must_know(asked.at)
    _check_release(asked, "release", query["district"], quarters)
    return asked


def _check_release(moment: Moment, name: str, district: District, quarters: Sequence[str]) -> None:
    if not holds_for(moment, district):
        raise Http404
    if moment.release and quarters and quarters[-1] > moment.release.quarter:
        message = _("This release is of %(quarter)s; later quarters were not released with it.")
        raise refuse_parameter(name, message % {"quarter": moment.release.quarter}, "later_quarter")


def _quarters(query: Query) -> list[str]:
    first, last = query.get("from"), query.get("to")
    if "quarter" in query:
        if first or last:
            raise refuse_parameter("quarter", _("Give either quarter, or from and to."), "one_of")
        return [query["quarter"]]
    if not first and not last:
        raise refuse_parameter("quarter", _("Give a quarter, or from and to."), "required")
    if not first or not last:
        raise refuse_parameter("from" if last else "to", _("Give both from and to."), "required")
    quarters = quarters_between(first, last)
    if not quarters:
        raise refuse_parameter("to", _("The last quarter is before the first."), "backwards")
    if len(quarters) > MOST_QUARTERS:
        raise refuse_parameter("to", _("Ask for at most 80 quarters."), "too_many")
    return quarters


def _one_quarter(query: Query) -> str:
    named = "quarter" if "quarter" in query else "to"
    return _only(_quarters(query), named, _("A trace is of one quarter."))


def _no_quarter(query: Query, names: Sequence[str] = ("quarter", "from", "to", "by")) -> str:
    for name in names:
        if name in query:
            raise refuse_parameter(name, _("What is undated is in no quarter: leave this out."))
    return ""


def _only(values: list[str], name: str, message: Any) -> str:
    if len(set(values)) != 1:
        raise refuse_parameter(name, message, "too_many" if values else "required")
    return values[0]


def _member(query: Query, by: By | None, district: District, moment: Moment) -> str | None:
    """The part of a breakdown; None for the part that is not known, and where there is no breakdown."""
    member: str | None = query.get("member")
    if by is None:
        if member is not None:
            raise refuse_parameter("member", _("A member is part of a breakdown: give `by`, too."))
        return None
    if member is None:
        raise refuse_parameter("member", _("Name the part of the breakdown, empty if not known."), "required")
    here = by == "district" and member in parts_asked(query, district, moment)
    if (member or by in OVERLAPPING) and not here and not _exists(by, member, district, moment):
        raise refuse_parameter("member", _("The breakdown has no such part."), "does_not_exist")
    return member or None


def parts_asked(query: Query, district: District, moment: Moment) -> set[str]:
    """The codes that come to be parts of a district by successions, on the divisions that are asked for."""
    return divisions_of(query.get("divisions"), as_of=moment.at).parts(district)


def _exists(by: By, member: str, district: District, moment: Moment) -> bool:
    if by == "sector":
        return Sector.objects.filter(code=member).exists()
    if by == "size_band":
        return any(band.code == member for band in bands_holding(moment.at))
    if by == "size_threshold":
        return member in thresholds(moment.at)
    if by == "district":
        return member == district.code or district.children.filter(code=member).exists()
    return member in (ProjectType.values if by == "project_type" else Ownership.values)
