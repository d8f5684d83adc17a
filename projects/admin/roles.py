"""Giving and taking roles in one click: on a person's page, and for all the people of a district."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.api.errors import ParameterErrors
from config.api.pagination import Keyset, Page
from projects import access, services
from projects.admin.lists import NOT_OURS
from projects.models import AccountChange, District, Membership, User

PAGE_SIZE = 50
MOST_CHANGES = 50
MOST_ROOTS = 200
ROLES = list(Membership.Role)
CANNOT = _("Nobody takes the own right to give roles away: ask another administrator.")
UNKNOWN = _("There is nobody of this sign-in name. Check it, or add a new user.")


@dataclass(frozen=True)
class Cell:
    """One role of one person in one district: held, held further up, or not; and what a click would do."""

    role: Membership.Role
    held: bool
    through: District | None
    value: str


# --- reading --------------------------------------------------------------------------------------------------------


def own_districts(request: HttpRequest) -> QuerySet[District]:
    """Where the user gives roles."""
    return District.objects.filter(access.administered_by(request.user))


def roots_of(request: HttpRequest) -> list[District]:
    """The topmost of them."""
    user = cast("User", request.user)
    if user.is_superuser:
        return list(District.objects.filter(parent=None)[:MOST_ROOTS])
    found = own_districts(request).filter(path__in=access.paths_of(user, access.Role.ADMINISTRATOR))
    tops: list[District] = []
    for district in found.order_by("path"):
        if not tops or not district.path.startswith(tops[-1].path):
            tops.append(district)
    return tops[:MOST_ROOTS]


def cells(person: User, district: District, held: Iterable[Membership]) -> list[Cell]:
    """What the person may do in a district, role by role; `held` are the memberships that the reader sees."""
    found: dict[str, District] = {}
    for membership in sorted(held, key=lambda each: len(each.district.path)):
        if district.path.startswith(membership.district.path):
            found[membership.role] = membership.district
    return [_cell(person, district, role, found.get(role)) for role in ROLES]


def _cell(person: User, district: District, role: Membership.Role, place: District | None) -> Cell:
    here = place is not None and place.pk == district.pk
    return Cell(role, here, None if here else place, f"{person.pk}:{district.code}:{role}")


# --- changing -------------------------------------------------------------------------------------------------------


def change(request: HttpRequest, people: QuerySet[User]) -> None:
    """Give or take the role that was clicked: `give` or `take` is person:district:role. Raises Http404."""
    taking = "take" in request.POST
    person, district, role = _clicked(request, request.POST.get("take" if taking else "give", ""), people)
    user, at = cast("User", request.user), timezone.now()
    if not taking:
        services.add_member(person, district, role, actor=user, at=at)
        said = _("%(person)s is now %(role)s of %(district)s.")
    elif access.may_take_role(user, person, district, role):
        services.remove_member(person, district, role, actor=user, at=at)
        said = _("%(person)s is no longer %(role)s of %(district)s.")
    else:
        messages.error(request, CANNOT)
        return
    facts = {"person": person, "role": Membership.Role(role).label, "district": district}
    messages.success(request, said % facts)


def _clicked(request: HttpRequest, value: str, people: QuerySet[User]) -> tuple[User, District, str]:
    """What a button names, of what the user sees; 404 for anything else."""
    pk, _separator, rest = value.partition(":")
    code, _separator, role = rest.partition(":")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19) or role not in Membership.Role.values:
        raise Http404
    district = own_districts(request).filter(code=code[:20].replace("\x00", "")).first()
    person = people.filter(pk=pk).first()
    if district is None or person is None:
        raise Http404
    return person, district, role


# --- one person -----------------------------------------------------------------------------------------------------


def person_context(request: HttpRequest, person: Any) -> dict[str, Any]:
    """What the person's page shows of roles and changes: only those where the reader gives roles."""
    return {
        "role_rows": [
            (place, cells(person, place, person.seen_memberships)) for place in _places(request, person)
        ],
        "role_titles": [role.label for role in ROLES],
        "role_address": reverse("admin:projects_user_person_roles", args=[person.pk]),
        "account_changes": changes_of(request, person),
    }


def _places(request: HttpRequest, person: Any) -> list[District]:
    """The districts in which the person holds a role, where the reader would begin, and the one asked for."""
    asked = request.GET.get("district", "")[:20].replace("\x00", "")
    more = own_districts(request).filter(code=asked) if asked else District.objects.none()
    found = {m.district.pk: m.district for m in person.seen_memberships}
    found |= {district.pk: district for district in [*roots_of(request)[:5], *more]}
    return sorted(found.values(), key=lambda district: district.path)


