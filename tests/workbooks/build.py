"""
Builds the kept workbooks: `python -m tests.workbooks.build` writes them all anew, and what is read from them.

What is read is written to `expected.json`, to be compared by eye before it is kept. The .xls file is not built here: no
maintained library writes it; it was written once, with xlwt 1.3.0, from the rows of `sums_below`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

FOLDER = Path(__file__).parent / "files"
EXPECTED = Path(__file__).parent / "expected.json"
MADE = datetime(2026, 11, 26)  # noqa: DTZ001  (a workbook's own date has no zone)
BUILDERS: dict[str, Callable[[Path], None]] = {}
Book = Any
Cells = Sequence[Sequence[Any]]


def builder(name: str) -> Callable[[Callable[[Book], None]], None]:
    """What builds the workbook of this name."""

    def keep(build: Callable[[Book], None]) -> None:
        def write(path: Path) -> None:
            with xlsxwriter.Workbook(
                str(path), {"strings_to_formulas": False, "strings_to_numbers": False}
            ) as book:
                book.set_properties({"created": MADE})
                build(book)

        BUILDERS[f"{name}.xlsx"] = write

    return keep


def text_file(name: str, rows: Cells, *, encoding: str, delimiter: str) -> None:
    """A text file of these rows."""

    def write(path: Path) -> None:
        lines = (delimiter.join(str(cell) for cell in row) for row in rows)
        path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))

    BUILDERS[name] = write


def fill(book: Book, rows: Cells, name: str = "项目", start: int = 0) -> Any:
    """A sheet with these rows; days are formatted as days."""
    sheet = book.add_worksheet(name)
    day = book.add_format({"num_format": "yyyy/m/d"})
    for number, row in enumerate(rows, start):
        for place, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(number, place, value, day)
            elif value is not None:
                sheet.write(number, place, value)
    return sheet


@builder("two_row_header")
def two_row_header(book: Book) -> None:
    """Title and unit merged above, two header rows, headings between the rows, subtotals, a sum, notes below."""
    sheet = fill(
        book,
        [
            (1, "智能网联汽车基地", "黄埔区", 340000, 210000, "2023.3", date(2023, 2, 18), "在建"),
            (2, "生物医药创新园", "黄埔区", 120000, 80000, "2023年二季度", None, None),
            ("小计", None, None, 460000, 290000),
            ("二、签约项目",),
            (3, "新型显示生产线", "番禺区", 560000, "约30亿", "2023年6月", None, None),
            (None, None, None, None, None),
            (4, "冷链物流中心", "南沙区", 45000.5, 30000, "2023年底", None, "用地已落实"),
            ("小计", None, None, 605000.5, 330000),
            ("合计", None, None, 1065000.5, 620000),
            ("注：投资额以签约合同为准。",),
            ("填表人：李某", None, None, None, "联系电话：020-00000000"),
        ],
        start=6,
    )
    sheet.merge_range("A1:H1", "2023年重点招商项目进展情况表")
    sheet.write("A2", "填报单位：某市投资促进局")
    sheet.write("H2", "单位：万元")
    for letter, words in zip("ABCH", ("序号", "项目名称", "所在区", "备注"), strict=True):
        sheet.merge_range(f"{letter}4:{letter}5", words)
    sheet.merge_range("D4:E4", "投资额")
    sheet.merge_range("F4:G4", "开工时间")
    for cell, words in (("D5", "计划总投资"), ("E5", "其中：固定资产投资"), ("F5", "计划"), ("G5", "实际")):
        sheet.write(cell, words)
    sheet.merge_range("A6:H6", "一、在建项目")


SUMS_BELOW: Cells = [
    ("项目名称", "区划", "总投资（亿元）", "签约日期", "投资方"),
    ("跨境电商产业园", "440112", 12.5, date(2022, 11, 8), "甲集团；乙公司"),
    ("氢能装备基地", "440113", 30, date(2023, 1, 29), "丙公司"),
    ("合计", None, 42.5, None, None),
]


@builder("sums_below")
def sums_below(book: Book) -> None:
    """The plainest form: one header row, one sum."""
    fill(book, SUMS_BELOW)


@builder("sums_above")
def sums_above(book: Book) -> None:
    """The sum stands above all, and each district's subtotal above its projects; districts merged downwards."""
    sheet = fill(
        book,
        [
            ("区县", "项目名称", "总投资", "年产值", "投产时间"),
            ("合计", None, 95, 150, None),
            ("黄埔区小计", None, 50, 80, None),
            (None, "光电子器件基地", 20, 35, "2022年"),
            (None, "汽车电子二期", 30, 45, "2022年12月"),
            ("番禺区小计", None, 45, 70, None),
            ("番禺区", "轨道交通装备", 45, 70, "日期不详"),
        ],
        start=2,
    )
    sheet.merge_range("A1:E1", "各区达产项目（单位：亿元）")
    sheet.merge_range("A6:A7", "黄埔区")


