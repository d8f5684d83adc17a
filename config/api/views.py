"""The base of every API view: strict parameters and bodies, pages, exports, ETags; a resource adds a dozen lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse, HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from config.api import exports
from config.api.etags import check_if_match, etag_of, is_unchanged
from config.api.idempotency import idempotent
from config.api.pagination import Keyset, absolute_url, page_url
from config.api.parameters import (
    DEFAULT_PAGE,
    Parameter,
    check_orderings,
    fields_parameter,
    list_parameters,
    read_query,
)
from config.api.parsers import StrictJSONParser, check_body_headers
from config.api.schema import ListShape

M = TypeVar("M", bound=Model)

NOT_FILTERS = ("cursor", "page_size", "count", "fields", "format")
EXPORT_CHUNK = 1000


class ApiMixin(APIView):
    """For every view: `parameters` are all that its query string may hold; `self.query` has what was sent."""

    parameters: ClassVar[tuple[Parameter, ...]] = ()
    parser_classes = [StrictJSONParser]
    metadata_class = None
    http_method_names = ["get", "head", "post", "patch", "delete"]
    query: dict[str, Any]

    def get_parameters(self) -> tuple[Parameter, ...]:
        """What the current action takes."""
        return self.parameters

    def check_body(self, request: Request) -> None:
        """Refuse what can be refused before a byte is read."""
        check_body_headers(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who asks and whether they may comes first; then whether the question can be read."""
        super().initial(request, *args, **kwargs)
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        self.check_body(request)
        self.query = read_query(request, self.get_parameters())


