"""The page on which a publisher releases a quarter: what would be released, and releasing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from config.api.outcomes import NothingNew
from config.api.problems import RETRY_AFTER
from projects.access import may_publish, publishes_in
from projects.models import COUNTABLE_KINDS, District, User
from projects.quarters import next_quarter, quarter_of, quarters_between
from tracking.models import Release
from tracking.pages.asking import DISTRICT, QUARTER, WITH_FORM, page, reader
from tracking.pages.places import MOST_CHOICES, Places
from tracking.pages.releases import lines
from tracking.releases import BUSY, NOT_A_PUBLISHER, changed_since, release_quarter, standing
from tracking.totals import undated

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Release]
else:
    ModelForm = forms.ModelForm

QUARTERS_OFFERED = 12


class ReleaseForm(ModelForm):
    """What a publisher says of a release; a quarter that still runs is released as provisional."""

    class Meta:
        model = Release
        fields = ["note", "provisional"]
        widgets = {"note": forms.Textarea({"rows": 3})}

    def __init__(self, *args: Any, running: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not running:
            del self.fields["provisional"]


@page(DISTRICT, QUARTER, methods=WITH_FORM)
def new_release(
    request: HttpRequest, district: str | None = None, quarter: str | None = None
) -> HttpResponse:
    """What would be released now; sent, it is. Only for publishers of the district."""
    user = reader(request)
    here = _chosen(user, district)
    present = quarter_of(timezone.localdate())
    quarter = quarter or next_quarter(present, -1)
    form = ReleaseForm(request.POST if request.method == "POST" else None, running=quarter == present)
    busy = False
    if request.method == "POST" and form.is_valid():
        try:
            return _released(request, here, quarter, form)
        except ValidationError as refusal:
            for name, errors in refusal.update_error_dict({}).items():
                form.add_error(name if name in form.fields else None, errors)
        except OperationalError:
            form.add_error(None, BUSY)
            busy = True
    return _asking(request, here, quarter, form, busy=busy)


def _chosen(user: User, district: str | None) -> District:
    """The district to release. Raises Http404 for an unseen one, PermissionDenied where the user does not publish."""
    here = (
        Places(user).get(district)
        if district
        else District.objects.filter(publishes_in(user)).order_by("path").first()
    )
    if here is None or not may_publish(user, here):
        raise PermissionDenied(str(NOT_A_PUBLISHER))
    return here


def _released(request: HttpRequest, district: District, quarter: str, form: ReleaseForm) -> HttpResponse:
    """Release, and show what has been released; asked for twice, the first one with the reason."""
    try:
        made = release_quarter(
            district,
            quarter,
            actor=reader(request),
            at=timezone.now(),
            note=form.cleaned_data["note"],
            provisional=form.cleaned_data.get("provisional", False),
        )
    except NothingNew as refusal:
        messages.warning(request, str(refusal.message))
        made = Release.objects.filter(district=district, quarter=quarter).latest("revision")
    else:
        messages.success(
            request,
            _("%(quarter)s of %(district)s is released.") % {"quarter": quarter, "district": district},
        )
    return HttpResponseRedirect(reverse("release", args=[made.pk]))


def _asking(
    request: HttpRequest, district: District, quarter: str, form: ReleaseForm, *, busy: bool
) -> HttpResponse:
    """The page that shows what would be released."""
    present = quarter_of(timezone.localdate())
    last = Release.objects.filter(district=district, quarter=quarter).order_by("-revision").first()
    shown = {
        "district": district,
        "quarter": quarter,
        "form": form,
        "running": quarter == present,
        "begun": quarter <= present,
        "lines": lines(district, quarter, last),
        "undated": undated(district, COUNTABLE_KINDS),
        "last": last,
        "changed": bool(last and changed_since(last)),
        "standing": standing(district, quarter),
        "places": District.objects.filter(publishes_in(reader(request))).order_by("path")[:MOST_CHOICES],
        "quarters": quarters_between(next_quarter(min(quarter, present), 1 - QUARTERS_OFFERED), present)[
            ::-1
        ],
    }
    response = render(request, "tracking/new_release.html", shown, status=503 if busy else 200)
    if busy:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
