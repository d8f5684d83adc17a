"""What every page of the admin does the same way.

Rights come from memberships, saving is one call of a service, and what the service refuses is said on the form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin, ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import OperationalError, models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import InUse, StaleVersion
from config.api.transactions import TRIES, is_retried, pause
from projects import access, services
from projects.access import subtrees_of
from projects.admin.forms import LimitedChoices, ServiceForm, VersionedForm, readable_ids
from projects.admin.lists import BoundedPaginator, KeysetList, Suggestions
from projects.grams import MOST_TERMS, terms_of
from projects.models import District, Versioned, holds_all

if TYPE_CHECKING:
    AnyModelAdmin = ModelAdmin[Any]
else:
    AnyModelAdmin = ModelAdmin

STALE = _(
    "Somebody else has changed this since you opened it (at %(at)s). Nothing was saved. "
    "Open it again in a second window, compare, and repeat your change there."
)


def may_edit(request: HttpRequest, district: District | None = None) -> bool:
    """Whether the user records projects there, or anywhere. Read once per request: a page asks dozens of times."""
    known: dict[int | None, bool] = request.__dict__.setdefault("_may_edit", {})
    key = district.pk if district else None
    if key not in known:
        user = request.user
        known[key] = access.may_edit(user, district) if district else access.edits_anywhere(user)
    return known[key]


class ServiceAdmin(LimitedChoices, AnyModelAdmin):
    """Pages of one kind of record: members see what lies in their districts, superusers change it."""

    form = ServiceForm
    project: ClassVar[str | None] = None  # what leads to the project by which rows are searched for
    place: ClassVar[str | None] = None  # the look-up of the path of the district it lies in
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # counting each choice would read the whole table
    list_max_show_all = 0
    paginator = BoundedPaginator
    suggestions = Suggestions

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Page by page from key to key."""
        return KeysetList

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """What lies in the user's districts."""
        rows = super().get_queryset(request)
        return rows.filter(subtrees_of(request.user, field=self.place)) if self.place else rows

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Django's, but projects, and what belongs to one, are found by the project's text."""
        if self.project is None:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(holds_all(terms_of(search_term)[:MOST_TERMS], self.project)), False

    def choices(self, request: HttpRequest) -> models.QuerySet[Any]:
        """What the user may choose in a form of another record: used by forms and by autocomplete alike."""
        return self.get_queryset(request)

    def has_suggestions(self, request: HttpRequest, field: Any) -> bool:
        """Whether this field of another record's form suggests such records to the user."""
        return self.has_view_permission(request)

    def found_among(
        self, request: HttpRequest, allowed: models.QuerySet[Any], term: str
    ) -> models.QuerySet[Any]:
        """What a field suggests for a term, of what its form would accept."""
        rows = self.get_queryset(request).filter(pk__in=allowed.values("pk"))
        return self.get_search_results(request, rows, term)[0]

    def described(self, record: Any) -> str:
        """How a suggestion names it."""
        return str(record)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the user finds it on the index."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Every member reads; get_queryset says what."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing."""
        return self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the version that the form shows, where there is one to compare."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj and issubclass(self.form, VersionedForm) and self.has_change_permission(request, obj):
            return [*fieldsets, (None, {"fields": ["seen_version"]})]
        return fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """The form's class, made for this request, with what the service refused in it."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Through the service."""
        if isinstance(obj, Versioned):
            services.save_versioned(obj, at=timezone.now())
        else:
            services.save_reference(obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        """Through the services."""
        for record in formset.save(commit=False):
            services.save_reference(record)
        for record in formset.deleted_objects:
            services.delete_reference(record)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Through the service."""
        services.delete_reference(obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Through the service, all or none (see changelist_view)."""
        for record in queryset:
            services.delete_reference(record)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """The form. Where the service refuses, nothing is saved; the same form says why and keeps what was typed."""
        page = super().changeform_view
        try:
            return retried(lambda: page(request, object_id, form_url, extra_context))
        except ValidationError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
        except StaleVersion:
            request.refusal = self.stale(request, object_id)  # type: ignore[attr-defined]
        return page(request, object_id, form_url, extra_context)

    def stale(self, request: HttpRequest, object_id: str | None) -> ValidationError:
        """The sentence for a form that somebody else's change has overtaken."""
        record = self.get_object(request, unquote(object_id or ""))
        at = date_format(timezone.localtime(record.updated_at), "Y-m-d H:i") if record else "—"
        return ValidationError(STALE, code="stale", params={"at": at})

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list; an action is done for all that are selected or for none."""
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if len(readable_ids(selected)) != len(selected):
            raise SuspiciousOperation("Selected rows are named by numbers.")
        context = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        if request.method != "POST":
            return super().changelist_view(request, context)
        try:
            with transaction.atomic():
                return super().changelist_view(request, context)
        except InUse as refusal:
            self.message_user(request, str(refusal.message), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """The page that asks; what is in use stays."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except InUse as refusal:
            self.message_user(request, str(refusal.message), messages.ERROR)
        return HttpResponseRedirect(self.url("change", object_id))

    def url(self, page: str, *args: Any) -> str:
        """The address of one of this model's pages."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """What one may not see does not exist; Django would answer with the number of a missing one and a redirect."""
        raise Http404


class ReadOnlyAdmin(ServiceAdmin):
    """Pages of what nobody enters by hand."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class PlacedAdmin(ServiceAdmin):
    """Records that lie in a district: its editors enter and change them."""

    form = VersionedForm
    place = "district__path"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Editors of its district."""
        return may_edit(request, obj.district if obj else None)


def editable_project(request: HttpRequest, model_admin: ModelAdmin[Any], pk: int) -> Any:
    """A project for a page that changes it; 404 if the user may not see it, 403 if not change it."""
    project = model_admin.get_queryset(request).filter(pk=pk).select_related("district").first()
    if project is None:
        raise Http404
    if not model_admin.has_change_permission(request, project):
        raise PermissionDenied
    return project


def is_superuser(request: HttpRequest) -> bool:
    """Whether the user keeps the reference data and the people."""
    return request.user.is_active and request.user.is_superuser


def retried(page: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Run a page that saves again, whole, where the database ended a deadlock at its cost."""
    for attempt in range(1, TRIES):
        try:
            return page()
        except OperationalError as error:
            if not is_retried(error):
                raise
            pause(attempt)
    return page()
