"""What a workbook has besides its sheets: how cells look, and the parts of the package that name the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.xlsx_cells import IMPOSSIBLE

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

FONTS = (
    '<sz val="11"/>',
    '<b/><sz val="11"/>',
    '<b/><sz val="14"/>',
    '<i/><sz val="11"/><color rgb="FF595959"/>',
)
FILLS = (
    '<fill><patternFill patternType="none"/></fill>',
    '<fill><patternFill patternType="gray125"/></fill>',
    '<fill><patternFill patternType="solid"><fgColor rgb="FFE8EEF4"/></patternFill></fill>',
)
LINE = '<{0} style="thin"><color rgb="FFB0B8C0"/></{0}>'
BORDERS = (
    "<border><left/><right/><top/><bottom/><diagonal/></border>",
    f"<border>{''.join(LINE.format(side) for side in ('left', 'right', 'top', 'bottom'))}<diagonal/></border>",
)
FORMATS = {164: "#,##0.00##", 165: "yyyy\\-mm\\-dd", 166: "yyyy\\-mm\\-dd hh:mm"}
CENTRED = '<alignment horizontal="center" vertical="center" wrapText="1"/>'
# number format, font, fill, border, attributes, inner element; in the order of Look
STYLES: tuple[tuple[int, int, int, int, str, str], ...] = (
    (0, 0, 0, 0, "", ""),
    (3, 0, 0, 0, "", ""),
    (164, 0, 0, 0, "", ""),
    (165, 0, 0, 0, "", ""),
    (166, 0, 0, 0, "", ""),
    (49, 0, 0, 0, ' quotePrefix="1"', ""),
    (49, 1, 2, 1, "", CENTRED),
    (49, 2, 0, 0, "", '<alignment horizontal="center" vertical="center"/>'),
    (49, 3, 0, 0, "", ""),
    (0, 1, 2, 0, "", ""),
    (3, 1, 2, 0, "", ""),
    (164, 1, 2, 0, "", ""),
    (1, 0, 0, 0, "", ""),
)


def _styles() -> str:
    formats = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in FORMATS.items())
    fonts = "".join(f'<font>{more}<name val="Calibri"/></font>' for more in FONTS)
    looks = "".join(
        f'<xf numFmtId="{number}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0"{more}'
        + (f' applyAlignment="1">{inner}</xf>' if inner else "/>")
        for number, font, fill, border, more, inner in STYLES
    )
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="3">{formats}</numFmts>'
        f'<fonts count="{len(FONTS)}">{fonts}</fonts><fills count="{len(FILLS)}">{"".join(FILLS)}</fills>'
        f'<borders count="{len(BORDERS)}">{"".join(BORDERS)}</borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(STYLES)}">{looks}</cellXfs></styleSheet>'
    )


def around(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The other parts of the package, by name."""
    numbers = range(1, len(names) + 1)
    override = '<Override PartName="/xl/{}.xml" ContentType="{}.{}+xml"/>'.format
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + override("workbook", SHEET_TYPE, "sheet.main")
        + override("styles", SHEET_TYPE, "styles")
        + "".join(override(f"worksheets/sheet{n}", SHEET_TYPE, "worksheet") for n in numbers)
        + "</Types>",
    )
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    yield "xl/_rels/workbook.xml.rels", _relations([*targets, ("styles", "styles.xml")])
    yield "xl/styles.xml", _styles()
    listed = "".join(
        f'<sheet name="{_attribute(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, start=1)
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def _attribute(text: str) -> str:
    return IMPOSSIBLE.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
