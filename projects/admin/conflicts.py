"""Somebody else has saved a project while one typed: who, when, what; and how to save nonetheless."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from projects import services
from projects.admin.forms import readable_ids
from projects.history import Told, told
from projects.models import Milestone, Project

ANYWAY = "_save_anyway"  # the button
SEEN, NEWEST = "seen_version", "newest_version"
MOST = 20  # revisions that are told
OVERTAKEN = _("Somebody else has saved this project since you opened it. Nothing of yours is saved yet.")


class Conflict(NamedTuple):
    """What others have saved since the form was opened, in its order, and the version that came of it."""

    newest: int
    told: list[Told]


def conflict_of(request: HttpRequest, project: Project) -> Conflict | None:
    """What has overtaken the form that was sent; None where nothing has."""
    seen = _version(request, SEEN)
    if request.method != "POST" or seen is None:
        return None
    newest = Project.objects.values_list("version", flat=True).get(pk=project.pk)
    if seen >= newest:
        return None
    since = project.revisions.filter(version__gt=seen).select_related("actor").order_by("version")
    return Conflict(newest, told(list(since[:MOST]), request.user))


def overtaken() -> ValidationError:
    """The sentence above a form that somebody else's change has overtaken."""
    return ValidationError(OVERTAKEN, code="stale")


def lay_upon_newest(request: HttpRequest, form: Any, milestones: list[Milestone]) -> dict[str, list[Any]]:
    """The investors and tags to be saved; where asked for, what was typed becomes a change of the newest version."""
    links = {name: list(form.cleaned_data[name]) for name in ("investors", "tags")}
    seen, newest = _version(request, SEEN), _version(request, NEWEST)
    if ANYWAY not in request.POST or seen is None or newest is None:
        return links
    return services.lay_upon_newest(form.instance, milestones, links, seen=seen, newest=newest)


def _version(request: HttpRequest, name: str) -> int | None:
    """A version that the form names, if it can be one."""
    found = readable_ids([request.POST.get(name, "")])
    return int(found[0]) if found else None
