"""Rules of the database told in Python: the same answer as the database's, for whatever a record holds."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import F, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projects.amounts import MAX_AMOUNT
from projects.models import Kind, Milestone, Project
from projects.models.checks import Check

pytestmark = pytest.mark.django_db

RULES = [(m, c) for m in apps.get_models() for c in m._meta.constraints if isinstance(c, Check)]

whole = st.none() | st.sampled_from([-1, 0, 1, 7, MAX_AMOUNT, MAX_AMOUNT + 1])
words = ["", "USD", "unknown", "day", "month", "suspended", "terminated", "other", *Kind.values]


def values_of(field: models.Field[Any, Any]) -> st.SearchStrategy[Any]:
    """What such a column may be asked to hold, right or wrong."""
    if isinstance(field, models.DateTimeField):
        return st.none() | st.datetimes(timezones=st.just(UTC))
    if isinstance(field, models.DateField):
        return st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 4))
    if isinstance(field, models.BooleanField):
        return st.booleans()
    if isinstance(field, models.DecimalField):
        return st.none() | st.sampled_from([Decimal(-1), Decimal(0), Decimal("7.25")])
    if isinstance(field, models.CharField):
        return st.sampled_from([word for word in words if len(word) <= (field.max_length or 99)])
    return whole


def verdict(validate: Any, record: models.Model) -> list[str]:
    try:
        validate(type(record), record)
    except ValidationError as error:
        return [str(message) for message in error.messages]
    return []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize(("model", "rule"), RULES, ids=[rule.name for _model, rule in RULES])
def test_python_and_the_database_tell_the_same(model, rule, data):
    fields = [model._meta.get_field(name) for name in sorted(rule.names)]
    record = model(**{field.attname: data.draw(values_of(field)) for field in fields})

    assert verdict(rule.validate, record) == verdict(super(Check, rule).validate, record)


def test_a_rule_about_a_field_that_is_wrong_already_says_nothing_more():
    rule = next(rule for _model, rule in RULES if rule.name == "project_amounts_in_range")
    project = Project(total_investment=-1)

    assert verdict(rule.validate, project) != []
    assert verdict(lambda *args: rule.validate(*args, exclude={"total_investment"}), project) == []


def test_rules_are_checked_without_asking_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        Milestone(kind="signed").validate_constraints(exclude={"project"})
        Project().validate_constraints()


def test_a_condition_that_cannot_be_told_in_python_is_refused_and_not_passed_over():
    rule = Check(condition=Q(name__startswith="x") | Q(id=F("version")), name="odd")

    with pytest.raises(KeyError, match="startswith"):
        rule.validate(Project, Project(name="y", version=1))


def test_the_database_has_every_rule_under_its_name():
    with connection.cursor() as cursor:
        for model, rule in RULES:
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)
            assert found[rule.name]["check"] is True
