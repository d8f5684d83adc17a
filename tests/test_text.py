"""Text: normalised, and refused where it hides something."""

import unicodedata
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from projects.text import clean_text, comparable_name


def refusal(value: object, *, multiline: bool = False) -> str | None:
    with pytest.raises(ValidationError) as caught:
        clean_text(value, multiline=multiline)
    return caught.value.code


def test_text_is_kept_as_typed_but_for_outer_spaces() -> None:
    assert clean_text("　广药白云基地（一期） ") == "广药白云基地（一期）"
    assert clean_text("<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert clean_text('=HYPERLINK("x")') == '=HYPERLINK("x")'
    assert clean_text("ＡＢＣ 𠮷野") == "ＡＢＣ 𠮷野"


def test_a_decomposed_accent_is_composed() -> None:
    assert clean_text("Ne\u0301stle") == "Néstle"


@pytest.mark.parametrize(
    "text",
    [
        *["a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\u2029b", "a\ufffeb", "a\uffff"],
        *["a\r\nBcc: b", "a\nb", "a\tb", "a\n"],
    ],
)
def test_control_characters_are_refused_not_stripped(text: str) -> None:
    assert refusal(text) == "control_character"


def test_text_of_several_lines_keeps_its_line_ends_as_newlines() -> None:
    assert clean_text("一\r\n二\r三\n四\n", multiline=True) == "一\n二\n三\n四"


@pytest.mark.parametrize("text", ["a\tb", "a\x00b", "a\x0bb", "a\u2028b"])
def test_text_of_several_lines_holds_no_other_control_character(text: str) -> None:
    assert refusal(text, multiline=True) == "control_character"


@pytest.mark.parametrize("text", ["a\ud800", "\udfffb"])
def test_half_a_character_is_refused(text: str) -> None:
    assert refusal(text) == "surrogate"


@pytest.mark.parametrize("character", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_characters_that_turn_the_direction_of_reading_are_refused(character: str) -> None:
    assert refusal(f"基地{character}cod.exe") == "direction_override"


@pytest.mark.parametrize(
    "text", ["", " ", "　", "\u200b\u200d\ufeff", "——", "...", "\u3164", "\u2800", "\u00ad"]
)
def test_text_has_at_least_one_letter_or_digit(text: str) -> None:
    assert refusal(text) == "no_letters"


@pytest.mark.parametrize("value", [None, 1, True, 1.5, [], {}, b"a"])
def test_what_is_not_text_is_refused(value: object) -> None:
    assert refusal(value) == "not_text"


def test_text_made_to_be_slow_is_refused_before_it_is_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: value for name, value in vars(unicodedata).items() if name != "normalize"}
    monkeypatch.setattr("projects.text.unicodedata", SimpleNamespace(**without))

    assert refusal("a" * 1_000_000) == "too_long"
    assert refusal("a" + "\u0301\u0316" * 40_000) == "too_many_marks"
    assert refusal("a" + "\u0f73" * 40_000) == "too_many_marks"


@given(st.text(st.characters(exclude_categories=[]), max_size=60), st.booleans())
def test_cleaning_twice_changes_nothing_more(text: str, multiline: bool) -> None:
    try:
        cleaned = clean_text(text, multiline=multiline)
    except ValidationError:
        return

    assert clean_text(cleaned, multiline=multiline) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ（广州）", "abc(广州)"),
        ("广药 白云　基地", "广药白云基地"),
        ("广药\u200b基地", "广药基地"),
        ("Ne\u0301stle", "NÉSTLE"),
    ],
)
def test_names_that_look_alike_compare_alike(one: str, other: str) -> None:
    assert comparable_name(one) == comparable_name(other)


def test_names_that_differ_compare_different() -> None:
    assert comparable_name("基地一期") != comparable_name("基地二期")
