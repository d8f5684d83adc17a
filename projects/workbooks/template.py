"""The workbook to download and fill in: drop-downs, units in the headings, and a sheet that explains each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.workbooks.excel import TEMPLATE_LISTS as LISTS
from projects.workbooks.fields import FIELDS, Field, Read
from projects.workbooks.tables import Text

LAST_ROW = 10_000
NOTES = ("signed_note", "started_note", "completed_note", "in_production_note")  # seldom wanted: only named
REQUIRED = frozenset(("name", "district"))
COLUMNS = (
    "name", "code", "approval_code", "district", "sector", "project_type", "ownership", "investors", "parent", "phase",
    "total_investment", "fixed_asset_investment", "expected_output", "expected_revenue", "expected_tax",
    "expected_jobs", "land_area_mu", "floor_area_m2", "planned_start_on", "planned_completion_on", "signed_on",
    "started_on", "completed_on", "in_production_on", "remark", "source",
)  # fmt: skip
WIDE = {
    "name": 36,
    "investors": 30,
    "remark": 40,
    "approval_code": 26,
    "district": 22,
    "sector": 24,
    "parent": 24,
}
WIDTH = 16
HEADINGS_HIGH = 32  # points

HOW: dict[Read, tuple[Text, str]] = {
    Read.TEXT: (gettext_lazy("One line of text."), ""),
    Read.LONG_TEXT: (gettext_lazy("Text; it may have several lines."), ""),
    Read.CODE: (
        gettext_lazy("Letters and digits, as text. Leave it empty and a code is given."),
        "HP2023-017",
    ),
    Read.APPROVAL_CODE: (
        gettext_lazy("The national approval code with its hyphens."),
        "2301-440112-04-01-123456",
    ),
    Read.LOOKUP: (gettext_lazy("Choose from the list, or write a code or name that is recorded."), ""),
    Read.LOOKUPS: (gettext_lazy("Names or codes; put ； between several."), "广州港集团；广州工控"),
    Read.CHOICE: (gettext_lazy("Choose from the list."), ""),
    Read.FLAG: (gettext_lazy("是 or 否."), "否"),
    Read.AMOUNT: (
        gettext_lazy(
            "A number in 万元, or an amount with its own unit; 约 before it marks an estimate. Leave it empty if it "
            "is not known: 0 is an amount."
        ),
        "34000 · 3.4亿元 · 约20亿",
    ),
    Read.COUNT: (gettext_lazy("A whole number."), "1200"),
    Read.DECIMAL: (gettext_lazy("A number."), "133.33"),
    Read.DATE: (
        gettext_lazy("The day on which it happened; if only that is known, the month, quarter or year."),
        "2023-01-29 · 2023年1月 · 2023年一季度 · 2023年",
    ),
    Read.DAY: (gettext_lazy("The day that is planned."), "2026-06-30"),
}


def write_template(file: IO[bytes], *, districts: Sequence[str], sectors: Sequence[str]) -> None:
    """
    Write the template into a binary file, in the language that is active.

    `districts` and `sectors` are shown in the drop-downs; who imports must know them again by these words.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(_("Projects"))
        _write_instructions(book)
        lists = book.add_worksheet(LISTS)
        lists.hide()
        formats = {name: book.add_format(how) for name, how in FORMATS.items()}
        sheet.set_row(0, HEADINGS_HIGH)
        sheet.freeze_panes(1, 1)
        for place, name in enumerate(COLUMNS):
            field = FIELDS[name]
            sheet.set_column(place, place, WIDE.get(name, WIDTH), formats[_format_of(field)])
            sheet.write_string(
                0, place, heading_of(field), formats["required" if name in REQUIRED else "heading"]
            )
            _add_choices(sheet, lists, place, _choices_of(field, districts, sectors))


FORMATS: dict[str, dict[str, Any]] = {
    "heading": {"bold": True, "bg_color": "#E8EEF5", "text_wrap": True, "valign": "vcenter", "border": 1},
    "required": {"bold": True, "bg_color": "#FBE3D6", "text_wrap": True, "valign": "vcenter", "border": 1},
    "text": {"num_format": "@"},
    "day": {"num_format": "yyyy-mm-dd"},
    "number": {"num_format": "General"},
    "lines": {"text_wrap": True, "valign": "top"},
}


def heading_of(field: Field) -> str:
    """The words above a field's column, with its unit, as the reader knows them again."""
    words = str(field.label)
    if field.read == Read.AMOUNT:
        words = _("%(field)s (10,000 yuan)") % {"field": words}
    return f"*{words}" if field.name in REQUIRED else words


def _format_of(field: Field) -> str:
    if field.read in {Read.AMOUNT, Read.COUNT, Read.DECIMAL}:
        return "number"
    return "day" if field.read in {Read.DATE, Read.DAY} else "text"


def _choices_of(field: Field, districts: Sequence[str], sectors: Sequence[str]) -> list[str]:
    if field.choices is not None:
        return [str(label) for label in field.choices.labels]
    return list({"district": districts, "sector": sectors}.get(field.name, ()))


def _add_choices(sheet: Any, lists: Any, place: int, choices: list[str]) -> None:
    """A drop-down that suggests and does not refuse: codes and other names are read, too."""
    if not choices:
        return
    for row, choice in enumerate(choices):
        lists.write_string(row, place, choice)
    letter = xlsxwriter.utility.xl_col_to_name(place)
    sheet.data_validation(
        1,
        place,
        LAST_ROW,
        place,
        {
            "validate": "list",
            "source": f"={LISTS}!${letter}$1:${letter}${len(choices)}",
            "error_type": "information",
            "error_title": _("Not in the list"),
            "error_message": _("Codes and other names are read if they are recorded."),
        },
    )


def _write_instructions(book: Any) -> None:
    sheet = book.add_worksheet(_("How to fill it in"))
    heading, lines = book.add_format(FORMATS["heading"]), book.add_format(FORMATS["lines"])
    sheet.set_column(0, 0, 30, lines)
    sheet.set_column(1, 1, 70, lines)
    sheet.set_column(2, 2, 46, lines)
    notes = (
        _("One row is one project. Columns marked with * must be filled; leave empty what is not known."),
        _("Columns may be moved or left out. Other workbooks can be imported as they are."),
        _("What is to be said of a step stands in a column of its own, which you may add: %(headings)s.")
        % {"headings": " ".join(f"“{FIELDS[name].label}”" for name in NOTES)},
        _("The same workbook sent again changes nothing; what differs is shown before anything is saved."),
    )
    for row, note in enumerate(notes):
        sheet.merge_range(row, 0, row, 2, note)
    start = len(notes) + 1
    for place, words in enumerate((_("Column"), _("What to write"), _("Example"))):
        sheet.write_string(start, place, words, heading)
    for row, name in enumerate(COLUMNS, start + 1):
        how, example = HOW[FIELDS[name].read]
        for place, text in enumerate((heading_of(FIELDS[name]), str(how), EXAMPLES.get(name, example))):
            sheet.write_string(row, place, text, lines)


EXAMPLES = {
    "name": "智能装备生产基地",
    "district": "440112 · 黄埔区 · 广州市黄埔区",
    "phase": "一期",
    "parent": "HP2023-001",
}
