"""Imports: a workbook is taken in, checked in the background, looked at, and committed or taken back as a whole."""

from projects.imports.alone import progress_of
from projects.imports.applying import is_editor_of
from projects.imports.asking import (
    answer,
    ask_to_commit,
    ask_to_undo,
    check_again,
    districts_of,
    explain_columns,
    page_of,
    place_for,
    read_answers,
    sent_before,
    take_in,
)
from projects.imports.columns import UNITS, is_amount, read_mapping
from projects.imports.findings import in_this_language, told_to
from projects.imports.jobs import WORK, share, work_next
from projects.imports.marking import marked_response, write_marked
from projects.imports.matching import NEW
from projects.imports.templates import template_response

__all__ = [
    "NEW",
    "UNITS",
    "WORK",
    "answer",
    "ask_to_commit",
    "ask_to_undo",
    "check_again",
    "districts_of",
    "explain_columns",
    "in_this_language",
    "is_amount",
    "is_editor_of",
    "marked_response",
    "page_of",
    "place_for",
    "progress_of",
    "read_answers",
    "read_mapping",
    "sent_before",
    "share",
    "take_in",
    "template_response",
    "told_to",
    "work_next",
    "write_marked",
]
