"""Query strings: each view names its parameters; anything else, or anything twice, is refused."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from config.api.errors import ParameterErrors

LONGEST_VALUE = 200
LONGEST_CURSOR = 4096
MOST_PARAMETERS = 50
MOST_ORDERINGS = 3
LARGEST_PAGE = 1000
DEFAULT_PAGE = 50
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Text: TypeAlias = str | Promise
Query: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One query parameter: how it is read, documented and, for a filter, applied."""

    name: str
    read: Callable[[str], Any] = str
    about: Text = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    apply: Callable[[QuerySet[Any], Any], QuerySet[Any]] | None = None
    many: bool = False
    required: bool = False
    longest: int = LONGEST_VALUE

    def value(self, text: str, request: Request) -> Any:
        """Read one value, or several between commas; `request` is for those that depend on the reader."""
        if self.many:
            return [self.read(part) for part in text.split(",")]
        return self.read(text)

    def documented(self) -> OpenApiParameter:
        """The same for the OpenAPI document."""
        schema = {"type": "array", "items": dict(self.schema)} if self.many else dict(self.schema)
        return OpenApiParameter(
            self.name,
            schema,
            description=str(self.about),
            required=self.required,
            explode=False if self.many else None,
            style="form" if self.many else None,
        )


def read_query(request: Request, parameters: Iterable[Parameter]) -> dict[str, Any]:
    """The values by parameter. Raises ParameterErrors that names everything wrong at once."""
    known = {parameter.name: parameter for parameter in parameters}
    found: dict[str, Any] = {}
    errors: dict[str, list[ErrorDetail]] = {}
    for name, text in _pairs(request):
        try:
            _check_name(name, known, {*found, *errors})
            _check_text(text, known[name].longest)
            found[name] = known[name].value(text, request)
        except ValidationError as error:
            errors[name] = [ErrorDetail(error.messages[0], error.code or "invalid")]
        except ValueError as error:
            errors[name] = [ErrorDetail(str(error), "invalid")]
    for name in known.keys() - found.keys() - errors.keys():
        if known[name].required:
            errors[name] = [ErrorDetail(str(_("This parameter is needed.")), "required")]
    if errors:
        raise ParameterErrors(errors)
    return found


def refuse_parameter(name: str, message: Text, code: str = "invalid") -> ParameterErrors:
    """For what only shows when two parameters are seen together, or when a filter asks the database."""
    return ParameterErrors({name: [ErrorDetail(str(message), code)]})


