"""What a project is found by: a text and the core of its name, kept beside it by the services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.lookups import Contains

from projects.alike import LONGEST
from projects.grams import grams_of, plain
from projects.models.projects import Project

if TYPE_CHECKING:
    AnyTextField = models.TextField[str, str]
else:
    AnyTextField = models.TextField


class SearchedText(AnyTextField):
    """Text in which terms are looked for."""


@SearchedText.register_lookup
class Holds(Contains):
    """`contains`: the term occurs; on PostgreSQL its grams do, too, which an index answers."""

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """With the grams first."""
        sql, params = super().as_sql(compiler, connection)
        grams = grams_of(str(self.rhs))
        if not grams:
            return sql, params
        table = connection.ops.quote_name(self.lhs.alias)
        return f"({table}.grams @> %s::integer[] AND {sql})", [grams, *params]


class ProjectSearch(models.Model):
    """What a project is found by: the text of its codes, names and investors, and the core of its name."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="search")
    text = SearchedText()
    core = models.CharField(max_length=LONGEST, default="", db_default="")  # of its name: see projects.alike

    class Meta:
        indexes = [
            # duplicates: the projects of an alike name, the latest first
            models.Index(fields=["core", "project"], name="project_by_core"),
        ]

    def __str__(self) -> str:
        return self.text


def text_of(words: Iterable[str]) -> str:
    """The text of these names and codes."""
    return plain(" ".join(word for word in words if word))


def holds_all(terms: Iterable[str], project: str = "") -> Q:
    """The rule that every term occurs; `project` leads from the rows to their project."""
    rule = Q()
    for term in terms:
        rule &= Q(**{f"{project}search__text__contains": term})
    return rule
