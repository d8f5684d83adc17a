"""Definitions as the API shows them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.api.serializers import StrictSerializer
from tracking.definitions import Definition, Measured


class DefinitionSerializer(StrictSerializer):
    """One version of what a measure means, in the reader's language and in both."""

    id = serializers.CharField(help_text=_("The measure, as in stock."))
    version = serializers.IntegerField(help_text=_("Counts from 1; releases store which was in force."))
    name = serializers.CharField(help_text=_("The name in the reader's language."))
    formula = serializers.CharField(help_text=_("The formula in words, in the reader's language."))
    unit = serializers.ChoiceField(Measured.values, help_text=_("What it is measured in."))
    reference = serializers.CharField(help_text=_("The standard or document that it comes from."))
    name_zh = serializers.CharField(help_text=_("The Chinese name."))
    name_en = serializers.CharField(help_text=_("The English name."))
    formula_zh = serializers.CharField(help_text=_("The formula in Chinese."))
    formula_en = serializers.CharField(help_text=_("The formula in English."))


class DefinitionsSerializer(StrictSerializer):
    """All definitions in force on one page."""

    next = serializers.CharField(allow_null=True, help_text=_("Always null: there is one page."))
    previous = serializers.CharField(allow_null=True, help_text=_("Always null: there is one page."))
    results = DefinitionSerializer(many=True)


FIELDS = list(DefinitionSerializer().fields)


def definition_shown(definition: Definition, fields: list[str] | None = None) -> dict[str, Any]:
    """One definition as the API shows it; only these fields, where some are named."""
    return {name: getattr(definition, name) for name in FIELDS if fields is None or name in fields}
