"""In which totals a project is, or why it is in none."""

from __future__ import annotations

from urllib.parse import urlencode

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from projects.models import LedgerEntry, Project


def counted_in(project: Project) -> SafeString:
    """The quarters in whose totals a project is, by its ledger, each linked to them; or why it is in none."""
    if project.is_approved and (project.is_void or project.excluded):
        return format_html("{}", _("no total, for it is void or excluded"))
    if project.is_approved and project.phases.kept().exists():
        return format_html("{}", _("no total of its own: its phases are counted"))
    entries = list(LedgerEntry.objects.current().filter(project=project).select_related("district"))
    if not entries and not project.is_approved:
        return format_html("{}", _("no total as long as it is not approved"))
    if not entries:
        return format_html("{}", _("no total yet: nothing has happened"))
    dated = sorted({(e.quarter, e.district.code, e.district.label) for e in entries if e.quarter})
    links = [
        (f"/?{urlencode({'district': code, 'quarter': quarter})}", name, quarter)
        for quarter, code, name in dated
    ]
    parts = format_html_join("; ", '<a href="{}">{}, {}</a>', links)
    undated = [str(e.get_kind_display()) for e in entries if not e.quarter]
    if undated:
        note = _("without a quarter, so listed as undated: %(milestones)s") % {
            "milestones": ", ".join(undated)
        }
        parts = format_html("{}{}{}", parts, "; " if links else "", note)
    return format_html("{} — {}", parts, _("totals follow within seconds"))
