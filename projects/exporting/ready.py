"""Layouts that are there from the beginning: to be used as they are, or as the start of one's own."""

from __future__ import annotations

from projects.models import ExportLayout, ExportUnit, GroupedBy, User
from projects.models.layouts import LayoutColumn


def _column(what: str, upper: str = "", lower: str = "", of: str = "") -> LayoutColumn:
    return {"what": what, "of": of, "upper": upper, "lower": lower}


AGREED, TO_DATE, THIS_YEAR = "协议投资额", "累计到位资金", "本年到位资金"


def _by_origin(figure: str, upper: str) -> list[LayoutColumn]:
    """All, then of which domestic, from outside the province, foreign."""
    parts = (("", "总额"), ("domestic", "内资"), ("outside", "其中：省外"), ("foreign", "外资"))
    return [_column(f"sum:{figure}", upper, words, origin) for origin, words in parts]


def _monthly() -> dict[str, object]:
    return {
        "title": "招商引资项目月报表",
        "detailed": True,
        "group": GroupedBy.COUNTY,
        "unit": ExportUnit.WAN,
        "columns": [
            _column("name", "", "项目名称"),
            _column("district", "", "落户地"),
            _column("sector", "", "产业"),
            _column("investors", "", "投资方"),
            _column("signed_on", "", "签约日期"),
            *_by_origin("total_investment", AGREED),
            *_by_origin("funds_to_date", TO_DATE),
            *_by_origin("funds_this_year", THIS_YEAR),
            _column("stage", "", "进展阶段"),
        ],
    }


def _summary() -> dict[str, object]:
    return {
        "title": "招商引资情况汇总表",
        "detailed": False,
        "group": GroupedBy.COUNTY,
        "unit": ExportUnit.YI,
        "columns": [
            _column("sum:count", "", "项目数"),
            *_by_origin("total_investment", AGREED),
            *_by_origin("funds_to_date", TO_DATE),
            *_by_origin("funds_this_year", THIS_YEAR),
        ],
    }


READY = {"monthly": _monthly, "summary": _summary}


def ready_layout(name: str, owner: User) -> ExportLayout:
    """One of them, not saved, as if it were this user's."""
    return ExportLayout(owner=owner, **READY[name]())
