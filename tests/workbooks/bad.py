"""Files that must be refused: made byte by byte, for no program would write them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter

SHEET = "xl/worksheets/sheet1.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEADING = ("项目名称", "区划", "计划总投资（万元）")
EXAMPLE = ("智能装备生产基地", "440112", 34000)


def workbook(*rows: Sequence[object], **options: object) -> bytes:
    """A plain workbook of one sheet."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **options}) as book:
        sheet = book.add_worksheet("项目")
        for number, row in enumerate(rows or (HEADING, EXAMPLE)):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    """What is in a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_parts(data: bytes, **changed: bytes) -> bytes:
    """The same workbook with other parts, or more of them; `sheet` stands for the sheet's own."""
    parts = parts_of(data) | {SHEET if name == "sheet" else name: part for name, part in changed.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def sheet_of(rows: str, before: str = "", after: str = "") -> bytes:
    """A sheet's XML with these rows."""
    return f"{before}<worksheet {MAIN}><sheetData>{rows}</sheetData>{after}</worksheet>".encode()


def texts(place: str, words: str) -> str:
    """A cell that holds its text itself."""
    return f'<c r="{place}" t="inlineStr"><is><t>{words}</t></is></c>'


def heading() -> str:
    """The first row, as XML."""
    cells = [texts(f"{letter}1", words) for letter, words in zip("ABC", HEADING, strict=True)]
    return f'<row r="1">{"".join(cells)}</row>'


@dataclass
class Part:
    """A part of a zip as it is written, and what the zip says of it."""

    name: str
    packed: bytes
    size: int
    check: int = 0
    method: int = zipfile.ZIP_DEFLATED
    flags: int = 0

    @classmethod
    def of(cls, name: str, data: bytes) -> Part:
        """An honest one."""
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        return cls(name, pack.compress(data) + pack.flush(), len(data), zlib.crc32(data))


def swelling(megabytes: int, begin: bytes, end: bytes) -> bytes:
    """A packed part that unpacks to so many MB of one letter."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = pack.compress(begin) + pack.flush(zlib.Z_FULL_FLUSH)
    one = pack.compress(b"A" * 1024 * 1024) + pack.flush(zlib.Z_FULL_FLUSH)
    last = pack.compress(end) + pack.flush()
    return first + one * megabytes + last


def zipped(parts: Sequence[Part], comment: bytes = b"") -> bytes:
    """A zip of these parts, true or not."""
    body, directory = io.BytesIO(), io.BytesIO()
    for part in parts:
        name = part.name.encode()
        said = (part.flags, part.method, 0, 0x21, part.check, len(part.packed), part.size, len(name))
        place = body.tell()
        body.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *said, 0) + name + part.packed)
        directory.write(struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *said, 0, 0, 0, 0, 0, place) + name)
    start, length = body.tell(), directory.tell()
    count = len(parts)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, length, start, len(comment))
    return body.getvalue() + directory.getvalue() + end + comment


def with_part(data: bytes, *changed: Part) -> bytes:
    """A workbook with parts as they are given, in place of its own of the same name."""
    names = {part.name for part in changed}
    kept = [Part.of(name, content) for name, content in parts_of(data).items() if name not in names]
    return zipped([*kept, *changed])
