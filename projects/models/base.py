"""What several models share: cleaned names, amounts in yuan, an optimistic version."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from projects.amounts import MAX_AMOUNT
from projects.text import clean_text

if TYPE_CHECKING:  # Django's fields take their types only in the stubs
    Line = models.CharField[str, str]
    LineOrNull = models.CharField[str | None, str | None]
    Lines = models.TextField[str, str]
    Integer = models.BigIntegerField[int | None, int | None]
else:
    Line, LineOrNull, Lines, Integer = (
        models.CharField,
        models.CharField,
        models.TextField,
        models.BigIntegerField,
    )


class TextField(Line):
    """A line of text: normalised (NFC), without control or direction characters, not blank inside."""

    def clean(self, value: Any, model_instance: models.Model | None) -> str:
        """The cleaned text; an empty one stays empty."""
        text: str = super().clean(value, model_instance)
        if text:
            text = clean_text(text)
            self.run_validators(text)  # again: normalising can lengthen a text
        return text


class LongTextField(Lines):
    """Several lines of text, cleaned like TextField, at most 4,000 characters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 4000)
        super().__init__(*args, **kwargs)

    def clean(self, value: Any, model_instance: models.Model | None) -> str:
        """The cleaned text; too long a text is refused."""
        text: str = super().clean(value, model_instance)
        if text:
            text = clean_text(text, multiline=True)
        if text and self.max_length and len(text) > self.max_length:
            message = _("Write at most %(max)d characters; there are %(length)d.")
            raise ValidationError(
                message, code="max_length", params={"max": self.max_length, "length": len(text)}
            )
        return text


class AmountField(Integer):
    """An amount in whole yuan; null where it is not known, never 0 for unknown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("validators", [MinValueValidator(0), MaxValueValidator(MAX_AMOUNT)])
        super().__init__(*args, **kwargs)


class Versioned(models.Model):
    """A record whose changes are counted, so that a stale one is noticed."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created at"), editable=False)
    updated_at = models.DateTimeField(_("updated at"), editable=False)

    class Meta:
        abstract = True


def in_readers_language(name: str, name_en: str) -> str:
    """The English name for those who read English and where there is one, else the name itself."""
    return name_en if name_en and (get_language() or "").startswith("en") else name


def within_amounts(*names: str) -> models.Q:
    """The rule that each of these amounts is unknown or between 0 and the largest amount."""
    rule = models.Q()
    for name in names:
        rule &= models.Q(**{f"{name}__isnull": True}) | models.Q(
            **{f"{name}__gte": 0, f"{name}__lte": MAX_AMOUNT}
        )
    return rule
