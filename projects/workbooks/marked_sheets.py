"""One sheet with marks: colours as conditional formats, comments beside it; its cells stay as they are."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from projects.workbooks import notes
from projects.workbooks.grids import Place
from projects.workbooks.outlines import MAIN, OFFICE, Edit, Outline, Unmarkable, edited
from projects.workbooks.package import Package
from projects.workbooks.problems import PROBLEMS, Mark
from projects.workbooks.tables import letter_of, place_of

MOST_AREAS = 5_000  # that are coloured on one sheet
TOGETHER = 200  # of them in one rule
MOST_COMMENTS = 1_000  # on one sheet: each is a drawing that Excel holds ready
MOST_MERGED = 50_000
ALWAYS = f'LEN("{PROBLEMS}")&gt;0'.encode()  # the rule by which our colours are known again
OPENING = re.compile(rb"<worksheet\s[^>]*>")
PRIORITY = re.compile(rb"(<(?:x14:)?cfRule\s[^>]*?\spriority=\")([0-9]{1,9})\"")
MERGED = re.compile(rb"\sref\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7}):([A-Za-z]{1,3})([0-9]{1,7})[\"']")
FORMATS = "conditionalFormatting"
AFTER_CELLS = [
    "sheetCalcPr",
    "sheetProtection",
    "protectedRanges",
    "scenarios",
    "autoFilter",
    "sortState",
    "dataConsolidate",
    "customSheetViews",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
    "colBreaks",
    "customProperties",
    "cellWatches",
    "ignoredErrors",
    "smartTags",
    "drawing",
    "legacyDrawing",
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
]


class Said:
    """What is said of one cell."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.is_wrong = False

    def add(self, mark: Mark) -> None:
        """One thing more."""
        if mark.text not in self.texts:
            self.texts.append(mark.text)
        self.is_wrong |= mark.is_error


def mark_sheet(
    package: Package, part: str, marks: Sequence[Mark], *, formats: tuple[int, int], block: int
) -> None:
    """Write the sheet with these marks and without earlier ones; a sheet without either is left to be copied.

    `formats` are the numbers for what is wrong and for what is odd, `block` one of drawn boxes that is free.
    """
    data = package.read(part)
    head, tail = _halves(data)
    drawings = [relation for relation in package.relations_of(part).values() if relation[0] == "comments"]
    if not marks and ALWAYS not in tail and not drawings:
        return
    outline = _outline(data, tail)
    cells = _cells(marks, outline)
    edits = _formats(outline, cells, formats)
    edits += _comments(package, part, outline, cells, block)
    if any(start < end or new for start, end, new in edits):
        package.write(part, head, edited(tail, edits))


def _halves(data: bytes) -> tuple[memoryview, bytes]:
    """The sheet up to the end of its cells, and what follows."""
    ending = b"</sheetData>"
    place = data.rfind(ending)
    if place < 0:
        ending = b"<sheetData/>"
        place = data.rfind(ending)
    if place < 0:
        raise Unmarkable
    place += len(ending)
    return memoryview(data)[:place], data[place:]


def _outline(data: bytes, tail: bytes) -> Outline:
    begins = OPENING.search(data[:65_536])
    if begins is None or f'xmlns="{MAIN}"'.encode() not in begins[0]:
        raise Unmarkable
    return Outline(tail, "worksheet", begins[0])


# --- which cells --------------------------------------------------------------------------------------------------


def _cells(marks: Sequence[Mark], outline: Outline) -> dict[Place, Said]:
    """What is said of each cell; of a row as a whole at its first, of cells that are merged at the one that is seen."""
    seen = _seen(outline, {place_of(mark.letter or "A") for mark in marks})
    found: dict[Place, Said] = defaultdict(Said)
    for mark in marks:
        if mark.row is not None:
            found[seen(mark.row - 1, place_of(mark.letter or "A"))].add(mark)
    return dict(sorted(found.items()))


class _Seen:
    """Which cell shows what lies at a place: another, where cells are merged."""

    def __init__(self) -> None:
        self.areas: dict[int, list[tuple[int, int, Place]]] = defaultdict(list)

    def __call__(self, row: int, column: int) -> Place:
        areas = self.areas.get(column, ())
        place = bisect_right(areas, row, key=lambda area: area[0]) - 1
        if place >= 0 and areas[place][1] >= row:
            return areas[place][2]
        return row, column


