"""The form that takes a workbook in: the file, and where its rows lie if that is not said by one's role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext_lazy as _

from projects.models import District

ACCEPT = ".xlsx,.xls,.csv,.txt,.tsv"
EVERYWHERE = "everywhere"  # what is chosen instead of a district


class _WithEverywhere(ModelChoiceIterator):  # type: ignore[type-arg]
    """Districts, the whole country before them."""

    def __iter__(self) -> Iterator[Any]:
        yield (EVERYWHERE, _("The whole country"))
        yield from super().__iter__()


class PlaceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A district, indented as the tree; where `everywhere` is set, also the whole country."""

    everywhere = False

    def to_python(self, value: Any) -> Any:
        """The district, or EVERYWHERE."""
        return value if self.everywhere and value == EVERYWHERE else super().to_python(value)

    def label_from_instance(self, obj: District) -> str:
        """Its name, farther in the lower it stands."""
        return "\u3000" * (len(obj.ancestor_codes) - 1) + obj.label


class UploadForm(forms.Form):
    """One workbook, and where its rows lie if that is not said by one's role."""

    file = forms.FileField(
        label=_("workbook"),
        allow_empty_file=True,  # said in our own words
        widget=forms.FileInput({"accept": ACCEPT}),
        help_text=_("Excel (.xlsx, .xls) or CSV."),
    )
    district = PlaceField(
        District.objects.none(),
        label=_("district"),
        help_text=_("All rows of the workbook lie in it or below it."),
    )

    def __init__(
        self, districts: list[District], data: Any = None, files: Any = None, *, everywhere: bool = False
    ) -> None:
        """`everywhere`: whether the whole country may be chosen, too."""
        super().__init__(data, files)
        if not everywhere and len(districts) == 1 and districts[0].children.count() == 0:
            del self.fields["district"]
            return
        rule = District.objects.none()
        for district in districts:
            rule = rule | District.objects.within(district)
        field: Any = self.fields["district"]
        field.everywhere = everywhere
        field.iterator = _WithEverywhere if everywhere else ModelChoiceIterator
        field.queryset = rule.order_by("path")
        field.initial = districts[0].pk if len(districts) == 1 and not everywhere else None

    @property
    def place(self) -> District | None:
        """The district that was chosen; none where there was no choice, or everything was chosen."""
        chosen = self.cleaned_data.get("district")
        return chosen if isinstance(chosen, District) else None

    @property
    def is_everywhere(self) -> bool:
        """Whether the whole country was chosen."""
        return self.cleaned_data.get("district") == EVERYWHERE
