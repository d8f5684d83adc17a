"""load_divisions: a list of divisions from a file, taken as a whole or refused as a whole."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from projects.models import District
from tests.makers import make_district, make_huangpu

pytestmark = pytest.mark.django_db

LIST = """code,name,level,parent_code
110000,北京市,,
110101,东城区,,
440000,广东省,,
440100,广州市,,
440112,黄埔区,,
440112-GDD,广州开发区,,
429004,仙桃市,,420000
420000,湖北省,,
"""


def load(folder: Path, text: str | bytes) -> str:
    file = folder / "divisions.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    out = StringIO()
    with translation.override("en"):
        call_command("load_divisions", str(file), stdout=out)
    return out.getvalue().strip()


def refused(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(CommandError) as caught:
        load(folder, text)
    return str(caught.value).splitlines()


def test_parents_and_levels_are_derived_from_the_codes(tmp_path: Path) -> None:
    said = load(tmp_path, LIST)

    assert said == "8 added, 0 changed, 0 unchanged"
    assert {d.code: (d.level, d.path) for d in District.objects.all()} == {
        "110000": ("province", "110000/"),
        "110101": ("district", "110000/110101/"),
        "420000": ("province", "420000/"),
        "429004": ("district", "420000/429004/"),
        "440000": ("province", "440000/"),
        "440100": ("city", "440000/440100/"),
        "440112": ("district", "440000/440100/440112/"),
        "440112-GDD": ("zone", "440000/440100/440112/440112-GDD/"),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_list_is_read_whatever_the_office_saved_it_as(tmp_path: Path, encoding: str) -> None:
    load(tmp_path, LIST.replace("\n", "\r\n").encode(encoding))

    assert District.objects.get(code="440112").name == "黄埔区"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_separators_are_read_too(tmp_path: Path, delimiter: str) -> None:
    load(tmp_path, LIST.replace(",", delimiter))

    assert District.objects.count() == 8


def test_the_same_list_a_second_time_changes_nothing(tmp_path: Path) -> None:
    load(tmp_path, LIST)

    assert load(tmp_path, LIST) == "0 added, 0 changed, 8 unchanged"


def test_a_newer_list_renews_names_and_validity_and_keeps_what_it_does_not_mention(tmp_path: Path) -> None:
    make_huangpu()

    said = load(tmp_path, "code,name,valid_to\n440112,黄浦区,2030-12-31\n440113,番禺区,\n")

    huangpu = District.objects.get(code="440112")
    assert said == "0 added, 1 changed, 1 unchanged"
    assert (huangpu.name, huangpu.name_en, str(huangpu.valid_to)) == ("黄浦区", "Huangpu", "2030-12-31")


def test_a_recorded_district_keeps_its_place(tmp_path: Path) -> None:
    make_huangpu()

    problems = refused(tmp_path, "code,name,parent_code\n441900,东莞市,440000\n440112,黄埔区,441900\n")

    assert problems[1].startswith("Line 3: 440112 is recorded as district below 440100")
    assert not District.objects.filter(code="441900").exists()


def test_every_mistake_is_named_with_its_line_and_nothing_is_loaded(tmp_path: Path) -> None:
    problems = refused(
        tmp_path,
        "code,name,level,parent_code,valid_from,valid_to\n"
        "440000,广东省,,,,\n"
        "44,广州市,,,,\n"
        "440112, ,,,,\n"
        "440112,黄埔区,,,,\n"
        "440113,番禺区,village,,,\n"
        "440114,花都区,,999999,,\n"
        "440115,南沙区,,440118,,\n"
        "440117,从化区,,,2023-02-30,\n"
        "440118,增城区,,,2024-01-01,2023-01-01\n"
        "440119,\u202e假区,,,,\n"
        "441900-X,松山湖,zone,,,,,\n",
    )

    assert [problem.split(":")[0] for problem in problems] == [
        "Nothing was loaded. Correct the file and try again",
        "Line 12",
        "Line 3",
        "Line 4",
        "Line 5",
        "Line 6",
        "Line 7",
        "Line 8",
        "Line 9",
        "Line 10",
        "Line 11",
    ]
    assert not District.objects.exists()


def test_a_list_that_goes_in_a_circle_is_refused(tmp_path: Path) -> None:
    problems = refused(
        tmp_path, "code,name,level,parent_code\n440100,甲市,city,440200\n440200,乙市,city,440100\n"
    )

    assert len(problems) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty."),
        ("code,title\n440000,广东省\n", "Line 1: the column name is missing."),
        ("code,name,nmae\n440000,广东省,x\n", "Line 1: the column nmae is unknown"),
        ("code,name,name\n440000,广东省,x\n", "Line 1: the column name is named twice."),
        ('code,name\n440000,"广东省\n', "Line 2: a quotation mark is missing"),
        (b"code,name\n440000,\xff\xff\n", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_a_sentence(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    assert sentence in "\n".join(refused(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with translation.override("en"), pytest.raises(CommandError, match=r"nowhere\.csv cannot be read"):
        call_command("load_divisions", str(tmp_path / "nowhere.csv"))


def test_three_thousand_districts_are_loaded_in_a_few_queries(
    tmp_path: Path, django_assert_max_num_queries: object
) -> None:
    make_district("440000", "广东省", level="province")
    rows = "".join(
        f"44{c:02}{d:02},样例{c}区{d},district,440000\n" for c in range(1, 31) for d in range(1, 100)
    )

    with django_assert_max_num_queries(30):  # type: ignore[operator]
        load(tmp_path, f"code,name,level,parent_code\n{rows}")

    assert District.objects.count() == 2971