def changes_of(request: HttpRequest, person: User) -> QuerySet[AccountChange]:
    """The latest changes of the account, and of roles in the reader's districts."""
    rule = access.administered_by(request.user, field="district__path") | Q(district=None)
    found = AccountChange.objects.filter(user=person).filter(rule)
    return found.select_related("actor", "district")[:MOST_CHANGES]


def change_roles(model_admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """A click on the person's page."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person = model_admin.get_queryset(request).filter(pk=min(pk, 2**63 - 1)).first()
    if person is None:
        raise Http404
    change(request, User.objects.filter(pk=person.pk))
    still_seen = model_admin.get_queryset(request).filter(pk=person.pk).exists()
    return HttpResponseRedirect(
        model_admin.url("change", pk) if still_seen else model_admin.url("changelist")
    )


# --- all the people of a district -----------------------------------------------------------------------------------


class KnownPersonForm(forms.Form):
    """Somebody who signs in already, and the role to give here."""

    username = forms.CharField(label=_("Sign-in name"), max_length=150)
    role = forms.ChoiceField(label=_("role"), choices=Membership.Role.choices)

    def clean_username(self) -> User:
        """The person of this name. Raises ValidationError."""
        person = User.objects.filter(username=self.cleaned_data["username"]).first()
        if person is None:
            raise forms.ValidationError(UNKNOWN, code="unknown")
        return person


def people_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """The people of one district with their roles there, each role a button."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    roots = roots_of(request)
    district = _asked(request, roots)
    form = KnownPersonForm(request.POST if "username" in request.POST else None)
    if request.method == "POST" and district:
        if "username" not in request.POST:
            change(request, User.objects.filter(access.people_of(request.user)))
            return HttpResponseRedirect(request.get_full_path())
        if form.is_valid():
            _give(request, district, form)
            return HttpResponseRedirect(request.get_full_path())
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("People of my districts"),
        "opts": model_admin.opts,
        "roots": roots,
        "district": district,
        "form": form,
        "role_titles": [role.label for role in ROLES],
        **(_matrix(request, district) if district else {}),
    }
    return TemplateResponse(request, "admin/projects/user/roles.html", context)


def _asked(request: HttpRequest, roots: list[District]) -> District | None:
    """The district asked for, else the only one at the top; 404 for one in which the user gives no roles."""
    code = request.GET.get("district", "")
    if not code:
        return roots[0] if len(roots) == 1 else None
    district = own_districts(request).filter(code=code[:20]).first()
    if district is None:
        raise Http404
    return district


def _give(request: HttpRequest, district: District, form: KnownPersonForm) -> None:
    person, role = form.cleaned_data["username"], form.cleaned_data["role"]
    services.add_member(person, district, role, actor=cast("User", request.user), at=timezone.now())
    facts = {"person": person, "role": Membership.Role(role).label, "district": district}
    messages.success(request, _("%(person)s is now %(role)s of %(district)s.") % facts)


def _matrix(request: HttpRequest, district: District) -> dict[str, Any]:
    """The rows of the page: who holds a role here, above (as far as the reader sees) or below."""
    own = access.administered_by(request.user, field="district__path")
    around = access.within(district.path, "district__path") | Q(district__code__in=district.ancestor_codes)
    seen = Membership.objects.filter(own & around)
    people = User.objects.filter(pk__in=seen.order_by().values("user")).prefetch_related(
        Prefetch("memberships", seen.select_related("district"), to_attr="seen_memberships")
    )
    address = f"{reverse('admin:projects_user_roles')}?{urlencode({'district': district.code})}"
    page = _page(request, Keyset(people, [("username", False)], [address]))
    above = own_districts(request).filter(code__in=district.ancestor_codes).exclude(pk=district.pk)
    return {
        "rows": [_row(person, district) for person in page.rows],
        "above": list(above.order_by("path")),
        "below": list(district.children.order_by("path")),
        "next": f"{address}&{urlencode({'cursor': page.next})}" if page.next else "",
        "previous": f"{address}&{urlencode({'cursor': page.previous})}" if page.previous else "",
    }


def _page(request: HttpRequest, people: Keyset[User]) -> Page[User]:
    try:
        return people.page(request.GET.get("cursor"), PAGE_SIZE)
    except ParameterErrors:
        messages.warning(request, NOT_OURS)
        return people.page(None, PAGE_SIZE)


def _row(person: Any, district: District) -> tuple[User, list[Cell], list[Membership]]:
    """A person, the cells, and the roles further below."""
    below = [m for m in person.seen_memberships if m.district.path != district.path]
    below = [m for m in below if m.district.path.startswith(district.path)]
    return person, cells(person, district, person.seen_memberships), below
