"""Units of money, as headings and title lines state them."""

from __future__ import annotations

import re
import unicodedata

from projects.amounts import WAN, YI, YUAN

UNITS = {
    "亿元": YI,
    "亿": YI,
    "千万元": 1_000 * WAN,
    "百万元": 100 * WAN,
    "万元": WAN,
    "万": WAN,
    "千元": 1_000,
    "元": YUAN,
    "yuan": YUAN,
    "cny": YUAN,
    "rmb": YUAN,
    "10,000yuan": WAN,
    "10000yuan": WAN,
    "10kyuan": WAN,
    "tenthousandyuan": WAN,
    "millionyuan": 100 * WAN,
    "100millionyuan": YI,
}
WORDS = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
FOREIGN = re.compile(r"美元|欧元|港元|日元|英镑|usd|eur|hkd")
IN_BRACKETS = re.compile(rf"[(\[【〔,:](?:单位:|人民币|in)*(?:人民币)?({WORDS})(?:人民币)?[)\]】〕]")
AT_END = re.compile(r".*[一-龥](亿元|万元)")
IN_TITLE = re.compile(rf"单位[:为是]?(?:人民币)?({WORDS})|unit:?(?:rmb)?({WORDS})|\(({WORDS})\)")


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def unit_of_heading(words: str) -> int | None:
    """The yuan in one of a column by its heading: 计划总投资（万元） is 10,000; None if it says nothing."""
    text = _folded(words)
    if FOREIGN.search(text):
        return None
    found = IN_BRACKETS.search(text) or AT_END.fullmatch(text)
    return UNITS[found[1]] if found else None


def unit_of_title(lines: tuple[str, ...]) -> int | None:
    """The unit that a line above the table states, as 单位：万元; None if none does, or several differ."""
    found = {
        UNITS[next(filter(None, match.groups()))]
        for line in lines
        for match in IN_TITLE.finditer(_folded(line))
        if not FOREIGN.search(_folded(line))
    }
    return found.pop() if len(found) == 1 else None
