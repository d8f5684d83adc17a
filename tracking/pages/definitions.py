"""What the figures mean: every definition in force, each under its anchor."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from tracking.definitions import SECTIONS, current
from tracking.pages.asking import page

HEADINGS = {
    "figures": _("Figures of a quarter"),  # 季度指标
    "milestones": _("Milestones"),  # 项目节点
    "rates": _("Rates and lead times"),  # 比率与用时
    "claims": _("Claims and targets"),  # 公布数与目标
    "changes": _("Releases and changes"),  # 发布与变化
}


@page()
def definitions(request: HttpRequest) -> HttpResponse:
    """The page."""
    in_force = {one.id: one for one in current()}
    sections = [
        (name, HEADINGS[name], [in_force[key] for key in dict.fromkeys(one.id for one in listed)])
        for name, listed in SECTIONS.items()
    ]
    return render(request, "tracking/definitions.html", {"sections": sections})
