"""The zip that an xlsx file is: every part is unpacked once, within limits, before any other program opens it.

What a zip says of itself is not believed. A part is unpacked to its true end, one at a time, and thrown away.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext_lazy as _

from projects.workbooks.tables import Text, Unreadable, said

MOST_PARTS = 2_000
LARGEST_PART = 96 * 1024 * 1024  # bytes, unpacked: a sheet of 50,000 rows and 30 columns has about half of it
LARGEST_ALL = 256 * 1024 * 1024
HIGHEST_RATIO = 400  # times what it is packed; counted for large parts alone
LARGE = 16 * 1024 * 1024
PIECE = 1024 * 1024
END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCAL = struct.Struct("<4s5H3L2H")

ACCEPTED: Text = _("Send an Excel workbook (.xlsx or .xls) or CSV.")
DAMAGED: Text = _(
    "The workbook is damaged or not complete. Open it in Excel or WPS, save it as .xlsx and send it again."
)
TOO_LARGE = _(
    "Unpacked, the workbook is larger than is read here (%(size)d MB). Delete pictures and empty rows, or split it."
)
MACROS: Text = _("The workbook holds macros. Save it as a plain workbook (.xlsx) and send it again.")
PASSWORD: Text = _("The workbook has a password. Save it without one and send it again.")

ACTIVE = ("vbaproject", "vbadata", "macrosheets/", "dialogsheets/", "activex/", "customui")
DECLARES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def damaged() -> Unreadable:
    """The refusal of what is not whole."""
    return Unreadable("damaged", DAMAGED)


def parts_of(file: IO[bytes]) -> Iterator[tuple[str, bytes | bytearray]]:
    """
    Every part, unpacked, in the zip's own order but shared texts first; parts that are not XML as nothing.

    They are unpacked, too, to see how large they are. Raises Unreadable with code damaged, too_large,
    macros, password or entities.
    """
    try:
        _check_end(file)
        with ZipFile(file) as archive:
            parts = archive.infolist()
    except (BadZipFile, NotImplementedError, OSError, EOFError, ValueError, struct.error):
        raise damaged() from None
    _check_list(parts)
    left = LARGEST_ALL
    for part in sorted(parts, key=lambda part: "sharedstrings" not in part.filename.lower()):
        if part.is_dir():
            continue
        data, size = _unpacked(file, part, left)
        left -= size
        if data is not None and b"<!" in data and DECLARES.search(data):
            raise Unreadable(
                "entities",
                said(_("The workbook defines entities of its own. %(accepted)s"), accepted=ACCEPTED),
            )
        yield part.filename, data or b""


def _check_end(file: IO[bytes]) -> None:
    """The directory ends the file, and both of its descriptions say the same: every program finds the same parts."""
    size = file.seek(0, 2)
    end = size - END.size
    if end < 0:
        raise damaged()
    mark, disk, disk_2, here, count, length, offset, comment = END.unpack(_read(file, end, END.size))
    if mark != b"PK\x05\x06" or disk or disk_2 or comment or here != count:
        raise damaged()
    begins = end
    if end >= 20 + END_64.size and _read(file, end - 20, 4) == b"PK\x06\x07":
        begins = end - 20 - END_64.size
        wide = END_64.unpack(_read(file, begins, END_64.size))
        if wide[0] != b"PK\x06\x06" or wide[6:] != (count, count, length, offset):
            raise damaged()
    if offset + length != begins:
        raise damaged()


def _check_list(parts: list[ZipInfo]) -> None:
    if not 0 < len(parts) <= MOST_PARTS:
        raise damaged()
    names = [part.filename.lower() for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("password", PASSWORD)
    if any(mark in name for name in names for mark in ACTIVE):
        raise Unreadable("macros", MACROS)
    if any(".." in name.split("/") or "\\" in name or name.startswith("/") for name in names):
        raise damaged()
    if len(set(names)) < len(names) or {p.compress_type for p in parts} - {ZIP_STORED, ZIP_DEFLATED}:
        raise damaged()
    if sum(part.file_size for part in parts) > LARGEST_ALL or any(map(_swells, parts)):
        raise too_large()


def _swells(part: ZipInfo) -> bool:
    size = part.file_size
    return _is_xml(part) and (
        size > LARGEST_PART or (size > LARGE and size > HIGHEST_RATIO * max(part.compress_size, 1))
    )


def too_large() -> Unreadable:
    """The refusal of what would not fit."""
    return Unreadable("too_large", said(TOO_LARGE, size=LARGEST_PART // 1024 // 1024))


def _is_xml(part: ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels", ".vml"))


def _unpacked(file: IO[bytes], part: ZipInfo, left: int) -> tuple[bytearray | None, int]:
    """The part's bytes if it is XML, and its true size; what it says of its size and sum must be so."""
    keep = _is_xml(part)
    most = min(left, LARGEST_PART) if keep else left
    kept = bytearray()
    size = check = 0
    for piece in _pieces(file, part):
        size += len(piece)
        if size > most:
            raise too_large()
        check = zlib.crc32(piece, check)
        if keep:
            kept += piece
    if size != part.file_size or check != part.CRC:
        raise damaged()
    if keep and (
        b"\x00" in kept or kept.startswith((b"\xff\xfe", b"\xfe\xff"))
    ):  # not UTF-8, whatever it says
        raise damaged()
    return (kept if keep else None), size


def _pieces(file: IO[bytes], part: ZipInfo) -> Iterator[bytes]:
    head = _read(file, part.header_offset, LOCAL.size)
    if len(head) < LOCAL.size or not head.startswith(b"PK\x03\x04"):
        raise damaged()
    fields = LOCAL.unpack(head)
    if fields[3] != part.compress_type:
        raise damaged()
    place, left = part.header_offset + LOCAL.size + fields[9] + fields[10], part.compress_size
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while left:
        packed = _read(file, place, min(left, PIECE))
        if not packed:
            raise damaged()
        place, left = place + len(packed), left - len(packed)
        if part.compress_type == ZIP_STORED:
            yield packed
        else:
            yield from _inflated(inflate, packed)
    if part.compress_type == ZIP_DEFLATED and (not inflate.eof or inflate.unused_data):
        raise damaged()


def _inflated(inflate: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    try:
        while packed:
            yield inflate.decompress(packed, PIECE)
            packed = inflate.unconsumed_tail
    except zlib.error:
        raise damaged() from None


def _read(file: IO[bytes], place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)
