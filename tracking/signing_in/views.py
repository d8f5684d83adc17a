"""The pages of signing in and out, of the second step, of the password, and of one's own sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from projects.models import AccountChange, User
from projects.services.people import note_change
from tracking.signing_in import second_step, sessions
from tracking.signing_in.agents import in_words
from tracking.signing_in.events import note
from tracking.signing_in.forms import CodeForm, PasswordForm, SignInForm
from tracking.signing_in.models import Event, SignIn
from tracking.signing_in.validators import remember

PENDING = "second_step"  # in the session of somebody whose password was right: who, since when, how many wrong codes
PATIENCE = 300  # seconds for the code
MOST_CODES = 5
LATEST = 30
FORM = require_http_methods(["GET", "HEAD", "POST"])


def me(request: HttpRequest) -> User:
    """Who is signed in, as a plain record."""
    return User.objects.get(pk=request.user.pk or 0)


def duty_of(user: User) -> str | None:
    """The page that comes before all others for this user."""
    if sessions.must_change_password(user):
        return "change_password"
    return "second_step" if second_step.is_required(user) and not second_step.device_of(user) else None


def enter(request: HttpRequest, user: User, onward: str, *, at: datetime) -> HttpResponse:
    """Begin the session, and lead to what was asked for, or to what comes first."""
    sessions.begin(request, user, at=at)
    duty = duty_of(user)
    if duty:
        request.session[sessions.DUTY] = duty
        return redirect(duty)
    return HttpResponseRedirect(onward)


# --- in and out -----------------------------------------------------------------------------------------------------


class SignInView(auth.LoginView):
    """Name and password; whoever has a second step is asked for a code before anything is open."""

    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Right."""
        user, at = cast("User", form.get_user()), timezone.now()
        if second_step.device_of(user) is None:
            return enter(self.request, user, self.get_success_url(), at=at)
        self.request.session.flush()
        self.request.session[PENDING] = {"user": user.pk, "since": at.timestamp(), "wrong": 0}
        return HttpResponseRedirect(
            f"{reverse('sign_in_code')}?{urlencode({'next': self.get_success_url()})}"
        )

    def form_invalid(self, form: Any) -> HttpResponse:
        """Wrong, or locked out."""
        locked = getattr(self.request, "axes_locked_out", False)
        kind = Event.Kind.LOCKED_OUT if locked else Event.Kind.FAILED
        note(kind, self.request, at=timezone.now(), username=self.request.POST.get("username", ""))
        return super().form_invalid(form)


@sensitive_post_parameters("code")
@never_cache
@FORM
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step: a code of the device, or a recovery code."""
    at = timezone.now()
    pending = request.session.get(PENDING) or {}
    user = User.objects.filter(pk=pending.get("user") or 0, is_active=True).first()
    if user is None or at.timestamp() - pending["since"] > PATIENCE or pending["wrong"] >= MOST_CODES:
        request.session.pop(PENDING, None)
        return redirect("sign_in")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if second_step.is_passed(user, form.cleaned_data["code"]):
            del request.session[PENDING]
            return enter(request, user, _onward(request), at=at)
        request.session[PENDING] = {**pending, "wrong": pending["wrong"] + 1}
        note(Event.Kind.CODE_FAILED, request, at=at, user=user)
        form.add_error(
            "code", _("This code is wrong, or was used already. Wait a moment and type a new one.")
        )
    return render(request, "registration/sign_in_code.html", {"form": form, "next": _onward(request)})


def _onward(request: HttpRequest) -> str:
    """Where the browser wanted to go, if that is a page of ours."""
    asked = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else str(settings.LOGIN_REDIRECT_URL)


class SignOutView(auth.LogoutView):
    """The end of this session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Noted, where somebody was signed in."""
        if request.user.is_authenticated:
            note(Event.Kind.SIGNED_OUT, request, at=timezone.now(), user=me(request))
            sessions.forget(request)
        return super().post(request, *args, **kwargs)


# --- the password ---------------------------------------------------------------------------------------------------


class ChangePasswordView(auth.PasswordChangeView):
    """One's own; all other sign-ins end."""

    template_name = "registration/change_password.html"
    success_url = "/password/done/"

    def form_valid(self, form: Any) -> HttpResponse:
        """The old one was right and the new one will do."""
        at = timezone.now()
        remember(me(self.request))  # as it is stored: the form holds the new one already
        answer = super().form_valid(form)
        user = me(self.request)
        note_change(user, AccountChange.Kind.PASSWORD_CHANGED, actor=user, at=at)
        sessions.follow_key(self.request)
        sessions.end(_others(self.request), self.request, at=at)
        self.request.session.pop(sessions.DUTY, None)
        if duty := duty_of(user):
            self.request.session[sessions.DUTY] = duty
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether it must be."""
        must = self.request.session.get(sessions.DUTY) == "change_password"
        return super().get_context_data(must=must, **kwargs)


# --- the second step ------------------------------------------------------------------------------------------------


@sensitive_post_parameters("code", "password")
@never_cache
@FORM
@login_required
def second_step_page(request: HttpRequest) -> HttpResponse:
    """Switch it on with a first code, off with the password."""
    user, at = me(request), timezone.now()
    if second_step.device_of(user):
        return _switch_off(request, user, at)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        codes = second_step.switch_on(user, form.cleaned_data["code"], at=at)
        if codes:
            request.session.pop(sessions.DUTY, None)
            return render(request, "signing_in/recovery_codes.html", {"codes": codes})
        form.add_error(
            "code", _("This code is wrong. Wait for the next one and type it; check the clock of the device.")
        )
    device = second_step.waiting_device(user)
    address = second_step.address_of(device)
    shown = {
        "form": form,
        "secret": second_step.secret_of(device),
        "address": address,
        "picture": mark_safe(second_step.picture_of(address)),  # noqa: S308  drawn by us from our own text
        "must": request.session.get(sessions.DUTY) == "second_step",
    }
    return render(request, "signing_in/second_step_on.html", shown)


def _switch_off(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    required = second_step.is_required(user)
    form = PasswordForm(user, request.POST or None)
    if not required and form.is_valid():
        second_step.switch_off(user, actor=user, at=at)
        messages.success(request, _("The second step is switched off."))
        return redirect("my_sign_ins")
    return render(request, "signing_in/second_step_off.html", {"form": form, "required": required})


# --- one's own sign-ins ---------------------------------------------------------------------------------------------


def _others(request: HttpRequest) -> Any:
    return sessions.of_user(me(request)).exclude(session_key=request.session.session_key)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD"])
def my_sign_ins(request: HttpRequest) -> HttpResponse:
    """Where one is signed in, and what happened lately."""
    user = me(request)
    rows = [
        {"row": row, "device": in_words(row.agent), "this": row.session_key == request.session.session_key}
        for row in sessions.of_user(user)
    ]
    events = [(event, in_words(event.agent)) for event in Event.objects.filter(user=user)[:LATEST]]
    shown = {"rows": rows, "events": events, "has_second_step": second_step.device_of(user) is not None}
    return render(request, "signing_in/my_sign_ins.html", shown)


@login_required
@require_POST
def end_sign_ins(request: HttpRequest) -> HttpResponse:
    """End one of one's own sign-ins, or all but this."""
    rows = _others(request)
    if "all" not in request.POST:
        asked = request.POST.get("end", "")
        known = asked.isascii() and asked.isdigit() and len(asked) < 19
        rows = rows.filter(pk=asked) if known else SignIn.objects.none()
    if sessions.end(rows, request, at=timezone.now()):
        messages.success(request, _("Ended: whoever works there is asked to sign in again."))
    return redirect("my_sign_ins")
