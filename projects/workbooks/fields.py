"""The fields that can be imported: their names, how their cells are read, and the words that head their columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from django.db.models import Choices
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from projects.models import ExclusionReason, Kind, Ownership, ProjectType, Reason
from projects.workbooks.tables import Text
from projects.workbooks.words import OTHER_WORDS, WORDS

LANGUAGES = ("zh-hans", "en")


class Read(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    CODE = "code"  # letters and digits that a spreadsheet may have taken for a number
    APPROVAL_CODE = "approval_code"
    LOOKUP = "lookup"  # the code or name of something recorded: who imports finds it
    LOOKUPS = "lookups"  # several of them
    CHOICE = "choice"
    FLAG = "flag"
    AMOUNT = "amount"
    COUNT = "count"
    DECIMAL = "decimal"
    DATE = "date"  # what happened: a day, or a month, quarter or year
    DAY = "day"  # a plan: a day


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in the API, how it is read, its label, and what limits it."""

    name: str
    read: Read
    label: Text
    choices: type[Choices] | None = None
    longest: int | None = None  # characters
    digits: int = 0  # decimals of a decimal number


def _note(kind: Kind) -> Field:
    return Field(f"{kind.value}_note", Read.LONG_TEXT, format_lazy(_("{step}: note"), step=kind.label))


def _reason(kind: Kind) -> Field:
    label = format_lazy(_("{step}: reason"), step=kind.label)
    return Field(f"{kind.value}_reason", Read.CHOICE, label, choices=Reason)


STOPS = (Kind.SUSPENDED, Kind.TERMINATED)
# What is said of a step beside its date: whose milestone, and which field of it.
BESIDE_DATES: dict[str, tuple[str, str]] = {
    **{f"{kind.value}_note": (kind.value, "note") for kind in Kind},
    **{f"{kind.value}_reason": (kind.value, "reason") for kind in STOPS},
}
LISTED = (
    Field("code", Read.CODE, _("project code"), longest=40),
    Field("approval_code", Read.APPROVAL_CODE, _("national approval code")),
    Field("name", Read.TEXT, _("name"), longest=200),
    Field("name_en", Read.TEXT, _("English name"), longest=300),
    Field("district", Read.LOOKUP, _("district")),
    Field("sector", Read.LOOKUP, _("sector")),
    Field("project_type", Read.CHOICE, _("project type"), choices=ProjectType),
    Field("ownership", Read.CHOICE, _("ownership"), choices=Ownership),
    Field("investors", Read.LOOKUPS, _("investors")),
    Field("tags", Read.LOOKUPS, _("tags")),
    Field("parent", Read.LOOKUP, _("phase of")),
    Field("phase", Read.TEXT, _("phase"), longest=40),
    Field("total_investment", Read.AMOUNT, _("total investment")),
    Field("investment_estimated", Read.FLAG, _("estimated")),
    Field("fixed_asset_investment", Read.AMOUNT, _("fixed-asset investment")),
    Field("expected_output", Read.AMOUNT, _("expected annual output")),
    Field("expected_revenue", Read.AMOUNT, _("expected annual revenue")),
    Field("expected_tax", Read.AMOUNT, _("expected annual tax")),
    Field("expected_jobs", Read.COUNT, _("expected jobs")),
    Field("land_area_mu", Read.DECIMAL, _("land area (mu)"), digits=2),
    Field("floor_area_m2", Read.DECIMAL, _("floor area (m²)"), digits=2),
    Field("currency", Read.CODE, _("foreign currency"), longest=3),
    Field("original_amount", Read.COUNT, _("original amount")),
    Field("exchange_rate", Read.DECIMAL, _("exchange rate"), digits=6),
    Field("planned_start_on", Read.DAY, _("planned start")),
    Field("planned_completion_on", Read.DAY, _("planned completion")),
    Field("negotiating_on", Read.DATE, _("negotiating since")),
    Field("framework_signed_on", Read.DATE, _("framework agreement signed on")),
    Field("signed_on", Read.DATE, _("signed on")),
    Field("registered_on", Read.DATE, _("registered on")),
    Field("started_on", Read.DATE, _("started on")),
    Field("enrolled_on", Read.DATE, _("enrolled on")),
    Field("completed_on", Read.DATE, _("completed on")),
    Field("in_production_on", Read.DATE, _("in production on")),
    Field("at_capacity_on", Read.DATE, _("at capacity on")),
    Field("suspended_on", Read.DATE, _("suspended on")),
    Field("resumed_on", Read.DATE, _("resumed on")),
    Field("terminated_on", Read.DATE, _("terminated on")),
    Field("confidential", Read.FLAG, _("confidential before signing")),
    Field("confidential_until", Read.DAY, _("confidential until")),
    Field("exclusion_reason", Read.CHOICE, _("not counted because"), choices=ExclusionReason),
    Field("remark", Read.LONG_TEXT, _("remark")),
    Field("source", Read.TEXT, _("source"), longest=100),
    *map(_reason, STOPS),
    *map(_note, Kind),
)
FIELDS: dict[str, Field] = {field.name: field for field in LISTED}
HAPPENED: dict[str, Kind] = {f"{kind.value}_on": kind for kind in Kind if f"{kind.value}_on" in FIELDS}

