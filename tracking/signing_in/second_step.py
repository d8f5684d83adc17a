"""The second step of signing in: a code from a device that the user has (TOTP, RFC 6238), or a recovery code."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from projects.access import Role, paths_of
from projects.models import AccountChange, User
from projects.services.people import note_change
from tracking.signing_in.models import RecoveryCode

RECOVERY_CODES = 10
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # without those that look alike
KINDS = AccountChange.Kind


def device_of(user: User) -> Any:
    """The user's device, or None where the second step is off."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def is_required(user: User) -> bool:
    """Whether this deployment wants a second step of the user (TOTP_REQUIRED: all, superuser, or names of roles)."""
    wanted = set(settings.TOTP_REQUIRED)
    if "all" in wanted or (user.is_superuser and "superuser" in wanted):
        return True
    roles = [Role(name) for name in wanted - {"all", "superuser"}]
    return bool(roles) and bool(paths_of(user, *roles))


def waiting_device(user: User) -> Any:
    """The device that the page offers until a code of it has been typed once."""
    device, _made = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "TOTP"})
    return device


def secret_of(device: Any) -> str:
    """As it is typed into the device."""
    return b32encode(device.bin_key).decode()


def address_of(device: Any) -> str:
    """The otpauth:// address by which an app takes over the secret."""
    label = quote(f"Mingzhang:{device.user.get_username()}")
    facts = {
        "secret": secret_of(device),
        "issuer": "Mingzhang",
        "digits": device.digits,
        "period": device.step,
    }
    return f"otpauth://totp/{label}?{urlencode(facts)}"


def picture_of(address: str) -> str:
    """The address as a QR code in SVG, without any style of its own."""
    code = segno.make(address, error="m")
    drawn: str = code.svg_inline(
        scale=5, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=False
    )
    return drawn


@transaction.atomic
def switch_on(user: User, code: str, *, at: datetime) -> list[str] | None:
    """With a right code of the waiting device: the recovery codes, shown now and never again; else None."""
    device = waiting_device(user)
    if not _is_right(device, code):
        return None
    TOTPDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed = True
    device.save()
    note_change(user, KINDS.SECOND_STEP_ON, actor=user, at=at)
    return new_recovery_codes(user)


@transaction.atomic
def switch_off(user: User, *, actor: User, at: datetime) -> bool:
    """Forget device and recovery codes; whether there were any."""
    was_on = device_of(user) is not None
    TOTPDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if was_on:
        note_change(user, KINDS.SECOND_STEP_OFF, actor=actor, at=at)
    return was_on


def new_recovery_codes(user: User) -> list[str]:
    """Ten codes in place of all earlier ones."""
    codes = ["-".join(_letters(5) for _part in range(3)) for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(code)) for code in codes)
    return codes


def is_passed(user: User, typed: str) -> bool:
    """Whether this is the device's code of now, or a recovery code, which is used up; wrong ones slow down the next."""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is None or not device.verify_is_allowed()[0]:
            return False
        if _is_right(device, typed):
            return True
        used, _kinds = RecoveryCode.objects.filter(user=user, digest=_digest(typed)).delete()
        if used:
            device.throttle_reset()
        return bool(used)


def _is_right(device: Any, typed: str) -> bool:
    digits = typed.replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) == device.digits):
        device.throttle_increment()
        return False
    right: bool = device.verify_token(digits)
    return right


def _letters(number: int) -> str:
    return "".join(secrets.choice(LETTERS) for _letter in range(number))


def _digest(code: str) -> str:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
