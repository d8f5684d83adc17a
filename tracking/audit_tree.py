"""The districts as an audit finds them, read by itself: who is below whom, and by which of them it is cut up."""

from __future__ import annotations

from collections.abc import Iterator

from projects.models import District
from tracking.models import BY_SECTOR_LEVELS


class Tree:
    """The districts as they are: who is below whom."""

    def __init__(self) -> None:
        rows = list(District.objects.order_by("pk").values_list("pk", "parent_id", "level", "code"))
        self.parents: dict[int, int | None] = {pk: parent for pk, parent, _level, _code in rows}
        self.codes = {pk: code for pk, _parent, _level, code in rows}
        self.big = {pk for pk, _parent, level, _code in rows if level in BY_SECTOR_LEVELS}

    def is_big(self, node: int) -> bool:
        """Whether it has cells by sector, as the country and the provinces do."""
        return node in self.big

    def is_city(self, node: int) -> bool:
        """Whether it is the highest on its branch that has none."""
        parent = self.parents[node]
        return node not in self.big and (parent is None or parent in self.big)

    def upwards(self, district: int) -> Iterator[int]:
        """The district and everything above it."""
        node: int | None = district
        while node is not None:
            yield node
            node = self.parents[node]

    def depth(self, node: int) -> int:
        """How far from the top."""
        return len(list(self.upwards(node)))

    def below(self, top: int) -> set[int]:
        """The district and everything in it."""
        return {node for node in self.parents if top in self.upwards(node)}
