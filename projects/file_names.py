"""The name under which a file is shown: what people called it, without what hides, leads away or breaks a line."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.file_types import SUFFIXES, FileType

LONGEST = 120  # characters, with the ending
FORBIDDEN = re.compile(r'[<>:"|?*%]')


def shown_name(given: str, kind: FileType) -> str:
    """The cleaned name, with an ending that fits the content.

    Raises ValidationError where the ending that people see says something else than what the file is.
    """
    name = _cleaned(given)
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix.lower()
    if suffix and suffix not in SUFFIXES[kind] and re.fullmatch(r"\.[a-z0-9]{1,8}", suffix):
        message = _(
            "The name ends in %(suffix)s, but the file is a %(kind)s. Check that it is the right one."
        )
        raise ValidationError(message, code="name", params={"suffix": suffix, "kind": kind.label})
    if suffix not in SUFFIXES[kind]:
        stem, suffix = name, SUFFIXES[kind][0]
    stem = stem.strip(". ")[: LONGEST - len(suffix)].strip(". ")
    return (stem if any(c.isalnum() for c in stem) else str(kind)) + suffix


def visible_name(given: str) -> str:
    """The cleaned name of a file whose content is looked at later, with the ending that it was given."""
    name = _cleaned(given)
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix.lower()[:10]
    stem = stem[: LONGEST - len(suffix)].strip(". ")
    return (stem if any(c.isalnum() for c in stem) else "file") + suffix


def _cleaned(given: str) -> str:
    last = re.split(r"[/\\]", given)[-1]
    visible = "".join(c for c in unicodedata.normalize("NFC", last) if _is_shown(c))
    return FORBIDDEN.sub("_", " ".join(visible.split())).strip(". ")


def _is_shown(character: str) -> bool:
    """Neither control, format (zero width, direction), surrogate, private nor unassigned; spaces of any kind stay."""
    return unicodedata.category(character)[0] != "C" and character not in "\u115f\u1160\u3164\uffa0"