def _seen(outline: Outline, columns: Collection[int]) -> _Seen:
    found = _Seen()
    merged = outline.only("mergeCells")
    if merged is None or merged.children > MOST_MERGED:
        return found
    for area in MERGED.finditer(outline.text(merged)):
        left, top, right, bottom = (
            place_of(area[1].decode()),
            int(area[2]),
            place_of(area[3].decode()),
            int(area[4]),
        )
        for column in columns:
            if left <= column <= right:
                found.areas[column].append((top - 1, bottom - 1, (top - 1, left)))
    for areas in found.areas.values():
        areas.sort()
    return found


# --- colours ------------------------------------------------------------------------------------------------------


def _formats(outline: Outline, cells: Mapping[Place, Said], formats: tuple[int, int]) -> list[Edit]:
    """Our rules before all others, which are as they were among themselves; without our earlier ones."""
    groups = list(_areas(cells))
    edits: list[Edit] = []
    for child in outline.children:
        if child.name in {FORMATS, "extLst"}:
            text = outline.text(child)
            new = _without_ours(text) if child.name == FORMATS else text
            new = PRIORITY.sub(lambda found: b'%s%d"' % (found[1], int(found[2]) + len(groups)), new)
            if new != text:
                edits.append((child.start, child.end, new))
    rules = "".join(
        f'<conditionalFormatting sqref="{" ".join(areas)}"><cfRule type="expression" '
        f'dxfId="{formats[0] if is_wrong else formats[1]}" priority="{number}">'
        f"<formula>{ALWAYS.decode()}</formula></cfRule></conditionalFormatting>"
        for number, (is_wrong, areas) in enumerate(groups, 1)
    )
    place = outline.place_for(FORMATS, AFTER_CELLS)
    return [*edits, (place, place, rules.encode())] if rules else edits


def _without_ours(text: bytes) -> bytes:
    """A block of rules without ours; nothing, where it holds no other."""
    if ALWAYS not in text:
        return text
    new = notes.without_elements(text, b"cfRule", lambda rule: ALWAYS in rule)
    return new if b"<cfRule" in new else b""


def _areas(cells: Mapping[Place, Said]) -> Iterator[tuple[bool, list[str]]]:
    """The areas of wrong cells, then of odd ones, some together; cells below each other are one area."""
    left = MOST_AREAS
    for is_wrong in (True, False):
        places = sorted((column, row) for (row, column), said in cells.items() if said.is_wrong == is_wrong)
        areas: list[list[int]] = []  # column, first and last row
        for column, row in places:
            if areas and areas[-1][0] == column and areas[-1][2] == row - 1:
                areas[-1][2] = row
            else:
                areas.append([column, row, row])
        areas = areas[:left]
        left -= len(areas)
        for start in range(0, len(areas), TOGETHER):
            yield is_wrong, [_area(*area) for area in areas[start : start + TOGETHER]]


def _area(column: int, first: int, last: int) -> str:
    letter = letter_of(column)
    return f"{letter}{first + 1}" if first == last else f"{letter}{first + 1}:{letter}{last + 1}"


# --- comments -----------------------------------------------------------------------------------------------------


def _comments(
    package: Package, part: str, outline: Outline, cells: Mapping[Place, Said], block: int
) -> list[Edit]:
    """Put the comments into their parts; what has to be said of a new one in the sheet."""
    relations = package.relations_of(part)
    comments = next((target for kind, target in relations.values() if kind == "comments"), "")
    data = package.read(comments) if comments else notes.EMPTY
    data, gone, others = notes.without_ours(data)
    said = {place: "\n".join(of.texts) for place, of in cells.items() if place not in others}
    said = dict(list(said.items())[:MOST_COMMENTS])
    if not said and not gone:
        return []
    if not comments:
        comments = package.free("xl/comments{}.xml")
        package.relate(part, "comments", comments)
    package.put(comments, notes.with_comments(data, said), "spreadsheetml.comments+xml")
    drawn = outline.only("legacyDrawing")
    if drawn is not None:
        identity = next((value for name, value in drawn.attributes.items() if name.endswith(":id")), "")
        _kind, drawing = relations.get(identity, ("", ""))
        package.put(drawing, notes.with_boxes(package.read(drawing), gone, said, block))
        return []
    drawing = package.free("xl/drawings/vmlDrawing{}.vml")
    package.put(drawing, notes.with_boxes(notes.EMPTY_DRAWING, (), said, block), "vmlDrawing")
    identity = package.relate(part, "vmlDrawing", drawing)
    place = outline.place_for("legacyDrawing", AFTER_CELLS)
    return [(place, place, f'<legacyDrawing xmlns:r="{OFFICE}" r:id="{identity}"/>'.encode())]
