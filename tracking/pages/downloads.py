"""The whole list behind a figure as a file: CSV or an Excel workbook, one row for each entry, in yuan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.api import exports
from config.api.errors import TooLarge
from config.api.parameters import choice_parameter, refuse_parameter
from config.api.problems import Text
from projects.access import Sight
from projects.models import LedgerEntry
from projects.models.ledger import LedgerQuerySet
from tracking.wording import day_as_known

FORMAT = choice_parameter("format", ("csv", "xlsx"))
CHUNK = 2000

COLUMNS: tuple[tuple[Text, Callable[[LedgerEntry], Any]], ...] = (
    (_("project code"), lambda e: e.project.code),
    (_("project name"), lambda e: e.project.label),
    (_("district"), lambda e: e.district.label),
    (_("milestone"), lambda e: e.get_kind_display()),
    (_("happened"), lambda e: e.happened_on and day_as_known(e.happened_on, e.precision)),
    (_("known to the"), lambda e: e.get_precision_display()),
    (_("quarter"), lambda e: e.quarter),
    (_("left in"), lambda e: e.left_quarter),
    (_("investment, yuan"), lambda e: e.investment),
    (_("expected output, yuan"), lambda e: e.expected_output),
    (_("expected revenue, yuan"), lambda e: e.expected_revenue),
    (_("cause"), lambda e: e.get_cause_display()),
    (_("recorded at"), lambda e: f"{timezone.localtime(e.recorded_at):%Y-%m-%d %H:%M:%S}"),
)


def download(found: LedgerQuerySet, file_format: str, name: str, sight: Sight) -> HttpResponseBase:
    """The entries in their order as `name`.csv or .xlsx, streamed; their investments sum to the figure's.

    There is no row with the sum, which would be read as one more project. Raises ParameterErrors where a workbook
    cannot hold so many.
    """
    rows = _rows(found, sight, get_language() or "")
    try:
        return (exports.csv_response if file_format == "csv" else exports.xlsx_response)(rows, name)
    except TooLarge as error:
        raise refuse_parameter("format", str(error.detail), "too_large") from error


def _rows(found: LedgerQuerySet, sight: Sight, language: str) -> Iterator[exports.Row]:
    """The heading, then the entries, in a language; while a stream is read none is active any more."""
    with translation.override(language):
        heading = [str(name) for name, _value in COLUMNS]
    yield heading
    for entry in found.select_related("project__district", "district").iterator(chunk_size=CHUNK):
        if not sight.sees(entry.project.district):
            entry.project.name = entry.project.name_en = ""  # it lies with others now; its figures were here
        with translation.override(language):
            row = [exports.to_cell(value(entry)) for _heading, value in COLUMNS]
        yield row
