"""Reading bodies: one JSON object in UTF-8, small, flat, and saying each thing once."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from config.api.errors import Malformed, TooLarge
from config.uploads import was_too_large

LARGEST = 256 * 1024  # bytes
DEEPEST = 20
LONGEST_NUMBER = 40  # characters; a longer one is no quantity of anything, and slow to read
WITH_BODY = ("POST", "PUT", "PATCH")

# A whole string, so that brackets inside strings are passed over, or one bracket. No part can match in two ways.
STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

OVERSIZE = _("A body has at most 256 KB. Send less at a time.")
OVERSIZE_FILE = _("A file has at most %(most)d MB. Make it smaller, or split it.")
JSON, MULTIPART = "application/json", "multipart/form-data"


def check_body_headers(request: Request, media_type: str = JSON, largest: int = LARGEST) -> None:
    """What can be refused before a byte is read. Raises UnsupportedMediaType, TooLarge, Malformed."""
    if request.method not in WITH_BODY:
        return
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("compressed")
    if _length(request) > largest:
        raise TooLarge(OVERSIZE if media_type == JSON else _oversize_file())
    if request.content_type.partition(";")[0].strip().lower() != media_type:
        raise UnsupportedMediaType(request.content_type)
    if media_type == JSON and _length(request) == 0:
        raise Malformed(_("The body is empty. Send one JSON object in UTF-8, with its Content-Length."))


def _length(request: Request) -> int:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    return int(declared) if declared.isascii() and declared.isdigit() else 0


class StrictJSONParser(BaseParser):
    """One JSON object; anything that two readers could read differently is refused."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The object, with exact decimals. Raises UnsupportedMediaType, TooLarge, Malformed."""
        _check_charset(media_type or "")
        raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise TooLarge(OVERSIZE)
        return read_object(raw)


class StrictMultiPartParser(MultiPartParser):
    """A form with one file, which goes to disk while it arrives."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Fields and file. Raises Malformed, TooLarge."""
        parsed = super().parse(stream, media_type, parser_context)
        try:
            _check_form(parsed, (parser_context or {})["request"]._request)
        except Exception:
            for _name, files in parsed.files.lists():
                for file in files:
                    file.close()  # nobody else knows of it yet
            raise
        return parsed


def _check_form(parsed: Any, request: HttpRequest) -> None:
    if was_too_large(request):
        raise TooLarge(_oversize_file())
    if any(len(values) > 1 for part in (parsed.data, parsed.files) for _name, values in part.lists()):
        raise Malformed(_("A name stands twice in the same object."))
    if any(UNSTORABLE.search(text) for _name, values in parsed.data.lists() for text in values):
        raise Malformed(_("A text holds a NUL or half a character (a lone surrogate)."))


def _oversize_file() -> str:
    return OVERSIZE_FILE % {"most": settings.ATTACHMENT_MAX_BYTES // 1024 // 1024}


def _check_charset(media_type: str) -> None:
    for parameter in media_type.split(";")[1:]:
        name, _equals, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(media_type)


def read_object(raw: bytes) -> dict[str, Any]:
    """Read one JSON object from bytes. Raises Malformed."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed(_("The body is not UTF-8.")) from None
    _check_depth(text)
    try:
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_decimal,
        )
    except ValueError:
        raise Malformed(_("The body is not valid JSON.")) from None
    if not isinstance(found, dict):
        raise Malformed
    if any(UNSTORABLE.search(text) for text in _strings(found)):
        raise Malformed(_("A text holds a NUL or half a character (a lone surrogate)."))
    return found


def _check_depth(text: str) -> None:
    depth = 0
    for match in STRING_OR_BRACKET.finditer(text):
        first = match[0][0]
        depth += (first in "[{") - (first in "]}")
        if depth > DEEPEST:
            raise Malformed(_("The body is nested more than 20 levels deep."))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed(_("A name stands twice in the same object."))
    return found


def _refuse_constant(constant: str) -> NoReturn:
    raise Malformed(_("NaN and Infinity are not numbers in JSON."))


def _integer(digits: str) -> int:
    return int(_checked(digits))


def _decimal(digits: str) -> Decimal:
    return Decimal(_checked(digits))


def _checked(digits: str) -> str:
    if len(digits) > LONGEST_NUMBER:
        raise Malformed(_("A number has too many digits."))
    return digits


def _strings(value: Any) -> Iterator[str]:
    """Every text inside, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
