"""What became of the districts that a page is about: sentences, and the ways to figures on other divisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.api.problems import Text
from projects.access import within
from projects.models import District, Succession
from tracking.moments import Moment
from tracking.pages.places import Places

MOST = 4  # sentences; a province may have dozens
SENTENCES: dict[str, Text] = {
    Succession.Kind.RENAMED: _("{old} was renamed {new} on {day}"),  # {old}于{day}更名为{new}
    Succession.Kind.MERGED: _("{old} was merged into {new} on {day}"),  # {old}于{day}并入{new}
    Succession.Kind.SPLIT: _(
        "{old} was split on {day}; {new} is a part of it"
    ),  # {old}于{day}拆分，其中设立{new}
}
WAYS: dict[str | None, Text] = {
    None: _("figures as recorded"),  # 按登记时的区划
    "now": _("on the divisions of now"),  # 按现行区划
    "then": _("on the divisions of then"),  # 按当时区划
}


@dataclass(frozen=True, slots=True)
class Way:
    """The same page on other divisions; `here` says that it is the one that is shown."""

    label: Text
    url: str
    here: bool


@dataclass(frozen=True, slots=True)
class History:
    """The successions in a district's subtree, the newest first, and how many more there are."""

    sentences: list[SafeString]
    more: int
    ways: list[Way]


def history_of(here: District, places: Places, asked: Mapping[str, str], moment: Moment) -> History | None:
    """What is told of a district; nothing where no district in it was merged, split or renamed.

    `asked` are the parameters of the page that are kept. Districts that the reader may see are linked.
    """
    concerned = within(here.path, "predecessor__path") | within(here.path, "successor__path")
    rows = Succession.objects.filter(concerned).select_related("predecessor", "successor")
    found = list(rows.order_by("-happened_on", "id"))
    if not found:
        return None
    named = {pk for each in found[:MOST] for pk in (each.predecessor_id, each.successor_id)}
    linked = set(places.visible.filter(pk__in=named).order_by().values_list("pk", flat=True)) - {here.pk}
    return History(
        [_told(each, linked, moment) for each in found[:MOST]],
        len(found[MOST:]),
        [_way(mode, asked, moment) for mode in WAYS],
    )


def _told(succession: Succession, linked: set[int], moment: Moment) -> SafeString:
    names = {
        "old": _named(succession.predecessor, linked, moment),
        "new": _named(succession.successor, linked, moment),
    }
    return format_html(str(SENTENCES[succession.kind]), day=succession.happened_on.isoformat(), **names)


def _named(district: District, linked: set[int], moment: Moment) -> str:
    if district.pk not in linked:
        return district.label
    kept = {"district": district.code, **replace(moment, release=None).asked}
    return format_html('<a href="{}?{}">{}</a>', reverse("start"), urlencode(kept), district.label)


def _way(mode: str | None, asked: Mapping[str, str], moment: Moment) -> Way:
    kept = {**asked, **replace(moment, divisions=mode).asked}  # type: ignore[arg-type]
    return Way(WAYS[mode], f"{reverse('start')}?{urlencode(kept)}", here=moment.divisions == mode)
