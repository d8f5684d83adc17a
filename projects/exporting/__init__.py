"""Lists of projects as files, column by column: to be read, to be passed on, and to be imported again unchanged."""

from projects.exporting.fields import EXPORTED, ExportField, fields_of_list, importable
from projects.exporting.figures import FIGURES, Origin
from projects.exporting.files import csv_response, streamed, table_response, too_many, xlsx_response
from projects.exporting.previews import Preview, preview_of
from projects.exporting.reading import Frame, blocks_of, listed_ids
from projects.exporting.ready import READY, ready_layout
from projects.exporting.tables import Table

__all__ = [
    "EXPORTED",
    "FIGURES",
    "READY",
    "ExportField",
    "Frame",
    "Origin",
    "Preview",
    "Table",
    "blocks_of",
    "csv_response",
    "fields_of_list",
    "importable",
    "listed_ids",
    "preview_of",
    "ready_layout",
    "streamed",
    "table_response",
    "too_many",
    "xlsx_response",
]
