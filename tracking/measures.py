"""What a bulletin's measure means: which milestones, and what of them. Some the records can answer, the others not.

A measure is written as subject, what of it, and how it is put: `started_or_signed` + `investment` + `yoy`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import pgettext_lazy

from config.api.problems import Text
from projects.models import Kind
from tracking.totals import Of

KINDS: dict[str, tuple[Kind, ...]] = {
    "negotiating": (Kind.NEGOTIATING,),
    "signed": (Kind.SIGNED,),
    "registered": (Kind.REGISTERED,),
    "started": (Kind.STARTED,),
    "new_start": (Kind.STARTED,),
    "started_or_signed": (Kind.SIGNED, Kind.STARTED),
    "enrolled": (Kind.ENROLLED,),
    "completed": (Kind.COMPLETED,),
    "in_production": (Kind.IN_PRODUCTION,),
    "at_capacity": (Kind.AT_CAPACITY,),
    "carried_over": (Kind.STARTED,),
    "start_or_resume": (Kind.STARTED,),
}
# 完成投资 is money spent, not the investment of completed projects: progress reports will answer it.
NOT_WHAT_IT_SEEMS = {"completed_investment"}
# Free words of bulletins that only repeat what the measure says.
SAYS_NOTHING_MORE = {"new_start": "新开工", "carried_over": "续建", "start_or_resume": "开复工"}
# Subjects that are figures of construction, per quarter and per year.
CONSTRUCTION: dict[str, tuple[Of, Of]] = {
    "carried_over": ("carried_over", "carried_over_year"),
    "start_or_resume": ("start_or_resume", "start_or_resume_year"),
}

SUBJECTS: dict[str, Text] = {
    "negotiating": Kind.NEGOTIATING.label,
    "signed": Kind.SIGNED.label,
    "registered": Kind.REGISTERED.label,
    "started": Kind.STARTED.label,
    "new_start": pgettext_lazy("claim", "New starts"),  # 新开工
    "started_or_signed": pgettext_lazy("claim", "Started or signed"),  # 开工或签约
    "enrolled": Kind.ENROLLED.label,
    "completed": Kind.COMPLETED.label,
    "in_production": Kind.IN_PRODUCTION.label,
    "at_capacity": Kind.AT_CAPACITY.label,
    "carried_over": pgettext_lazy("claim", "Carried over"),  # 续建
    "start_or_resume": pgettext_lazy("claim", "Started or carried on"),  # 开复工
    "introduced": pgettext_lazy("claim", "Introduced"),  # 引进
    "key_project": pgettext_lazy("claim", "Key projects"),  # 重点项目
    "leader_led_project": pgettext_lazy("claim", "Projects led by city leaders"),  # 市领导牵头的项目
    "urban_village_start": pgettext_lazy("claim", "Urban villages started"),  # 城中村改造启动
    "fortune500_investor": pgettext_lazy("claim", "Fortune 500 investors"),  # 世界500强投资者
    "fortune500_project": pgettext_lazy("claim", "Fortune 500 projects"),  # 世界500强项目
    "new_foreign_enterprise": pgettext_lazy("claim", "New foreign enterprises"),  # 新设外资企业
    "funds_in_place": pgettext_lazy("claim", "Funds in place"),  # 到位资金
    "fdi_utilised": pgettext_lazy("claim", "Foreign investment utilised"),  # 实际利用外资
}
PARTS: dict[str, Text] = {
    "count": pgettext_lazy("claim", "number"),  # 个数
    "investment": pgettext_lazy("claim", "investment"),  # 投资额
    "annual_investment": pgettext_lazy("claim", "annual investment"),  # 年度投资
    "expected_output": pgettext_lazy("claim", "expected output"),  # 预计产值
    "expected_revenue": pgettext_lazy("claim", "expected revenue"),  # 预计营业收入
    "expected_output_and_revenue": pgettext_lazy(
        "claim", "expected output and revenue"
    ),  # 预计产值、营业收入
    "floor_area": pgettext_lazy("claim", "floor area"),  # 建筑面积
    "": "",
}
FORMS: dict[str, Text] = {
    "yoy": pgettext_lazy("claim", "change on a year before"),  # 同比
    "share": pgettext_lazy("claim", "share"),  # 占比
    "": "",
}
PERIOD = re.compile(r"(?P<year>[0-9]{4})(?P<quarter>Q[1-4])?")
ANSWERED_PARTS = ("count", "investment", "expected_output", "expected_revenue", "expected_output_and_revenue")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure taken apart; `subject` is empty where its words are not known here."""

    written: str
    subject: str = ""
    part: str = ""
    form: str = ""

    @classmethod
    def read(cls, written: str) -> Measure:
        """Take a measure apart; the longest words that are known win."""
        rest, form = written, ""
        for ending in filter(None, FORMS):
            if rest.endswith(f"_{ending}"):
                rest, form = rest.removesuffix(f"_{ending}"), ending
        for part in sorted(PARTS, key=len, reverse=True):
            subject = rest.removesuffix(f"_{part}") if part else rest
            if subject in SUBJECTS and (part == "" or subject != rest):
                return cls(written, subject, part, form)
        return cls(written)

    @property
    def label(self) -> str:
        """In the reader's language; as written where its words are not known."""
        if not self.subject:
            return self.written.replace("_", " ")
        words = (SUBJECTS[self.subject], PARTS[self.part], FORMS[self.form])
        return " · ".join(str(word) for word in words if word)

    @property
    def answered(self) -> bool:
        """Whether the records hold what it asks for."""
        return (
            self.subject in KINDS
            and self.part in ANSWERED_PARTS
            and self.form in ("", "yoy")
            and self.written.removesuffix("_yoy") not in NOT_WHAT_IT_SEEMS
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of milestones that it counts."""
        return tuple(kind.value for kind in KINDS[self.subject])

    def category(self, written: str) -> str:
        """The category, without words that only repeat the measure."""
        return "all" if SAYS_NOTHING_MORE.get(self.subject) == written else written

    def place(self, period: str) -> tuple[str, Of] | None:
        """The quarter, and which of its figures answers for this period; None for a month."""
        match = PERIOD.fullmatch(period)
        if match is None:
            return None
        of_quarter, of_year = CONSTRUCTION.get(self.subject, ("entered", "ytd"))
        return (period, of_quarter) if match["quarter"] else (f"{period}Q4", of_year)
