"""Signing in: Django's own form, with the length of a name checked before anything is stored of the attempt."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import MaxLengthValidator

from projects.models import User


class SignInForm(AuthenticationForm):
    """Django only tells the browser how long a name may be; the log of attempts holds 255 characters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        longest = User._meta.get_field("username").max_length
        assert longest
        self.fields["username"].validators.append(MaxLengthValidator(longest))
