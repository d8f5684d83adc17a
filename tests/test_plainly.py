"""What is plainly right: nothing that a field's own `clean` would refuse or change, and nearly all that is recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from hypothesis import example, given, settings
from hypothesis import strategies as st

from projects.amounts import MAX_AMOUNT
from projects.models import Kind, Milestone, Organization, Ownership, Project, Stage
from projects.models.plainly import KEPT, doubtful
from projects.text import clean_text, is_plain

FIELDS = [
    (model, field)
    for model in (Project, Milestone, Organization)
    for field in model._meta.concrete_fields
    if not isinstance(field, models.ForeignKey) and not field.primary_key and field.name not in KEPT
]

texts = st.text(max_size=60) | st.text("中一（）、 A9-/\u3000\u200b\u202e\n\x00e\u0301", max_size=60)
values = st.one_of(
    st.none(),
    st.booleans(),
    texts,
    st.sampled_from(["", " ", "a" * 41, "中" * 201, "中" * 4001, "USD", "usd", "2301-440112-04-01-123456"]),
    st.sampled_from([*Kind, *Kind.values, *Ownership.values, *Stage.values]),
    st.integers(-(2**65), 2**65) | st.sampled_from([0, 1, -1, MAX_AMOUNT, MAX_AMOUNT + 1, 2**31 - 1, 2**31]),
    st.floats(),
    st.decimals()
    | st.decimals(-100, 10**13, places=2)
    | st.sampled_from([Decimal("1E+5"), Decimal("0.001")]),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=3000, deadline=None)
@given(st.sampled_from(FIELDS), values)
@example((Project, Project._meta.get_field("investment_estimated")), 1)
@example((Project, Project._meta.get_field("name")), "e\u0301")
@example((Project, Project._meta.get_field("name")), "")
@example((Project, Project._meta.get_field("signed_on")), datetime(2023, 1, 29, tzinfo=UTC))
@example((Project, Project._meta.get_field("land_area_mu")), Decimal("99999999999.99"))
@example((Project, Project._meta.get_field("exchange_rate")), Decimal(-(10**8)))
def test_what_is_plainly_right_is_neither_refused_nor_changed_by_its_field(chosen, value):
    model, field = chosen
    record = model(**{field.attname: value})
    if field.name in doubtful(record):
        return

    others = {f.name for f in model._meta.fields if f is not field}
    record.clean_fields(exclude=others)  # raises nothing

    kept = getattr(record, field.attname)
    assert (type(kept), kept) == (type(value), value)


@given(texts)
def test_a_plain_text_is_what_cleaning_makes_of_it(text):
    if is_plain(text):
        assert clean_text(text) == clean_text(text, multiline=True) == text


@pytest.mark.parametrize(
    "text",
    [" 广州", "广州 ", "广\u200b州", "e\u0301", "（", "-", "a\nb", "\u3164", "ﬁ", "广\u2028州", "", "９ "],
)
def test_a_text_with_anything_unusual_is_left_to_cleaning(text):
    assert not is_plain(text)


def test_a_project_as_bureaus_record_it_leaves_nothing_to_cleaning_but_what_it_names():
    project = Project(
        code="HP-2023/001", approval_code="2301-440112-04-01-123456", name="广药白云基地（一期）项目",
        name_en="Phase 1", district_id=1, sector_id=2, project_type="industrial", ownership="state",
        total_investment=3_400_000_000, expected_jobs=120, land_area_mu=Decimal("63.50"), currency="USD",
        original_amount=5, exchange_rate=Decimal("7.12"), remark="已签订投资协议，正在办理用地手续。", source="台账",
    )  # fmt: skip
    step = Milestone(kind="signed", happened_on=date(2023, 1, 29), precision="day", project_id=1)

    assert doubtful(project) == ["district", "sector"]
    assert doubtful(step) == ["project"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("district_id", None),
        ("code", "编号"),
        ("currency", "usd"),
        ("total_investment", -1),
        ("land_area_mu", Decimal("0.001")),
    ],
)
def test_what_is_wrong_is_left_to_cleaning(name, value):
    project = Project(**{"name": "项目", "district_id": 1, name: value})

    assert name.removesuffix("_id") in doubtful(project)
    with pytest.raises(ValidationError):
        project.clean_fields(exclude={"district"} if name != "district_id" else ())


def test_a_field_that_was_not_read_is_left_to_cleaning():
    project = Project(name="项目", district_id=1)
    del project.__dict__["remark"]

    assert "remark" in doubtful(project)