@builder("several_sheets")
def several_sheets(book: Book) -> None:
    """A cover, instructions, two lists with different columns, an old list that is hidden."""
    cover = book.add_worksheet("封面")
    cover.write("C8", "2024年招商引资项目库")
    cover.write("C10", "二〇二四年三月")
    explained = book.add_worksheet("填报说明")
    for row, words in enumerate(("1.总投资以万元为单位。", "2.区县填写全称。", "3.每月25日前报送。")):
        explained.write(row, 0, words)
    fill(
        book,
        [
            ("项目名称", "县（市、区）", "协议投资额（万元）", "签约时间", "产业"),
            ("储能电池项目", "黄埔区", 200000, "2024.1.15", "新能源"),
            ("算力中心", "番禺区", 88000, "2024年2月", "数字经济"),
        ],
        "签约项目",
    )
    fill(
        book,
        [
            ("序号", "项目", "属地", "总投资（亿元）", "开工时间", "拟竣工时间"),
            (1, "高端医疗器械产业园", "黄埔区", 8.6, "2024/1/8", "2025年12月"),
        ],
        "开工项目",
    )
    fill(book, [("项目名称", "区划", "总投资（万元）"), ("旧项目", "440112", 1)], "旧数据").hide()


@builder("dates_as_written")
def dates_as_written(book: Book) -> None:
    """Every way in which people write dates; the year stands in the title."""
    written = (
        date(2023, 1, 29), 44955, "2023.1.29", "2023年1月29日", "2023-1-29", "20230129", "二〇二三年一月二十九日",
        "31.12.2022", "12/31/2022", "2023年1月", "2023.01", "1月底", "一季度", "2023年第一季度", "2022年", 2022,
        "2022年底", "日期不详", "待定", None,
    )  # fmt: skip
    rows = [("2023年一季度开工项目（万元）",), ("项目名称", "区划", "总投资（万元）", "开工时间")]
    fill(book, [*rows, *((f"项目{n}", "440112", 1000 + n, day) for n, day in enumerate(written, 1))])


@builder("year_in_a_column")
def year_in_a_column(book: Book) -> None:
    """Dates without a year, beside a column that has it."""
    fill(
        book,
        [
            ("年度", "项目名称", "区划", "总投资（万元）", "签约时间", "开工时间"),
            (2021, "绿色建材", "440112", 5000, "3月", "11月8日"),
            (2022, "预制菜产业园", "440113", 8000, "一季度", "7月中旬"),
        ],
    )


@builder("codes_as_numbers")
def codes_as_numbers(book: Book) -> None:
    """Codes that a spreadsheet took for numbers; one has lost its digits."""
    fill(
        book,
        [
            ("项目编号", "项目代码", "项目名称", "区划代码", "总投资（元）"),
            (20230001, "2301-440112-04-01-123456", "工业母机", 440112, 120000000),
            (20230002, "23014401130401654321", "检测认证园", 440113, 56000000),
            (20230003, 2.3014401130401654e19, "种业基地", "440113.0", 9800000),
        ],
    )


@builder("unknown_columns")
def unknown_columns(book: Book) -> None:
    """A header in the fifth row, columns in another order, three that the system does not know, one without words."""
    rows = [
        ("联系人", "总投资额\n（万元）", "* 项目名称", "今年完成投资（万元）", "所属区县", None, "建设地址"),
        ("王某", "3.4亿", "精细化工技改", 1200, "黄埔区", "重点", "某路1号"),
        ("赵某", "34,000", "数控机床", 800, "番禺区", None, "某路2号"),
    ]
    fill(book, rows, start=4).write("A1", "项目台账")


