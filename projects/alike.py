"""Names that may mean one and the same project: alike once widths, spaces, brackets and trimmings are gone."""

from __future__ import annotations

import re

from projects.text import comparable_name

SHORTEST = 2  # characters of a core: 项目 alone is like nothing
LONGEST = 120  # characters of a core that are compared
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
TRIMMINGS = re.compile(
    r"有限责任公司|股份有限公司|有限公司"
    r"|第?(?:[一二三四五六七八九十0-9]+|[ivx]+)期(?:工程)?|首期(?:工程)?|(?:建设)?项目"
)


def core_of(name: str) -> str:
    """What is compared of a name: without the form of the company, 项目, the phase, and what stands in brackets."""
    text = comparable_name(name)
    if not text.isalnum():  # what is, has no brackets
        while text != (inner := BRACKETS.sub("", text)):
            text = inner
    return TRIMMINGS.sub("", text)


def kept_core(name: str) -> str:
    """The core as it is kept to be found by; empty where too little is left to compare."""
    core = core_of(name)[:LONGEST]
    return core if len(core) >= SHORTEST else ""
