"""How the emails read: subject, text and HTML in one language; every name in them is somebody's free text."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from projects.amounts import format_yi
from projects.models import Kind
from tracking.emails.progress import PIPELINE, Flow, Late, ProgressReport, Step
from tracking.figures import Figure
from tracking.models import Release
from tracking.released import Since
from tracking.sums import Sums
from tracking.totals import Change, Of
from tracking.wording import UNKNOWN, day_as_known, percent, quarter_name, signed

DONE = {
    Kind.SIGNED: gettext_lazy("%(n)d signed"),  # Translators: 签约%(n)d个
    Kind.STARTED: gettext_lazy("%(n)d started"),  # Translators: 开工%(n)d个
    Kind.COMPLETED: gettext_lazy("%(n)d completed"),  # Translators: 竣工%(n)d个
}
LISTS = {
    Kind.SIGNED: gettext_lazy("Signed in the quarter"),
    Kind.STARTED: gettext_lazy("Started in the quarter"),
    Kind.COMPLETED: gettext_lazy("Completed in the quarter"),
}
STANDING = {
    Kind.NEGOTIATING: gettext_lazy("In negotiation"),
    Kind.SIGNED: gettext_lazy("Signed, not yet started"),  # Translators: 已签约未开工
    Kind.STARTED: gettext_lazy("Under construction"),  # Translators: 在建
    Kind.COMPLETED: gettext_lazy("Completed, not yet in production"),  # Translators: 已竣工未投产
    Kind.IN_PRODUCTION: gettext_lazy("In production"),
    Kind.AT_CAPACITY: gettext_lazy("At capacity"),
}
PLANNED = {
    Kind.STARTED: gettext_lazy("start planned for %(day)s"),  # Translators: 计划%(day)s开工
    Kind.COMPLETED: gettext_lazy("completion planned for %(day)s"),  # Translators: 计划%(day)s竣工
}
ALWAYS_SHOWN = (Kind.SIGNED, Kind.STARTED)  # in the stock, even where there are none
WIDEST_BAR = 100  # percent
NO_BREAK = "\N{NO-BREAK SPACE}"


def render(report: ProgressReport, language: str, *, end_url: str = "") -> tuple[str, str, str]:
    """The subject, the text and the HTML of a report in `zh-hans` or `en`; `end_url` ends the subscription."""
    with translation.override(language):
        words = {**_words(report, language), "end_url": end_url}
        text = render_to_string("tracking/emails/progress.txt", words)
        html = render_to_string("tracking/emails/progress.html", words)
        return words["subject"], re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html.strip() + "\n"


def _words(report: ProgressReport, language: str) -> dict[str, Any]:
    """Everything that the templates show, as they show it."""
    place, quarter = report.district.label, quarter_name(report.quarter)
    return {
        "language": "zh-Hans" if language.startswith("zh") else language,
        "subject": _subject(report, place, quarter),
        "district": place,
        "quarter": quarter,
        "late_title": _("Behind plan on %(day)s") % {"day": report.on.isoformat()},
        "is_quiet": report.is_quiet,
        "flows": [_flow(flow, report) for flow in report.flows],
        "stock": _stock(report),
        "suspended": _sums(report.suspended) if report.suspended.count else None,
        "undated": _sums(report.undated) if report.undated.count else None,
        "late": [_late(item) for item in report.late],
        "late_count": report.late_count,
        "late_more": report.late_more,
        "colon": pgettext("after a label", ": "),
        "page_url": page_url(report),
        "released": _released(report.release) if report.release else "",
        "revisions_url": _address("revisions", report),
        "undated_url": _undated_url(report),
    }


def _subject(report: ProgressReport, place: str, quarter: str) -> str:
    """One line; completed projects only where there are any."""
    shown = [flow for flow in report.flows if flow.kind != Kind.COMPLETED or flow.total.entered.count]
    done = pgettext("between figures", ", ").join(
        DONE[flow.kind] % {"n": flow.total.entered.count} for flow in shown
    )
    # Translators: 【明账】%(district)s %(quarter)s项目进展：%(done)s
    subject = _("[Mingzhang] %(district)s, projects in %(quarter)s: %(done)s") % {
        "district": place,
        "quarter": quarter,
        "done": done,
    }
    return " ".join(subject.split())


def page_url(report: ProgressReport) -> str:
    """The start page on the same district and quarter."""
    return _address("start", report, **report.moment.asked)


def _figure_url(report: ProgressReport, kind: Kind, of: Of = "entered") -> str:
    """The page that lists what is behind a figure."""
    figure = Figure(report.district.code, report.quarter, (kind.value,), of=of, moment=report.moment)
    return settings.PUBLIC_URL + figure.url


def _address(page: str, report: ProgressReport, **more: str) -> str:
    """A page about the district and quarter of the report."""
    query = urlencode({"district": report.district.code, "quarter": report.quarter, **more})
    return f"{settings.PUBLIC_URL}{reverse(page)}?{query}"


def _undated_url(report: ProgressReport) -> str:
    """The page that lists what has no quarter."""
    asked = {"district": report.district.code, "kind": ",".join(PIPELINE), **report.moment.asked}
    query = urlencode(asked, safe=",")
    return f"{settings.PUBLIC_URL}{reverse('undated')}?{query}"


def _released(release: Release) -> str:
    """The mark of the release: when, which revision, of which district, provisional or not."""
    # Translators: %(at)s发布（%(district)s，%(revision)s）
    mark = _("Released %(at)s for %(district)s (%(revision)s)") % {
        "at": f"{timezone.localtime(release.released_at):%Y-%m-%d %H:%M}",
        "district": release.district.label,
        "revision": release.revision_label,
    }
    return _("%(mark)s, provisional") % {"mark": mark} if release.provisional else mark


def _since(since: Since | None) -> dict[str, Any]:
    """What was released, and what has changed since, with the page that explains it; nothing where none was."""
    if since is None:
        return {}
    difference = since.difference
    change = _("number %(count)s, amount %(amount)s") % {
        "count": signed(difference.count, f"{abs(difference.count):,}"),
        "amount": signed(difference.known_investment, _yi(abs(difference.known_investment))),
    }
    return {
        "released": _sums(since.before)["said"],
        "released_url": settings.PUBLIC_URL + since.figure.url,
        "is_changed": since.changed,
        "changed": change if since.changed else pgettext("since a moment", "unchanged"),
        "explained": settings.PUBLIC_URL + since.explained,
    }


def _sums(sums: Sums) -> dict[str, Any]:
    """A number and its amount, and of how many the amount is known where it is not all."""
    known = ""
    if 0 < sums.with_investment < sums.count:
        known = _("amount known for %(known)d of %(count)d") % {
            "known": sums.with_investment,
            "count": sums.count,
        }
    elif sums.count and not sums.with_investment:
        known = _("no amount known")
    number = ngettext("%(n)d project", "%(n)d projects", sums.count) % {"n": sums.count}
    amount = "" if sums.investment is None else _yi(sums.investment)
    said = _("%(number)s, %(amount)s") % {"number": number, "amount": amount} if amount else number
    if known:
        said = _("%(figures)s (%(known)s)") % {"figures": said, "known": known}
    return {"count": sums.count, "number": number, "amount": amount, "known": known, "said": said}


def _yi(yuan: int | None) -> str:
    """An amount in 亿元, the unit of bulletins, in either language; a dash where it is not known."""
    return (
        UNKNOWN
        if yuan is None
        else (_("%(amount)s 亿元") % {"amount": format_yi(yuan)}).replace(" ", NO_BREAK)
    )


def _change(change: Change) -> str:
    """A comparison of numbers and amounts; a dash where there is nothing to compare with."""
    if change.count is None and change.investment is None:
        return UNKNOWN
    return _("number %(count)s, amount %(amount)s") % {
        "count": percent(change.count),
        "amount": percent(change.investment),
    }


def _flow(flow: Flow, report: ProgressReport) -> dict[str, Any]:
    total = flow.total
    return {
        **_sums(total.entered),
        "url": _figure_url(report, flow.kind),
        "name": flow.kind.label,
        "title": LISTS[flow.kind],
        "yoy": _change(total.yoy),
        "qoq": _change(total.qoq),
        "ytd": _sums(total.ytd),
        "projects": [_step(step) for step in flow.projects],
        "more": flow.more,
        "since": _since(flow.since),
    }


def _stock(report: ProgressReport) -> list[dict[str, Any]]:
    """The stages in which anything stands, each with the length of its bar in percent of the longest."""
    most = max((sums.count for _kind, sums in report.stock), default=0) or 1
    return [
        {
            **_sums(sums),
            "name": STANDING[kind],
            "bar": round(sums.count * WIDEST_BAR / most),
            "url": _figure_url(report, kind, of="stock"),
        }
        for kind, sums in report.stock
        if sums.count or kind in ALWAYS_SHOWN
    ]


def _step(step: Step) -> dict[str, str]:
    return {
        "name": step.project.label,
        "district": step.district.label,
        "amount": _yi(step.investment),
        "day": day_as_known(step.day, step.precision),
    }


def _late(late: Late) -> dict[str, str]:
    months = ngettext("%(n)d month late", "%(n)d months late", late.months) % {"n": late.months}
    return {
        "name": late.project.label,
        "district": late.project.district.label,
        "planned": PLANNED[late.kind] % {"day": late.planned_on.isoformat()},
        "months": months if late.months else _("less than a month late"),
    }
