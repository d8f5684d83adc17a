"""Text that people type: one form for the same words, and nothing that hides, reorders or breaks a line."""

import re
import unicodedata
from itertools import groupby

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST = 100_000  # characters; far above every field
MOST_MARKS = 30  # marks on one letter, as in UAX #15; normalising a long run of them takes minutes

# Written as escapes throughout: the characters themselves are invisible.
SURROGATES = re.compile("[\ud800-\udfff]")
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Control characters, line and paragraph separators, and the two that no XML (so no workbook) may hold.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
CONTROLS_BUT_NEWLINE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
# What most names consist of: letters and digits at both ends, and nothing that could hide, combine or be composed.
PLAIN = re.compile(
    "[0-9A-Za-z\u4e00-\u9fa5](?:[\x20-\x7e\u4e00-\u9fa5\u3001\u3002\u300a\u300b\u201c\u201d\uff08-\uff0c\uff1a\uff1b]*"
    "[\x21-\x7e\u4e00-\u9fa5\u3001\u3002\u300a\u300b\u201c\u201d\uff08-\uff0c\uff1a\uff1b])?"
)
# Unicode counts these as letters, though they are blank.
FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def clean_text(value: object, *, multiline: bool = False) -> str:
    """
    Return the text in NFC without outer spaces; multiline keeps line ends, as newlines.

    Raises ValidationError with code not_text, too_long, surrogate, control_character,
    direction_override, too_many_marks or no_letters. How long a text may be is its field's affair;
    an optional field asks only when something was typed.
    """
    if not isinstance(value, str):
        raise ValidationError(_("Write text here."), code="not_text")
    if len(value) > LONGEST:
        raise ValidationError(_("This text is too long. Shorten it."), code="too_long")
    if multiline:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_hidden(value, CONTROLS_BUT_NEWLINE if multiline else CONTROLS)
    text = unicodedata.normalize("NFC", value).strip()
    if not any(character.isalnum() and character not in FILLERS for character in text):
        raise ValidationError(_("Write at least one letter or digit."), code="no_letters")
    return text


def is_plain(text: str) -> bool:
    """Whether a text is certainly what `clean_text` makes of it; of another one nothing is said."""
    return PLAIN.fullmatch(text) is not None


def comparable_name(value: str) -> str:
    """Return a name as it is compared, never shown: widths and cases folded, no spaces, nothing invisible."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    if folded.isprintable() and " " not in folded:  # neither is any other space, nor what is invisible
        return folded
    if folded.isalnum():  # as most names are: nothing to leave out
        return folded
    return "".join(
        character
        for character in folded
        if not character.isspace() and unicodedata.category(character) != "Cf"
    )


def _refuse_hidden(text: str, controls: re.Pattern[str]) -> None:
    if SURROGATES.search(text):
        raise ValidationError(_("This text holds half a character. Type it again."), code="surrogate")
    if controls.search(text):
        raise ValidationError(
            _("This text holds a line break, a tab or a hidden control character. Type it again without."),
            code="control_character",
        )
    if DIRECTIONS.search(text):
        raise ValidationError(
            _("This text holds hidden characters that change the direction of reading. Type it again."),
            code="direction_override",
        )
    if _most_marks(text) > MOST_MARKS:
        raise ValidationError(_("This text piles too many marks on one letter."), code="too_many_marks")


def _most_marks(text: str) -> int:
    """Count the longest run of combining marks."""
    if text.isascii():
        return 0
    runs = groupby(text, key=lambda character: unicodedata.category(character).startswith("M"))
    return max(sum(1 for _character in run) if is_mark else 0 for is_mark, run in runs)