def _pairs(request: Request) -> list[tuple[str, str]]:
    """Read the query string strictly: Django would replace what is not UTF-8."""
    try:
        raw = request.META.get("QUERY_STRING", "").encode("latin-1").decode()
        return parse_qsl(raw, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
    except UnicodeDecodeError:
        raise refuse_parameter("", _("The query string is not UTF-8."), "not_utf8") from None
    except ValueError:
        raise refuse_parameter("", _("There are too many parameters."), "too_many") from None


def _check_name(name: str, known: Iterable[str], seen: Iterable[str]) -> None:
    if name not in known:
        message = _("There is no such parameter here. These are known: %(names)s.")
        raise ValidationError(message, "unknown_parameter", {"names": ", ".join(sorted(known))})
    if name in seen:
        raise ValidationError(_("Give this parameter once."), code="repeated_parameter")


def _check_text(text: str, longest: int) -> None:
    if len(text) > longest:
        raise ValidationError(_("This value is longer than %(n)d characters."), "too_long", {"n": longest})
    if CONTROLS.search(text):
        raise ValidationError(_("This value holds hidden control characters."), code="control_character")


# --- Readers: each takes a text and raises ValueError or ValidationError with a sentence ------------------------


def read_boolean(text: str) -> bool:
    """Read `true` or `false`."""
    if text not in ("true", "false"):
        raise ValueError(_("Write true or false."))
    return text == "true"


def read_date(text: str) -> date:
    """Read YYYY-MM-DD from 1949 on."""
    try:
        day = date.fromisoformat(text) if ISO_DAY.fullmatch(text) else date.min
    except ValueError:
        day = date.min
    if day.year < 1949:
        raise ValueError(_("Write a date as 2023-01-29, from 1949 on."))
    return day


def read_moment(text: str) -> datetime:
    """Read an RFC 3339 datetime with its offset, from 1949 on and not in the future."""
    try:
        moment = parse_datetime(text.replace(" ", "+"))  # a + that nobody has percent-encoded
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year < 1949:
        raise ValueError(_("Write a time as 2023-04-05T08:00:00+08:00."))
    if moment > timezone.now():
        raise ValueError(_("This time is still to come."))
    return moment


def read_integer(smallest: int, largest: int) -> Callable[[str], int]:
    """A reader of whole numbers in ASCII digits within bounds."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 20 and smallest <= int(text) <= largest):
            raise ValueError(
                _("Write a whole number from %(smallest)d to %(largest)d.")
                % {"smallest": smallest, "largest": largest}
            )
        return int(text)

    return read


def read_choice(choices: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of the choices, written exactly."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(_("Write one of: %(choices)s.") % {"choices": ", ".join(choices)})
        return text

    return read


def choice_parameter(name: str, choices: Sequence[str], **rest: Any) -> Parameter:
    """A parameter that takes one of the choices."""
    return Parameter(
        name=name, read=read_choice(choices), schema={"type": "string", "enum": list(choices)}, **rest
    )


def boolean_parameter(name: str, **rest: Any) -> Parameter:
    """A parameter that takes true or false."""
    return Parameter(name=name, read=read_boolean, schema={"type": "boolean"}, **rest)


def date_parameter(name: str, **rest: Any) -> Parameter:
    """A parameter that takes a day."""
    return Parameter(name=name, read=read_date, schema={"type": "string", "format": "date"}, **rest)


# --- What every list takes --------------------------------------------------------------------------------------


def list_parameters(orderings: Iterable[str], fields: Iterable[str]) -> tuple[Parameter, ...]:
    """Pages, order, sparse fields, format."""
    return (
        Parameter(
            name="page_size",
            read=read_integer(1, LARGEST_PAGE),
            about=_("How many results a page holds."),
            schema={"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE},
        ),
        Parameter(
            name="cursor", longest=LONGEST_CURSOR, about=_("From `next` or `previous` of another page.")
        ),
        boolean_parameter("count", about=_("Whether to count all results.")),
        *ordering_parameters(orderings),
        fields_parameter(fields),
        choice_parameter(
            "format",
            ("json", "csv", "xlsx"),
            about=_("Instead of `Accept`; csv and xlsx hold the whole list."),
        ),
    )


def ordering_parameters(orderings: Iterable[str]) -> tuple[Parameter, ...]:
    """The order of a list, where the view offers any."""
    both_ways = [name for ordering in orderings for name in (ordering, f"-{ordering}")]
    if not both_ways:
        return ()
    about = _("Up to three, the most important first; `-` turns one round.")
    schema = {"type": "string", "enum": both_ways}
    return (Parameter(name="ordering", read=read_choice(both_ways), many=True, about=about, schema=schema),)


def fields_parameter(fields: Iterable[str]) -> Parameter:
    """Sparse fields: only those named are sent."""
    names = list(fields)
    return Parameter(
        name="fields",
        read=read_choice(names),
        many=True,
        longest=max(LONGEST_VALUE, sum(len(name) + 1 for name in names)),
        about=_("Only these fields."),
        schema={"type": "string", "enum": names},
    )


def check_orderings(names: Sequence[str]) -> None:
    """At most three different orderings. Raises ParameterErrors."""
    if len(names) > MOST_ORDERINGS or len({name.lstrip("-") for name in names}) < len(names):
        raise refuse_parameter("ordering", _("Order by up to three different fields."), "too_many")