class ResourceViewSet(ApiMixin, GenericViewSet[M]):
    """Lists and details of one kind of record.

    A subclass names `serializer_class`, `parameters` (its filters), `orderings` (name in the API: path in the ORM),
    `default_ordering`, and gives the rows that the reader may see in `get_queryset()`.
    """

    orderings: ClassVar[Mapping[str, str]] = {}
    default_ordering: ClassVar[tuple[str, ...]] = ()
    lookup_value_converter = "int"
    pagination_class = ListShape

    def get_renderers(self) -> list[BaseRenderer]:
        """Only whole lists come as files."""
        renderers: list[BaseRenderer] = [JSONRenderer()]
        return (
            [*renderers, exports.CsvRenderer(), exports.XlsxRenderer()]
            if self.action == "list"
            else renderers
        )

    def get_parameters(self) -> tuple[Parameter, ...]:
        """Filters and pages for lists, sparse fields for details, nothing for changes."""
        if self.action == "list":
            return (*self.parameters, *list_parameters(self.orderings, self.shown_fields()))
        return (fields_parameter(self.shown_fields()),) if self.action == "retrieve" else ()

    def shown_fields(self) -> list[str]:
        """The fields of an answer."""
        kind: Any = self.get_serializer_class()
        return [name for name, field in kind().fields.items() if not field.write_only]

    def body_fields(self) -> Iterable[str]:
        """The fields of a body, so that a rule of the model points to one of them."""
        kind: Any = self.get_serializer_class()
        return list(kind().fields)

    def get_serializer_context(self) -> dict[str, Any]:
        """With the sparse fields that were asked for."""
        return {**super().get_serializer_context(), "fields": getattr(self, "query", {}).get("fields")}

    def filter_queryset(self, queryset: QuerySet[M, Any]) -> QuerySet[M, Any]:
        """Apply the filters that were sent."""
        for parameter in self.parameters:
            if parameter.apply and parameter.name in self.query:
                queryset = parameter.apply(queryset, self.query[parameter.name])
        return queryset

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """One page, or with csv or xlsx the whole list."""
        queryset = self.filter_queryset(self.get_queryset())
        keyset = Keyset(queryset, self._orderings(), self._binding(request))
        if request.accepted_renderer.format != "json":
            return self._export(request.accepted_renderer.format, keyset.rows())
        page = keyset.page(self.query.get("cursor"), self.query.get("page_size", DEFAULT_PAGE))
        body: dict[str, Any] = {
            "next": page_url(request, page.next),
            "previous": page_url(request, page.previous),
            "results": self.get_serializer(page.rows, many=True).data,
        }
        if self.query.get("count"):
            body["count"] = queryset.count()
        return Response(body)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """One record, or 304 where the reader has its current version."""
        instance = self.get_object()
        etag = self.etag(instance)
        if is_unchanged(request, etag):
            return HttpResponse(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
        return self.show(instance)

    def show(self, instance: M, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """The answer that shows one record."""
        data = self.get_serializer(instance).data
        return Response(data, status=status, headers={"ETag": self.etag(instance), **(headers or {})})

    def etag(self, instance: M) -> str:
        """Independent of sparse fields and of the language."""
        if hasattr(instance, "version"):
            return etag_of(instance, {})
        kind: Any = self.get_serializer_class()
        return etag_of(instance, kind(instance).data)

    def _orderings(self) -> Sequence[tuple[str, bool]]:
        names = self.query.get("ordering", self.default_ordering)
        check_orderings(names)
        return [(self.orderings[name.lstrip("-")], name.startswith("-")) for name in names]

    def _binding(self, request: Request) -> Sequence[str]:
        filters = sorted(
            (name, text) for name, text in request.query_params.items() if name not in NOT_FILTERS
        )
        return [request.path, *(f"{name}={text}" for name, text in filters)]

    def _export(self, file_format: str, queryset: QuerySet[M]) -> HttpResponseBase:
        serializer: Any = self.get_serializer()
        records = (serializer.to_representation(row) for row in queryset.iterator(chunk_size=EXPORT_CHUNK))
        rows = exports.rows_of([name for name in self.shown_fields() if name in serializer.fields], records)
        write = exports.csv_response if file_format == "csv" else exports.xlsx_response
        return write(rows, queryset.model._meta.model_name or "list")


class Creates(ResourceViewSet[M]):
    """POST: a subclass's `make` calls one service."""

    def may_create(self) -> bool:
        """Whether the reader may create any."""
        return True

    def make(self, data: dict[str, Any]) -> M:
        """Create the record from validated data."""
        raise NotImplementedError

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """201 with Location and ETag."""
        if not self.may_create():
            raise PermissionDenied
        made = self.make(_validated(self.get_serializer(data=request.data)))
        location = absolute_url(request, f"{request.path}{getattr(made, self.lookup_field)}/")
        return self.show(self.get_queryset().get(pk=made.pk), status.HTTP_201_CREATED, {"Location": location})


class Alters(ResourceViewSet[M]):
    """What changes and deletes have in common."""

    def may_change(self, instance: M) -> bool:
        """Whether the reader, who may see it, may also change it."""
        return True

    def get_current(self, request: Request) -> M:
        """The record that If-Match names. Raises 404, 403, 428, 412 in this order."""
        instance = self.get_object()
        if not self.may_change(instance):
            raise PermissionDenied
        check_if_match(request, self.etag(instance))
        return instance


class Changes(Alters[M]):
    """PATCH: a subclass's `change` calls one service."""

    def change(self, instance: M, data: dict[str, Any]) -> None:
        """Change the record; the service compares `instance.version` again under its lock."""
        raise NotImplementedError

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """200 with the record as it is now."""
        instance = self.get_current(request)
        self.change(instance, _validated(self.get_serializer(instance, data=request.data, partial=True)))
        return self.show(self.get_queryset().get(pk=instance.pk))


class Removes(Alters[M]):
    """DELETE: a subclass's `remove` calls one service."""

    def remove(self, instance: M) -> None:
        """Delete the record; the service compares `instance.version` again under its lock."""
        raise NotImplementedError

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """204."""
        self.remove(self.get_current(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _validated(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
