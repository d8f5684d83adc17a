"""The parts of an xlsx file on their way into another: read where they are touched, copied where they are not."""

from __future__ import annotations

import posixpath
import re
import shutil
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from projects.workbooks.outlines import LARGEST, OFFICE, Bytes, Unmarkable

PIECE = 1024 * 1024
TYPES = "application/vnd.openxmlformats-officedocument."
NO_RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)


class Package:
    """One workbook that was looked at before: its parts are few enough and small enough."""

    def __init__(self, source: ZipFile, target: ZipFile) -> None:
        self.source, self.target = source, target
        self.names = {name.lower(): name for name in source.namelist()}
        self.own = set(source.namelist())
        self.changed: dict[str, bytes] = {}
        self.written: set[str] = set()
        self.types: list[tuple[str, str]] = []  # of new parts

    def holds(self, part: str) -> bool:
        """Whether there is such a part by now."""
        return part.lower() in self.names

    def read(self, part: str) -> bytes:
        """A part as it is by now."""
        name = self.names.get(part.lower(), part)
        if name in self.changed:
            return self.changed[name]
        if name not in self.own:
            raise Unmarkable
        return self.source.read(name)

    def put(self, part: str, data: bytes, kind: str = "") -> None:
        """A part anew, or a new one with its type; written when all is known."""
        name = self.names.setdefault(part.lower(), part)
        self.changed[name] = data
        if kind and name not in self.own:
            self.types.append((name, kind))

    def write(self, part: str, *pieces: Bytes | memoryview) -> None:
        """A large part anew, at once."""
        name = self.names[part.lower()]
        self.written.add(name)
        with self.target.open(name, "w") as entry:
            for piece in pieces:
                for start in range(0, len(piece), PIECE):
                    entry.write(piece[start : start + PIECE])

    def free(self, pattern: str) -> str:
        """A name that no part has."""
        number = 1
        while self.holds(pattern.format(number)):
            number += 1
        return pattern.format(number)

    def finish(self) -> None:
        """Say of what type the new parts are, and write all that is not written yet."""
        self._add_types()
        for info in self.source.infolist():
            if info.filename not in self.written and info.filename not in self.changed and not info.is_dir():
                with self.source.open(info) as old, self.target.open(info.filename, "w") as new:
                    shutil.copyfileobj(old, new, PIECE)
        for part, data in self.changed.items():
            self.target.writestr(part, data)

    def _add_types(self) -> None:
        data = self.read("[Content_Types].xml")
        new = [
            f'<Override PartName="/{part}" ContentType="{TYPES}{kind}"/>'
            for part, kind in self.types
            if kind != "vmlDrawing"
        ]
        if len(new) < len(self.types) and b'extension="vml"' not in data.lower():
            new.insert(0, f'<Default Extension="vml" ContentType="{TYPES}vmlDrawing"/>')
        if data.count(b"</Types>") != 1:
            raise Unmarkable
        self.put("[Content_Types].xml", data.replace(b"</Types>", "".join(new).encode() + b"</Types>"))

    # --- what refers to what ------------------------------------------------------------------------------------------

    def relations_of(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and part of what a part refers to within the workbook, by identity."""
        listed = _list_of(part)
        if not self.holds(listed):
            return {}
        folder = posixpath.dirname(part)
        return {
            each.get("Id", ""): (
                each.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/"),
            )
            for each in parsed(self.read(listed))
            if each.get("TargetMode") != "External"
        }

    def relate(self, part: str, kind: str, target: str) -> str:
        """A reference more; its identity."""
        listed = _list_of(part)
        data = self.read(listed) if self.holds(listed) else NO_RELATIONS
        number = next(n for n in range(1, 10_000) if b'"mz%d"' % n not in data)
        new = f'<Relationship Id="mz{number}" Type="{OFFICE}/{kind}" Target="/{target}"/>'.encode()
        data = re.sub(rb"<Relationships(\s[^>]*?)/>", rb"<Relationships\1></Relationships>", data)
        if data.count(b"</Relationships>") != 1:
            raise Unmarkable
        self.put(listed, data.replace(b"</Relationships>", new + b"</Relationships>"))
        return f"mz{number}"


def _list_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def parsed(data: bytes) -> ET.Element:
    """A small part as elements; its entities were refused before."""
    if len(data) > LARGEST:
        raise Unmarkable
    try:
        return ET.fromstring(data)  # noqa: S314
    except (ET.ParseError, LookupError, ValueError):
        raise Unmarkable from None
