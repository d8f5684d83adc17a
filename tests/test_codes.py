"""Codes issued by others: the credit code's check character, the approval code's shape."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from projects.codes import USCC_ALPHABET, approval_code_validator, clean_uscc, uscc_check_character

BODIES = st.from_regex(rf"\A[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{9}}\Z")
CHARACTERS = st.sampled_from(USCC_ALPHABET)
# The second is the worked example of GB 32100-2015.
KNOWN = ["91110000600037341L", "91350100M000100Y43"]


def refusal(value: object) -> str | None:
    with pytest.raises(ValidationError) as caught:
        clean_uscc(value)
    return caught.value.code


@pytest.mark.parametrize("code", KNOWN)
def test_a_known_credit_code_is_accepted(code: str) -> None:
    assert clean_uscc(code) == code


def test_lower_case_full_width_and_outer_spaces_are_put_right() -> None:
    assert clean_uscc(" 91350100m000100y43　") == "91350100M000100Y43"
    assert clean_uscc("９１３５０１００Ｍ０００１００ｙ４３") == "91350100M000100Y43"


@pytest.mark.parametrize(
    "value",
    [
        *["", "91350100M000100Y4", "91350100M000100Y433", "91350100I000100Y43", "9135O100M000100Y43"],
        *["91350100M 00100Y43", "٩1350100M000100Y43", "91350100M000100\ufb00", "91350100\x00000100Y43"],
        *["9" * 100, None, 913501000000000000, ["91350100M000100Y43"]],
    ],
)
def test_a_credit_code_of_another_shape_is_refused(value: object) -> None:
    assert refusal(value) == "uscc_shape"


def test_a_wrong_check_character_is_refused() -> None:
    assert refusal("91350100M000100Y44") == "uscc_check"


@given(BODIES)
def test_the_computed_check_character_makes_a_body_a_code(body: str) -> None:
    code = body + uscc_check_character(body)

    assert clean_uscc(code.lower()) == code


@given(BODIES, st.integers(min_value=8, max_value=16), CHARACTERS)
def test_one_wrong_character_is_always_found(body: str, place: int, character: str) -> None:
    code = body + uscc_check_character(body)
    wrong = code[:place] + character + code[place + 1 :]

    if wrong != code:
        assert refusal(wrong) == "uscc_check"


def test_an_approval_code_of_the_national_shape_is_accepted() -> None:
    approval_code_validator("2301-440112-04-01-123456")


@pytest.mark.parametrize(
    "code",
    [
        *["", "2301-440112-04-01-12345", "2301-440112-04-01-1234567", "23014401120401123456"],
        *["2301-440112-04-01-123456\n", " 2301-440112-04-01-123456", "２３０１-440112-04-01-123456"],
        *["٢301-440112-04-01-123456", "2301-44011A-04-01-123456"],
    ],
)
def test_an_approval_code_of_another_shape_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="2301-440112-04-01-123456"):
        approval_code_validator(code)
