"""Small charts drawn on the server as SVG: no script, no style, nothing that the content policy would refuse.

Geometry, scale and ticks are pygal's; colours and type come from the site's style sheet by class. What pygal adds for
its own script is taken out again, and every mark says in words what it shows and opens what lies behind it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from math import ceil
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import pygal
from django.utils.safestring import SafeString, mark_safe
from pygal.style import Style

# pygal leaves a finder for its plugins behind; it has none here, and Python 3.11 warns of it at every import.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]

WIDTH, HEIGHT = 360, 130
HREF = "{http://www.w3.org/1999/xlink}href"
SIZES = Style(label_font_size=11, major_label_font_size=11, font_family="sans-serif")


@dataclass(frozen=True, slots=True)
class Point:
    """One mark: its place on the axis, its height, what it says when asked, and the address it opens."""

    label: str
    value: float | None
    says: str
    href: str


def bars(title: str, points: tuple[Point, ...]) -> SafeString:
    """Whole numbers as bars."""
    return _drawn(pygal.Bar, title, points)


def line(title: str, points: tuple[Point, ...]) -> SafeString:
    """A course over time; the line is broken where nothing is known."""
    return _drawn(pygal.Line, title, points)


@lru_cache(maxsize=512)
def _drawn(shape: Callable[..., Any], title: str, points: tuple[Point, ...]) -> SafeString:
    """Kept by what is in it, so that the same figures are drawn once per process and language."""
    scale = ticks(max((point.value or 0 for point in points), default=0))
    chart = shape(
        width=WIDTH,
        height=HEIGHT,
        style=SIZES,
        css=[],
        js=[],
        show_legend=False,
        margin=6,
        margin_right=26,
        dots_size=3,
        no_prefix=True,
        disable_xml_declaration=True,
        allow_interruptions=True,
        range=(0, scale[-1]),
        y_labels=scale,
        x_labels_major=[point.label for point in points if point.label.endswith("Q1")],
        show_minor_x_labels=False,
        truncate_label=-1,
        formatter=lambda value: f"{value:,g}",
    )
    chart.x_labels = [point.label for point in points]
    chart.add(
        title,
        [{"value": p.value, "label": p.says, "xlink": {"href": p.href, "target": "_self"}} for p in points],
    )
    chart.add_xml_filter(lambda root: _plain(root, title))
    drawing: str = chart.render(is_unicode=True)
    return mark_safe(drawing)  # noqa: S308  pygal builds an element tree, which escapes every text


def ticks(highest: float) -> list[int]:
    """Up to five round numbers from 0 to at least the highest value: steps of 1, 2 or 5 times a power of ten."""
    steps = (base * 10**power for power in count() for base in (1, 2, 5))
    step = next(step for step in steps if step * 4 >= highest)
    return [step * n for n in range(max(1, ceil(highest / step)) + 1)]


def _plain(root: Element, title: str) -> Element:
    """Take out what belongs to pygal's own script and styles; say in words what is shown."""
    root.attrib.pop("id", None)
    root.set("role", "group")
    root.set("aria-label", title)
    for parent in list(root.iter()):
        for child in list(parent):
            if _is_comment(child) or _is_for_script(child):
                parent.remove(child)
    for link in _links(root):
        _say(link)
    return root


def _is_comment(element: Element) -> bool:
    return callable(element.tag)


def _is_for_script(element: Element) -> bool:
    tag = element.tag.rpartition("}")[2]
    return tag in ("defs", "title") or "tooltip-overlay" in element.get("class", "")


def _links(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == "a")


def _say(link: Element) -> None:
    """Its label becomes the link's name, for the pointer and for the ear."""
    said = ""
    for child in list(link):
        if child.tag.rpartition("}")[2] == "desc":
            said = child.text or "" if child.get("class") == "label" else said
            link.remove(child)
    link.set("href", link.attrib.pop(HREF, "") or link.get("href", ""))
    link.set("aria-label", said)
    SubElement(link, "title").text = said