@builder("header_on_every_page")
def header_on_every_page(book: Book) -> None:
    """Printed: the header again on each page, with a sum of the page."""
    header = ("序号", "项目名称", "区划", "总投资（万元）")
    rows = [
        header, (1, "甲", "440112", 100), (2, "乙", "440112", 200), ("本页小计", None, None, 300),
        header, (3, "丙", "440113", 400), ("本页小计", None, None, 400), ("总计", None, None, 700),
    ]  # fmt: skip
    fill(book, rows)


@builder("english")
def english(book: Book) -> None:
    """English headings, the unit in brackets, choices by their English names."""
    rows = [
        (
            "Project name",
            "District",
            "Total investment (10,000 yuan)",
            "Project type",
            "Ownership",
            "Signed on",
            "Jobs",
        ),
        ("Battery plant", "440112", 150000, "Manufacturing", "Foreign", "2023-05-04", 1200),
        ("Data centre", "440113", "1.2亿", "services", "private", "May 2023", None),
    ]
    fill(book, rows)


@builder("formulas")
def formulas(book: Book) -> None:
    """Sums and amounts as formulas: with results, with an error, and with no result."""
    sheet = fill(
        book,
        [
            ("项目名称", "区划", "总投资（万元）", "固定资产投资（万元）"),
            ("热管理系统", "440112", 1000),
            ("=cmd|' /C calc'!A0", "440112", 2000),
            ("合计", None),
        ],
    )
    sheet.write_formula("D2", "=C2*0.6", None, 600)
    sheet.write_formula("D3", "=C3*旧表!A1", None, "#REF!")
    sheet.write_formula("C4", "=SUM(C2:C3)", None, 3000)
    sheet.write_formula("D4", "=SUM(D2:D3)", None, "")


@builder("merged_amount")
def merged_amount(book: Book) -> None:
    """Two phases under one amount that nobody has divided."""
    rows = [
        ("项目名称", "期次", "区划", "总投资（万元）"),
        ("半导体材料", "一期", "440112", None),
        (None, "二期", None, None),
    ]
    sheet = fill(book, rows)
    sheet.merge_range("A2:A3", "半导体材料")
    sheet.merge_range("C2:C3", "440112")
    sheet.merge_range("D2:D3", 50000)


@builder("faulty_cells")
def faulty_cells(book: Book) -> None:
    """Wrong dates, amounts and a district: to be corrected."""
    fill(
        book,
        [
            ("项目名称", "所在区", "总投资（万元）", "签约时间", "开工时间", "项目类型"),
            ("新材料产业园", "黄埔区", 50000, "2023.2.30", "2023年3月", "制造业"),
            ("智慧物流枢纽", "黄浦区", 80000, "01/02/2023", "2023年4月", "服务业"),
            ("海洋工程装备", "番禺区", "30-40亿", "2023年1月", "2022年9月", "制造"),
            ("文化创意园", "番禺区", -500, "2023年1月5日", None, "文化类"),
            ("口岸综合体", "黄埔区", 66000, "9999-12-31", None, "基础设施"),
        ],
    )


@builder("faulty_sum")
def faulty_sum(book: Book) -> None:
    """A sum that its rows do not add up to."""
    fill(
        book,
        [
            ("序号", "项目名称", "所在区", "计划总投资（亿元）", "签约时间"),
            (1, "集成电路封测", "黄埔区", 10.5, "2023.1.29"),
            (2, "动力电池回收", "番禺区", 6.2, "2023.1.29"),
            (3, "航空维修基地", "黄埔区", 3.3, "2023.1.29"),
            ("合计", None, None, 21, None),
        ],
    )


@builder("faulty_9393")
def faulty_9393(book: Book) -> None:
    """93 printed as 9393."""
    fill(
        book,
        [
            ("项目名称", "所在区", "总投资（亿元）", "签约时间"),
            ("人工智能算力中心", "黄埔区", 93, "2023年1月"),
            ("新能源整车", "番禺区", 9393, "2023年1月"),
            ("创新药总部", "黄埔区", 45, "2023年1月"),
            ("跨境贸易中心", "番禺区", 60, "2023年1月"),
        ],
    )


BULLETIN: Cells = [
    ("项目名称", "区划", "总投资（万元）", "签约日期", "备注"),
    ("石油化工一体化", "441303", "约20亿", "2023年1月29日", "龙头企业"),
    ("电子信息产业园", "441303", "34000", "2023-01-29", ""),
]
text_file("gb18030.csv", [("某市项目表", "", "", "", ""), *BULLETIN], encoding="gb18030", delimiter=",")
text_file("utf_8_with_bom.csv", BULLETIN, encoding="utf-8-sig", delimiter=";")
text_file("utf_16_unicode_text.txt", BULLETIN, encoding="utf-16", delimiter="\t")


