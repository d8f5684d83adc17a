"""Lists of projects as files, column by column: to be read, to be passed on, and to be imported again unchanged."""

from projects.exporting.fields import EXPORTED, ExportField, fields_of_list, importable
from projects.exporting.files import csv_response, too_many, xlsx_response
from projects.exporting.reading import Frame, listed_ids, rows_of

__all__ = [
    "EXPORTED",
    "ExportField",
    "Frame",
    "csv_response",
    "fields_of_list",
    "importable",
    "listed_ids",
    "rows_of",
    "too_many",
    "xlsx_response",
]
