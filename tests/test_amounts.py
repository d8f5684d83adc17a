"""Amounts: what is read, to the yuan, and what is refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.amounts import (
    MAX_AMOUNT,
    WAN,
    Amount,
    AmountError,
    format_wan,
    format_yi,
    format_yuan,
    parse_amount,
)

AMOUNTS = st.integers(min_value=0, max_value=MAX_AMOUNT)


def refusal(value: object, default_unit: int = 1) -> str | None:
    with pytest.raises(AmountError) as caught:
        parse_amount(value, default_unit=default_unit)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("34亿", 3_400_000_000),
        ("3.4亿元", 340_000_000),
        ("0.5亿", 50_000_000),
        ("34000万元", 340_000_000),
        ("340000万元", 3_400_000_000),
        ("1,026 亿", 102_600_000_000),
        ("1,026亿元", 102_600_000_000),
        ("1，026亿", 102_600_000_000),
        ("1,026.5亿", 102_650_000_000),
        ("１０２６亿", 102_600_000_000),
        ("３．４　亿元", 340_000_000),
        ("　34亿　", 3_400_000_000),
        ("5千万", 50_000_000),
        ("3百万元", 3_000_000),
        ("2千亿", 200_000_000_000),
        ("3万亿", 3_000_000_000_000),
        ("1亿2000万", 120_000_000),
        ("1亿2000万元", 120_000_000),
        ("1亿2000万5000元", 120_005_000),
        ("5000元", 5_000),
        ("0.00000001亿", 1),
        ("3.4000000000000亿", 340_000_000),
        ("0", 0),
        ("1.0", 1),
    ],
)
def test_an_amount_is_read_as_people_write_it_to_the_yuan(text: str, yuan: int) -> None:
    assert parse_amount(text) == Amount(yuan, estimated=False)


@pytest.mark.parametrize("text", ["约20亿", "大约20亿", "≈20亿", "约 20 亿元", "约２０亿"])
def test_an_amount_said_to_be_about_is_an_estimate(text: str) -> None:
    assert parse_amount(text) == Amount(2_000_000_000, estimated=True)


def test_a_bare_number_has_the_unit_of_its_door_and_a_named_unit_wins() -> None:
    assert parse_amount("340000") == Amount(340_000)
    assert parse_amount(340_000) == Amount(340_000)
    assert parse_amount("340000", default_unit=WAN) == Amount(3_400_000_000)
    assert parse_amount("0.0001", default_unit=WAN) == Amount(1)
    assert parse_amount("34亿", default_unit=WAN) == Amount(3_400_000_000)
    assert parse_amount("34元", default_unit=WAN) == Amount(34)
    assert parse_amount("1亿2000元", default_unit=WAN) == Amount(100_002_000)


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_typed_is_an_unknown_amount_not_zero(value: object) -> None:
    assert parse_amount(value) is None


@pytest.mark.parametrize("value", ["-5", -5, "－5亿", "−5亿", "约-5亿", "-0"])
def test_a_negative_amount_is_refused(value: object) -> None:
    assert refusal(value) == "negative"


@pytest.mark.parametrize("value", ["1.5", "1.005", "0.000000001亿", "1." + "0" * 35 + "1", "1.00005万元"])
def test_a_part_of_a_yuan_is_refused(value: object) -> None:
    assert refusal(value) == "fractional"


@pytest.mark.parametrize(
    "value",
    [MAX_AMOUNT + 1, "10000000000001", "12万亿", 9_223_372_036_854_775_808],
)
def test_an_amount_beyond_the_limit_is_refused(value: object) -> None:
    assert refusal(value) == "too_large"


def test_an_amount_of_thousands_of_digits_is_refused() -> None:
    assert refusal("9" * 2_000) == "too_large"
    assert refusal(10**5_000) == "too_large"


@pytest.mark.parametrize("value", [True, False, [], {}, (), 1.5, 1000.0, float("nan"), b"34", object()])
def test_what_is_neither_text_nor_a_whole_number_is_refused(value: object) -> None:
    assert refusal(value) == "invalid"


@pytest.mark.parametrize(
    "text",
    [
        *[
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "1E+999999999",
            "1e3",
            "0x10",
            "1_000",
            "+5",
            "3.",
            ".5亿",
        ],
        *["١٢٣", "१२३", "²", "①亿", "三十几个亿", "34亿万", "12万亿万", "34万万", "亿", "元", "约", " ", "—"],
        *["1,02,6", "1,0260", "0,125亿", "1,026,", ",026", "1 026", "1.0,260亿"],
        *["近20亿", "超20亿", "20亿左右", "20-30亿", "34亿\n", "34亿\x00", "34亿美元", "\ud800"],
        *["1亿2", "1亿20000万", "2000万1亿", "1.5亿2000万", "1亿元2000万", "1亿2亿"],
    ],
)
def test_what_can_be_read_two_ways_or_none_is_refused(text: str) -> None:
    assert refusal(text) == "invalid"
    assert refusal(text, default_unit=WAN) == "invalid"


def test_a_refusal_says_which_forms_are_read() -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount("三十几个亿")

    assert "1,026亿" in caught.value.messages[0]


HOSTILE = {
    "three million digits": "9" * 3_000_000,
    "as many digits as fit": "1" * 40,
    "separators": "1," * 20,
    "units": "1万" * 20,
    "parts": "1亿 " * 13 + "x",
    "spaces": " " * 39 + "x",
    "points": "1.1" * 13,
    "a huge integer": 10**100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_amount_is_refused(name: str) -> None:
    assert refusal(HOSTILE[name])


def test_what_is_too_long_for_an_amount_is_not_even_looked_at() -> None:
    class Unreadable(str):
        __slots__ = ()

        def translate(self, table: object) -> str:
            pytest.fail("It was read.")

    assert refusal(Unreadable("9" * 3_000_000))


@given(st.one_of(st.text(), st.text(alphabet="0123456789,.-亿万千百元约 ", max_size=45)))
def test_any_text_is_an_amount_within_limits_or_an_amount_error(text: str) -> None:
    try:
        amount = parse_amount(text)
    except AmountError:
        return

    assert amount is None or 0 <= amount.yuan <= MAX_AMOUNT


@given(AMOUNTS)
def test_what_is_shown_in_wan_or_yuan_can_be_typed_back(yuan: int) -> None:
    assert parse_amount(format_wan(yuan), default_unit=WAN) == Amount(yuan)
    assert parse_amount(format_wan(yuan) + "万元") == Amount(yuan)
    assert parse_amount(format_yuan(yuan)) == Amount(yuan)


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [
        (None, "—"),
        (0, "0.00"),
        (102_600_000_000, "1,026.00"),
        (499_999, "0.00"),
        (500_000, "0.01"),
        (1_500_000, "0.02"),
        (-500_000, "-0.01"),
        (-499_999, "0.00"),
        (9_223_372_036_854_775_807, "92,233,720,368.55"),
    ],
)
def test_yi_has_two_decimals_with_halves_away_from_zero(yuan: int | None, shown: str) -> None:
    assert format_yi(yuan) == shown


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [
        (None, "—"),
        (0, "0"),
        (3_400_000_000, "340,000"),
        (100_005_000, "10,000.5"),
        (1, "0.0001"),
        (-15_000, "-1.5"),
    ],
)
def test_wan_is_exact(yuan: int | None, shown: str) -> None:
    assert format_wan(yuan) == shown


def test_yuan_has_separators_and_an_unknown_amount_a_dash() -> None:
    assert format_yuan(1_026) == "1,026"
    assert format_yuan(None) == "—"
