"""What a file is by its content, and whether it is one that is kept: PDF, JPEG, PNG, Word and Excel without macros.

Nothing is unpacked but the list of contents of a Word or Excel file, so what swells when opened harms nobody here.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

TAIL = 1024
MOST_PARTS = 5_000  # files inside a Word or Excel file
LARGEST_DIRECTORY = 1024 * 1024  # bytes of their directory
LARGEST_LIST = 256 * 1024  # bytes of the list of contents, unpacked
LARGEST_UNPACKED = 512 * 1024 * 1024  # bytes that all parts say they have
MOST_SEGMENTS = 20_000  # of a picture
ACTIVE_PDF = re.compile(rb"/(?:JavaScript|Launch)\b")  # shorter names occur in packed pages by chance
PAGE = re.compile(rb"<(?:html|script|svg|!doctype|\?php)", re.IGNORECASE)
ACTIVE_PARTS = (
    "vbaproject",
    "vbadata",
    "macrosheets/",
    "dialogsheets/",
    "activex/",
    "/oleobject",
    "customui",
)
END_OF_ZIP = b"PK\x05\x06"
LONGEST_END = 22 + 65_535  # bytes, of an archive with a comment
PNG = b"\x89PNG\r\n\x1a\n"
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
JPEG_ALONE = {0x01, *range(0xD0, 0xD8)}


class FileType(models.TextChoices):
    """Which files are kept."""

    PDF = "pdf", _("PDF")
    JPEG = "jpeg", _("JPEG picture")
    PNG = "png", _("PNG picture")
    DOCX = "docx", _("Word document")
    XLSX = "xlsx", _("Excel workbook")


MEDIA_TYPES: dict[str, str] = {
    FileType.PDF: "application/pdf",
    FileType.JPEG: "image/jpeg",
    FileType.PNG: "image/png",
    FileType.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileType.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SUFFIXES: dict[str, tuple[str, ...]] = {
    FileType.PDF: (".pdf",),
    FileType.JPEG: (".jpg", ".jpeg"),
    FileType.PNG: (".png",),
    FileType.DOCX: (".docx",),
    FileType.XLSX: (".xlsx",),
}
OFFICE = {
    "word/document.xml": (FileType.DOCX, f"{MEDIA_TYPES[FileType.DOCX]}.main+xml"),
    "xl/workbook.xml": (FileType.XLSX, f"{MEDIA_TYPES[FileType.XLSX]}.main+xml"),
}

NOT_KEPT = _(
    "Only PDF, JPEG, PNG, Word (.docx) and Excel (.xlsx) files are kept. This one is something else."
)
BROKEN = _("The file is damaged or not complete. Open it, save it anew and try again.")
ACTIVE = _("The file holds macros, scripts or embedded programs. Save it without them, or as a plain PDF.")
DOUBLE = _("The file is two kinds of file at once. Open it, save it anew and try again.")


def type_of(file: IO[bytes]) -> FileType:
    """What a file is by its content. Raises ValidationError with code empty, type, damaged, active or double."""
    start = _read(file, 0, 8)
    if not start:
        raise ValidationError(_("The file is empty."), code="empty")
    for begins, look in LOOKS:
        if start.startswith(begins):
            return look(file)
    raise ValidationError(NOT_KEPT, code="type")


def _pdf(file: IO[bytes]) -> FileType:
    size = _size(file)
    _before, mark, after = _read(file, max(0, size - TAIL), TAIL).rpartition(b"%%EOF")
    if not mark:
        raise ValidationError(BROKEN, code="damaged")
    if after.strip(b"\x00\t\n\f\r ") or _ends_as_zip(file) or PAGE.search(_read(file, 0, TAIL)):
        raise ValidationError(DOUBLE, code="double")
    if _holds(file, ACTIVE_PDF):
        raise ValidationError(ACTIVE, code="active")
    return FileType.PDF


def _png(file: IO[bytes]) -> FileType:
    """Chunk by chunk, to one that ends the picture and the file."""
    place, size = len(PNG), _size(file)
    for number in range(MOST_SEGMENTS):
        head = _read(file, place, 8)
        if len(head) < 8 or (number == 0 and head != b"\x00\x00\x00\rIHDR"):
            break
        place += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            if place < size:
                raise ValidationError(DOUBLE, code="double")
            if place == size:
                return FileType.PNG
            break
    raise ValidationError(BROKEN, code="damaged")


def _jpeg(file: IO[bytes]) -> FileType:
    """Segment by segment to the picture itself. Telephones write more behind it, so there no archive may hide."""
    place, framed = 2, False
    for _number in range(MOST_SEGMENTS):
        head = _read(file, place, 4)
        if len(head) < 4 or head[0] != 0xFF:
            break
        if head[1] == 0xFF or head[1] in JPEG_ALONE:
            place += 1 if head[1] == 0xFF else 2
            continue
        framed = framed or head[1] in JPEG_FRAMES
        place += 2 + int.from_bytes(head[2:], "big")
        if head[1] == 0xDA:
            if not framed:
                break
            if _ends_as_zip(file):
                raise ValidationError(DOUBLE, code="double")
            return FileType.JPEG
    raise ValidationError(BROKEN, code="damaged")


def _office(file: IO[bytes]) -> FileType:
    """A Word or Excel file by its parts, none of which is unpacked but their list."""
    _check_directory(file)
    try:
        with ZipFile(file) as parts:
            names = _check_parts(parts.infolist())
            with parts.open("[Content_Types].xml") as listed:
                contents = listed.read(LARGEST_LIST + 1)
    except (
        BadZipFile,
        KeyError,
        NotImplementedError,
        OSError,
        EOFError,
        RuntimeError,
        struct.error,
        zlib.error,
    ):
        raise ValidationError(NOT_KEPT, code="type") from None
    return _office_type(names, contents)


def _check_parts(parts: Sequence[ZipInfo]) -> list[str]:
    """The names of the parts in small letters. Raises ValidationError."""
    names = [part.filename.lower() for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise ValidationError(_("The file has a password. Save it without one."), code="password")
    if any(mark in name for name in names for mark in ACTIVE_PARTS):
        raise ValidationError(ACTIVE, code="active")
    packed_otherwise = {part.compress_type for part in parts} - {ZIP_STORED, ZIP_DEFLATED}
    too_large = sum(part.file_size for part in parts) > LARGEST_UNPACKED
    if packed_otherwise or too_large or len(set(names)) < len(names):
        raise ValidationError(BROKEN, code="damaged")
    return names


def _office_type(names: list[str], contents: bytes) -> FileType:
    """By the list of contents, in which nothing may be written in another way than Word and Excel write it."""
    listed = contents.lower()
    if b"macroenabled" in listed or b"vbaproject" in listed:
        raise ValidationError(ACTIVE, code="active")
    if len(contents) <= LARGEST_LIST and b"&" not in contents and b"<!" not in contents:
        found = [kind for name, (kind, main) in OFFICE.items() if name in names and main.encode() in contents]
        if len(found) == 1:
            return found[0]
    raise ValidationError(NOT_KEPT, code="type")


def _check_directory(file: IO[bytes]) -> None:
    """The directory of the parts ends the file, begins where it says, and is no longer than parts need."""
    size = _size(file)
    end = _read(file, max(0, size - 22), 22)
    if len(end) < 22 or not end.startswith(END_OF_ZIP):
        raise ValidationError(BROKEN, code="damaged")
    disk, disk_of_directory, here, count, length, offset, comment = struct.unpack("<4H2LH", end[4:])
    if disk or disk_of_directory or comment or here != count:
        raise ValidationError(BROKEN, code="damaged")
    if not 0 < count <= MOST_PARTS or length > LARGEST_DIRECTORY:
        raise ValidationError(NOT_KEPT, code="type")
    if offset + length != size - 22:
        raise ValidationError(DOUBLE, code="double")


LOOKS: tuple[tuple[bytes, Callable[[IO[bytes]], FileType]], ...] = (
    (b"%PDF-", _pdf),
    (PNG, _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"PK\x03\x04", _office),
)


def _read(file: IO[bytes], place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def _ends_as_zip(file: IO[bytes]) -> bool:
    """Whether programs would open it as an archive: they look for its end in the last 64 KB."""
    return END_OF_ZIP in _read(file, max(0, _size(file) - LONGEST_END), LONGEST_END)


def _holds(file: IO[bytes], pattern: re.Pattern[bytes]) -> bool:
    """Whether the pattern occurs, read piece by piece."""
    file.seek(0)
    before = b""
    while piece := file.read(64 * 1024):
        if pattern.search(before + piece):
            return True
        before = piece[-32:]
    return False
