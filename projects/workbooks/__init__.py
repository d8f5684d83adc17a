"""From a file to tables: workbooks and CSV as bureaus keep them, read safely; nothing here knows the database."""

from projects.workbooks.cells import Amount
from projects.workbooks.columns import read_column
from projects.workbooks.fields import FIELDS, Field, Read
from projects.workbooks.marked import write_with_marks
from projects.workbooks.outlines import Unmarkable
from projects.workbooks.problems import Mark
from projects.workbooks.reading import read_tables
from projects.workbooks.tables import (
    CellError,
    Column,
    Fault,
    Remark,
    Row,
    Sum,
    Table,
    Unreadable,
    Value,
    letter_of,
)
from projects.workbooks.template import write_template

__all__ = (
    "FIELDS",
    "Amount",
    "CellError",
    "Column",
    "Fault",
    "Field",
    "Mark",
    "Read",
    "Remark",
    "Row",
    "Sum",
    "Table",
    "Unmarkable",
    "Unreadable",
    "Value",
    "letter_of",
    "read_column",
    "read_tables",
    "write_template",
    "write_with_marks",
)
