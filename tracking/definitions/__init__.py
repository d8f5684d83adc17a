"""The registry of definitions: what every figure means, with its version; shown where the figure is shown.

Every version stays here for ever, since releases store which were in force. A meaning that changes gets the next
version behind the old one; the old one's texts are not touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tracking.definitions import changes, claims, figures, milestones, rates
from tracking.definitions.base import Definition, Measured
from tracking.models import Release

__all__ = [
    "SECTIONS",
    "Definition",
    "Measured",
    "current",
    "definition",
    "of_release",
    "registry",
    "versions",
]

SECTIONS: dict[str, tuple[Definition, ...]] = {
    "figures": figures.DEFINITIONS,
    "milestones": milestones.DEFINITIONS,
    "rates": rates.DEFINITIONS,
    "claims": claims.DEFINITIONS,
    "changes": changes.DEFINITIONS,
}


def _by_version(definitions: Iterable[Definition]) -> dict[str, dict[int, Definition]]:
    found: dict[str, dict[int, Definition]] = {}
    for one in definitions:
        of_this = found.setdefault(one.id, {})
        assert one.version == len(of_this) + 1, (
            f"{one.id} {one.version}: versions count from 1, in their order"
        )
        of_this[one.version] = one
    return found


_REGISTRY = _by_version(chain.from_iterable(SECTIONS.values()))


def registry() -> dict[str, dict[int, Definition]]:
    """Every version of every definition, by id and version, in the order in which they are shown."""
    return _REGISTRY


def current() -> list[Definition]:
    """The definitions in force, in the order in which they are shown."""
    return [of_this[max(of_this)] for of_this in _REGISTRY.values()]


def versions() -> dict[str, int]:
    """The version in force of every definition, by id."""
    return {one.id: one.version for one in current()}


def definition(name: str, version: int | None = None) -> Definition:
    """The definition of this id, in force or of a version. Raises KeyError for what is not there."""
    of_this = _REGISTRY[name]
    return of_this[max(of_this) if version is None else version]


def of_release(release: Release) -> list[Definition]:
    """The definitions that were in force when it was released, by id; none for one made before the registry."""
    return [definition(name, version) for name, version in sorted(release.definitions.items())]