OTHER_MEASURES: dict[str, str] = {
    Read.AMOUNT: "美元|欧元|港元|港币|日元|英镑|usd|eur|hkd|jpy|gbp",
    "land_area_mu": "公顷|平方|㎡|m2|hectare|acre",
    "floor_area_m2": "亩|公顷|万平|万m2|万㎡|平方公里|km2|hectare|mu",
    "expected_jobs": "万人",
}

# Columns that every list has and nobody imports.
NUMBERING = frozenset(("序号", "no", "no.", "#", "number", "行号", "项次"))
YEARS = frozenset(("年度", "年份", "所属年度", "year"))

BRACKETED = re.compile(r"[(\[【〔（][^()\[\]【】〔〕（）]*[)\]】〕）]")
TRIMMED = re.compile(r"[\s*:_\-·.、]+|\(必填\)|\(选填\)|\(required\)|\(optional\)|^其中|^#")


def plain(words: str) -> str:
    """Words as they are compared: widths and cases folded, without spaces, stars and colons."""
    return TRIMMED.sub("", unicodedata.normalize("NFKC", words).lower())


def without_brackets(words: str) -> str:
    """The words without what stands in brackets: units and hints."""
    return BRACKETED.sub("", unicodedata.normalize("NFKC", words))


@cache
def known_words() -> Mapping[str, str]:
    """Field names by the words that head their columns, in the form of `plain`."""
    found: dict[str, str] = {}
    for field in LISTED:
        labels = []
        for language in LANGUAGES:
            with override(language):
                labels.append(str(field.label))
        for words in (field.name, *labels, *WORDS.get(field.name, "").split()):
            found.setdefault(plain(words), field.name)
    for field in LISTED:  # "land area (mu)" is known without its unit too, where no other field is called so
        for words in [w for w, name in list(found.items()) if name == field.name]:
            found.setdefault(plain(without_brackets(words)), field.name)
    found.pop("", None)
    return found


@cache
def words_of_choices(choices: type[Choices]) -> Mapping[str, str]:
    """Codes by everything that may stand for them: the code itself, and its labels in both languages."""
    found: dict[str, str] = {}
    for code, label in choices.choices:
        found[plain(str(code))] = str(code)
        for language in LANGUAGES:
            with override(language):
                found.setdefault(plain(str(label)), str(code))
        for word in OTHER_WORDS.get((choices.__name__, str(code)), ()):
            found.setdefault(plain(word), str(code))
    return found


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading means: a field or nothing known, and whether the column is of no use."""

    field: str | None
    ignored: bool = False
    is_year: bool = False


def meaning_of(words: str) -> Meaning:
    """What the words of a heading mean; of two rows, joined by a stroke, both together or the lower one."""
    for candidate in _candidates(words):
        if candidate in NUMBERING:
            return Meaning(None, ignored=True)
        if candidate in YEARS:
            return Meaning(None, ignored=True, is_year=True)
        if field := known_words().get(candidate):
            return Meaning(None if _is_measured_otherwise(field, words) else field)
    return Meaning(None)


def _is_measured_otherwise(field: str, words: str) -> bool:
    """Whether the heading names another measure than the field's, as hectares: then who imports is asked."""
    measures = OTHER_MEASURES.get(FIELDS[field].read if FIELDS[field].read == Read.AMOUNT else field)
    folded = unicodedata.normalize("NFKC", words).lower()
    return measures is not None and re.search(measures, folded) is not None


def _candidates(words: str) -> list[str]:
    upper, stroke, lower = words.rpartition("/")
    pairs = [words, without_brackets(words)]
    if stroke:
        below = without_brackets(lower)
        above = without_brackets(upper)
        pairs += [above + below, below + above, above + "/" + below]
        pairs += [lower, below] if plain(below) not in PARTIAL else []
        if not plain(below) or plain(below) in WHOLES:
            pairs += [upper, above]
    return [text for text in map(plain, pairs) if text]


WHOLES = frozenset(("总额", "合计", "总计", "全部", "总数", "小计", "total", "all"))  # of what stands above
PARTIAL = frozenset(
    ("计划", "实际", "时间", "日期", "金额", "名称", "类型", "投资", "项目")
)  # mean nothing alone
