"""What one definition is: a measure, its version, its formula in words in both languages, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from projects.models.base import in_readers_language

DOCS = "docs/definitions.md"
RECORD = f"明账指标口径：项目台账 ({DOCS}: The record)"
MONEY = f"明账指标口径：金额 ({DOCS}: Money)"
FIGURES = f"明账指标口径：季度指标 ({DOCS}: Figures)"
COHORTS = f"明账指标口径：比率与用时 ({DOCS}: Cohorts, rates and lead times)"
CLAIMS = f"明账指标口径：公布数与目标 ({DOCS}: Claims and targets)"
MOMENTS = f"明账指标口径：发布与变化 ({DOCS}: Moments, releases and their changes)"
CAUSES = f"明账指标口径：变化原因 ({DOCS}: Causes in the ledger)"
DIVISIONS = f"GB/T 2260；明账指标口径：区划沿革 ({DOCS}: Divisions in time)"


class Measured(models.TextChoices):
    """What a measure is measured in."""

    NUMBER_AND_SUMS = (
        "number_and_sums",
        _("number of projects; sums in whole yuan"),
    )  # 项目个数；金额合计（元）
    NUMBER = "number", _("number of projects")  # 项目个数
    YUAN = "yuan", _("whole yuan")  # 元
    CHANGE = "change", _("relative change (0.56 for +56 %)")  # 增减率（0.56 表示增长 56%）
    SHARE = "share", _("share, with numerator and denominator")  # 比率，附分子、分母
    DAYS = "days", _("days")  # 天
    POINTS = "percentage_points", _("percentage points")  # 百分点
    RULE = "rule", _("a rule of counting, no figure of its own")  # 统计规则，本身不是数值


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of the meaning of one measure. A version that a release may have stored is never changed.

    `reference` names a standard, or the section of our own definitions.
    """

    id: str
    version: int
    name_zh: str
    name_en: str
    formula_zh: str
    formula_en: str
    unit: Measured
    reference: str

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return in_readers_language(self.name_zh, self.name_en)

    @property
    def formula(self) -> str:
        """The formula in the reader's language."""
        return in_readers_language(self.formula_zh, self.formula_en)
