"""Codes issued by others: the unified social credit code and the national approval code."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# GB 32100-2015: digits and capital letters without I, O, S, V, Z; each stands for its place here.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Department and kind of body, six digits of its district, nine characters of the body, the check character.
USCC = re.compile(rf"[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}")
USCC_LONGEST_TYPED = 64

FULL_WIDTH = {code + 0xFEE0: code for code in range(0x21, 0x7F)}

APPROVAL_CODE = r"\A[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}\Z"
approval_code_validator = RegexValidator(
    APPROVAL_CODE,
    message=_("Write the approval code as 2301-440112-04-01-123456, digits and hyphens only."),
    code="approval_code",
)


def clean_uscc(value: object) -> str:
    """
    Return a unified social credit code in capitals, its check character verified.

    Full-width and lower-case characters and outer spaces are put right. Raises ValidationError
    with code uscc_shape or uscc_check.
    """
    typed = value if isinstance(value, str) and len(value) <= USCC_LONGEST_TYPED else ""
    text = typed.strip().translate(FULL_WIDTH)
    code = text.upper() if text.isascii() else ""  # capitals of some ligatures would be two ASCII letters
    if not USCC.fullmatch(code):
        raise ValidationError(
            _("A unified social credit code has 18 digits and letters, without I, O, S, V and Z."),
            code="uscc_shape",
        )
    if code[-1] != uscc_check_character(code[:-1]):
        raise ValidationError(
            _("The last character does not agree with the others. Compare the code with the licence."),
            code="uscc_check",
        )
    return code


def uscc_check_character(body: str) -> str:
    """Compute the 18th character from the first 17 (GB 32100-2015, weights 3^i mod 31)."""
    total = sum(USCC_ALPHABET.index(character) * pow(3, i, 31) for i, character in enumerate(body))
    return USCC_ALPHABET[-total % 31]