def _template(path: Path) -> None:
    """The template's own headings with two projects below them."""
    from django.utils.translation import override

    from projects.workbooks.fields import FIELDS
    from projects.workbooks.template import COLUMNS, heading_of

    filled: list[dict[str, Any]] = [
        {"name": "工业互联网平台", "district": "440112 黄埔区", "project_type": "服务业", "ownership": "民营",
         "total_investment": 34000, "signed_on": date(2023, 1, 29), "planned_start_on": date(2023, 9, 1)},
        {"name": "绿色港口", "code": "HP2023-017", "approval_code": "2301-440112-04-01-123456", "district": "440113",
         "total_investment": "约20亿", "started_on": "2023年一季度", "investors": "广州港集团；广州工控"},
    ]  # fmt: skip
    with override("zh-hans"), xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": MADE})
        headings = [heading_of(FIELDS[name]) for name in COLUMNS]
        fill(book, [headings, *([row.get(name) for name in COLUMNS] for row in filled)])


BUILDERS["template_filled_in.xlsx"] = _template


@builder("seeds")
def seeds(book: Book) -> None:
    """The seeds' projects with their dates, as a bureau's list: amounts in yuan, dates as exactly as they are known."""
    from seeds.tables import seed_rows

    shown = {
        "day": lambda day: day,
        "month": lambda day: f"{day[:4]}年{int(day[5:7])}月",
        "year": lambda day: f"{day[:4]}年",
        "unknown": lambda _day: "日期不详",
    }
    dates: dict[str, dict[str, str]] = {}
    for row in seed_rows("milestones"):
        dates.setdefault(row["project_code"], {})[row["kind"]] = shown[row["precision"]](row["happened_on"])
    columns = (
        ("项目编号", "code"), ("项目名称", "name"), ("英文名称", "name_en"), ("区划代码", "district_code"),
        ("属于哪个项目的分期", "parent_code"), ("期次", "phase"), ("产业", "sector_code"), ("项目类型", "project_type"),
        ("所有制", "ownership"), ("投资方", "investors"), ("计划总投资（元）", "total_investment"),
        ("预计达产年产值（元）", "expected_output"), ("预计年营业收入（元）", "expected_revenue"),
    )  # fmt: skip
    kinds = (
        ("签约日期", "signed"),
        ("开工日期", "started"),
        ("竣工日期", "completed"),
        ("投产日期", "in_production"),
    )
    rows: list[list[Any]] = [[words for words, _name in (*columns, *kinds)] + ["备注", "来源"]]
    for row in seed_rows("projects"):
        happened = dates.get(row["code"], {})
        about = "约" if row["investment_estimated"] == "1" and row["total_investment"] else ""
        cells: list[Any] = [
            int(row[name]) if words.endswith("（元）") and row[name] else row[name] or None
            for words, name in columns
        ]
        if about:
            cells[10] = f"约{row['total_investment']}元"
        rows.append(
            [*cells, *(happened.get(kind) for _words, kind in kinds), row["remark"] or None, row["source"]]
        )
    fill(book, rows)


def main() -> None:
    """Write every workbook, and what is read from it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.workbooks.outcome import outcome_of

    FOLDER.mkdir(exist_ok=True)
    for name, write in BUILDERS.items():
        write(FOLDER / name)
    found = {path.name: outcome_of(path) for path in sorted(FOLDER.iterdir())}
    EXPECTED.write_text(in_lines(found), "utf-8")


def in_lines(found: dict[str, list[dict[str, Any]]]) -> str:
    """JSON with a line for each row and remark."""
    workbooks = [
        f" {_json(name)}: [\n  " + ",\n  ".join(map(_table, tables)) + "\n ]"
        for name, tables in found.items()
    ]
    return "{\n" + ",\n".join(workbooks) + "\n}\n"


def _table(table: dict[str, Any]) -> str:
    return "{\n" + ",\n".join(f"   {_json(name)}: {_value(value)}" for name, value in table.items()) + "\n  }"


def _value(value: Any) -> str:
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"    {_json(k)}: {_json(v)}" for k, v in value.items()) + "\n   }"
    if isinstance(value, list) and len(value) > 3:
        return "[\n" + ",\n".join(f"    {_json(v)}" for v in value) + "\n   ]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
