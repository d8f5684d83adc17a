"""What the columns of cohorts are called: rates, lead times, and what was on time."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from config.api.problems import Text
from tracking.cohorts import DELAY_BANDS, DELAY_CELLS, LEAD_TIME_CELLS, PUNCTUALITY_CELLS, RATES, WITHIN

TITLES: dict[str, Text] = {
    "performance": gettext_lazy("Performance rate"),  # 履约率
    "start": gettext_lazy("Start rate"),  # 开工率
    "production": gettext_lazy("Production rate"),  # 投产率
}
SPAN_TITLES: dict[str, Text] = {
    "signed_started": gettext_lazy("From signing to start"),  # 签约到开工
    "started_completed": gettext_lazy("From start to completion"),  # 开工到竣工
}
PART_TITLES: dict[str, Text] = {
    "count": gettext_lazy("took the first step"),
    "known": gettext_lazy("both days known"),
    "unknown": gettext_lazy("days not known"),
    "waiting": gettext_lazy("second step still to come"),
}
OUTCOME_TITLES: dict[str, Text] = {
    "count": gettext_lazy("all"),  # 全部
    "ahead": pgettext_lazy("of plan", "ahead"),
    "on_time": gettext_lazy("on time"),
    "delayed": gettext_lazy("delayed"),
    "without_plan": gettext_lazy("without a plan"),
    "without_date": gettext_lazy("without a date"),
}


def column_title(column: str) -> str:
    """What a cell counts, in words."""
    if column in WITHIN:
        words = {
            "started": _("Started within %(months)d months of signing"),
            "completed": _("Completed within %(months)d months of signing"),
        }
        return words[column.partition("_")[0]] % {"months": WITHIN[column][1]}
    if column in LEAD_TIME_CELLS:
        span, part = LEAD_TIME_CELLS[column]
        return f"{SPAN_TITLES[span]} · {PART_TITLES[part]}"
    if column in PUNCTUALITY_CELLS:
        kind, part = PUNCTUALITY_CELLS[column]
        bands = dict(zip(DELAY_CELLS, band_titles(), strict=True))
        title = (
            _("delayed by %(months)s") % {"months": bands[part]} if part in bands else OUTCOME_TITLES[part]
        )
        return f"{kind.label} · {title}"
    return str(TITLES[column]) if column in RATES else pgettext("heading of a list", "Signed")


def band_titles() -> list[str]:
    """The bands of delay, in months."""
    return [
        _("%(first)d–%(last)d months") % {"first": first, "last": last}
        if last
        else _("over %(months)d months") % {"months": first - 1}
        for first, last in DELAY_BANDS
    ]
