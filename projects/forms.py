"""Form fields that read what officers type: amounts as they are spoken, days as they are written."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from projects.amounts import WAN, YI, format_wan, parse_amount

DAY_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")


class AmountFormField(forms.IntegerField):
    """Reads 34亿, 3.4亿元, 约20亿 or a bare number of 万元; gives whole yuan, or None where nothing is typed.

    `estimated` says afterwards whether 约 stood before the amount.
    """

    widget = forms.TextInput
    estimated = False
    in_wan = False  # what is stored is shown in 万 throughout

    def to_python(self, value: Any) -> int | None:
        """The amount in yuan."""
        text = value.strip() if isinstance(value, str) else value
        amount = parse_amount(text, default_unit=WAN)
        self.estimated = bool(amount and amount.estimated)
        return amount.yuan if amount else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as yuan: 34亿 and 340000 are the same."""
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True

    def prepare_value(self, value: Any) -> Any:
        """A stored amount, in a form that can be typed back; what was typed stays as typed."""
        if not isinstance(value, int):
            return value
        return f"{format_wan(value)}万" if self.in_wan else spoken(value)


def spoken(yuan: int) -> str:
    """An amount as people write it: 34亿 or 3.4亿 where that is exact, else in 万."""
    if yuan and yuan % (YI // 100) == 0:
        return f"{format_wan(yuan // (YI // WAN))}亿"
    return f"{format_wan(yuan)}万" if yuan else "0"


class DayField(forms.DateField):
    """A day with the year first, in both languages; shown as 2023-01-29."""

    default_error_messages = {"invalid": _("Write the day as 2023-01-29; it must be in the calendar.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = AdminDateWidget(format=DAY_FORMATS[0])
        super().__init__(input_formats=DAY_FORMATS, **kwargs)

    def strptime(self, value: str, format: str) -> date:  # noqa: A002  (Django's name)
        """Exactly one way to read it."""
        return datetime.strptime(value, format).date()  # noqa: DTZ007  (a day has no zone)
