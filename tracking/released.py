"""A figure at two moments: what a release said of it, and what is recorded since."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import cast

from django.core.cache import cache

from projects.models import COUNTABLE_KINDS, District
from tracking import definitions
from tracking.figures import Figure
from tracking.flows import flows
from tracking.models import Release
from tracking.moments import NOW, Moment
from tracking.sums import NOTHING, VALUES, Sums

KEPT = 24 * 60 * 60  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Since:
    """One figure at the moment of `figure` and at a later one: the sums of both, and what has changed between them."""

    figure: Figure
    before: Sums
    after: Sums
    end: Moment = NOW

    @property
    def difference(self) -> Sums:
        """What has changed; nothing at all is NOTHING."""
        return self.after - self.before

    @property
    def changed(self) -> bool:
        """Whether the sums differ."""
        return self.difference != NOTHING

    @property
    def after_url(self) -> str:
        """The page that lists the later one."""
        return replace(self.figure, moment=self.end).url

    @property
    def explained(self) -> str:
        """The page that explains the change, project by project."""
        return self.figure.explained(self.end)


def entered(
    district: District, quarter: str, kinds: Sequence[str], *, as_of: datetime | None = None
) -> dict[str, Sums]:
    """What entered in a quarter by kind, from the ledger, in one query; a kind of which nothing did is not in it."""
    return flows(district, quarter, kinds, by=None, as_of=as_of).get(None, {})


def released_flows(release: Release, district: District, quarter: str) -> dict[str, Sums]:
    """What a release says entered in a quarter, by kind; a release never changes, so the cache may keep it."""
    key = _key(release, district, quarter)
    kept = cast("dict[str, list[int]] | None", _kept(key))
    if kept is None:
        found = entered(district, quarter, COUNTABLE_KINDS, as_of=release.released_at)
        kept = {kind: list(VALUES(sums)) for kind, sums in found.items()}
        _keep(key, kept)
    return {kind: Sums(*values) for kind, values in kept.items()}


def _key(release: Release, district: District, quarter: str) -> str:
    """Of this release, of no other district, and of the definitions in force: a new formula is asked anew."""
    told = [release.pk, release.released_at.isoformat(), district.pk, quarter, definitions.versions()]
    return f"released:{sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()}"


def _kept(key: str) -> object:
    try:
        return cache.get(key)
    except Exception as error:  # noqa: BLE001  a cache that is away must not take the page with it
        logger.warning("A release is read anew, the cache does not answer: %s", error)
        return None


def _keep(key: str, value: object) -> None:
    try:
        cache.set(key, value, KEPT)
    except Exception as error:  # noqa: BLE001  as above
        logger.warning("A release is not kept, the cache does not answer: %s", error)
