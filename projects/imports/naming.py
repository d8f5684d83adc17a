"""What cells name: districts, sectors, tags, investors; by code, by name, or by name with what they belong to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from projects.codes import USCC
from projects.models import District, Organization, Sector, Tag
from projects.text import clean_text, comparable_name

BETWEEN = re.compile(r"[\s/\\·>＞|_-]+")
ENDINGS = ("特别行政区", "自治区", "自治州", "自治县", "省", "市", "区", "县")
SLICE = 5_000


class NotFound(Exception):
    """A cell names what is not there, or may mean several: a code, and sentences that say what to do."""

    def __init__(self, code: str, *texts: object) -> None:
        super().__init__(code)
        self.code, self.texts = code, texts


def _text(value: Any) -> str:
    """A cell as a text: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _plain(text: str) -> str:
    return BETWEEN.sub("", comparable_name(text))


class Districts:
    """All districts, as somebody who imports into one of them, or into the whole country, names them."""

    def __init__(self, into: District | None) -> None:
        self.path = into.path if into else ""
        self._by_code: dict[str, District] = {}
        self._by_name: dict[str, list[District]] = defaultdict(list)
        districts = list(District.objects.order_by("path"))
        names = {district.code: district.name for district in districts}
        for district in districts:
            self._by_code[district.code] = district
            chain = [names.get(code, "") for code in district.ancestor_codes]
            for name in {*_forms(chain), district.name_en}:
                if name:
                    self._by_name[_plain(name)].append(district)
        self._known: dict[str, District | NotFound] = {}

    def find(self, value: Any) -> District:
        """The district that a cell names. Raises NotFound; of another bureau with the code `foreign_district`."""
        text = _text(value)
        if text not in self._known:
            try:
                self._known[text] = self._find(text)
            except NotFound as error:
                self._known[text] = error
        found = self._known[text]
        if isinstance(found, NotFound):
            raise found
        return found

    def _find(self, text: str) -> District:
        coded = self._by_code.get(text.upper()) or self._coded(text)
        named = [coded] if coded else self._by_name.get(_plain(text), [])
        here = [d for d in named if d.path.startswith(self.path)]
        current = [d for d in here if d.valid_to is None] or here
        if len(current) == 1:
            return current[0]
        if current:
            raise NotFound(
                "ambiguous", _("Several districts are called so. Write the district's code instead.")
            )
        if named:
            raise NotFound(
                "foreign_district",
                _("This district does not belong to the one that the workbook is imported into."),
                _("Take the row out, or have it imported by those who record that district."),
            )
        raise NotFound(
            "unknown_district",
            _("There is no such district. Write its code of six digits, or its official name."),
        )

    def _coded(self, text: str) -> District | None:
        """Of a code and a name, as in “440112 黄埔区”, the district of that code, if it has that name."""
        code, _space, name = text.partition(" ")
        found = self._by_code.get(code.upper())
        return found if found and found in self._by_name.get(_plain(name), ()) else None


def _forms(chain: Sequence[str]) -> Iterable[str]:
    """The names of a district: alone, and with one or more of those above it; each also without its ending."""
    for start in range(len(chain)):
        yield "".join(chain[start:])
    alone = chain[-1]
    for ending in ENDINGS:
        if alone.endswith(ending) and len(alone) > len(ending) + 1:
            yield alone.removesuffix(ending)
            break


class Sectors:
    """All sectors; of two with the same name, that of the nearest district's classification."""

    def __init__(self, into: District | None) -> None:
        above = {code: depth for depth, code in enumerate(into.ancestor_codes if into else ())}
        self._by_code: dict[str, Sector] = {}
        self._by_name: dict[str, list[tuple[int, Sector]]] = defaultdict(list)
        for sector in Sector.objects.select_related("scheme__district").order_by("pk"):
            place = sector.scheme.district
            near = -1 if place is None else above.get(place.code, -2)
            self._by_code[sector.code.casefold()] = sector
            names = {sector.name, sector.name_en, sector.scheme.name + sector.name}
            for name in names - {""}:
                self._by_name[_plain(name)].append((near, sector))

    def find(self, value: Any) -> Sector:
        """The sector that a cell names. Raises NotFound."""
        text = _text(value)
        if found := self._by_code.get(text.casefold()):
            return found
        named = self._by_name.get(_plain(text), [])
        nearest = max((near for near, _sector in named), default=0)
        best = [sector for near, sector in named if near == nearest]
        if len(best) == 1:
            return best[0]
        if best:
            codes = "、".join(sector.code for sector in best[:5])
            raise NotFound("ambiguous", _("Several sectors are called so. Write the code instead:"), codes)
        raise NotFound(
            "unknown_sector",
            _("There is no such sector. Choose one from the list of sectors, by name or code."),
        )


class Tags:
    """All tags."""

    def __init__(self) -> None:
        self._known: dict[str, Tag] = {}
        for tag in Tag.objects.order_by("-pk"):
            for name in (tag.name, tag.name_en, tag.code):
                if name:
                    self._known[comparable_name(name)] = tag

    def find(self, text: str) -> Tag:
        """The tag that a cell names. Raises NotFound."""
        found = self._known.get(comparable_name(text))
        if found is None:
            raise NotFound("unknown_tag", _("There is no such tag. Choose one from the list of tags."))
        return found


class Investors:
    """The organizations that a workbook names, asked for at once; who is not recorded yet is to be."""

    def __init__(self, named: Iterable[str]) -> None:
        texts = {text for text in named if text}
        self._found: dict[str, Organization] = {}
        names = sorted({*texts, *(clean for text in texts if (clean := _cleaned(text)))})
        for start in range(0, len(names), SLICE):
            some = names[start : start + SLICE]
            for organization in Organization.objects.filter(name__in=some).order_by("-pk"):
                self._found[comparable_name(organization.name)] = organization
        codes = sorted({text.upper() for text in texts if USCC.fullmatch(text.upper())})
        for start in range(0, len(codes), SLICE):
            for organization in Organization.objects.filter(uscc__in=codes[start : start + SLICE]).order_by(
                "pk"
            ):
                self._found[comparable_name(organization.uscc or "")] = organization

    def find(self, text: str) -> Organization | None:
        """The organization of this name or credit code; None if it is not recorded. Raises ValidationError."""
        found = self._found.get(comparable_name(text))
        if found is None:
            if USCC.fullmatch(text.upper()):
                raise NotFound(
                    "unknown_investor",
                    _("No organization has this credit code. Enter it first, or write the name."),
                )
            clean_text(text)
        return found


def _cleaned(text: str) -> str:
    try:
        return clean_text(text)
    except Exception:  # noqa: BLE001 - it is said where the cell is read
        return ""
