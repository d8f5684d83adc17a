"""Districts: one tree from the province down to the development zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.access import subtrees_of, within
from projects.models.base import TextField, in_readers_language
from projects.models.checks import Check

if TYPE_CHECKING:
    from projects.access import Reader

code_shape = RegexValidator(
    r"\A[0-9]{6}(-[A-Z0-9]{1,12})?\Z",
    _("A district has the six digits of GB/T 2260; a development zone adds a suffix, as in 440112-GDD."),
    code="invalid",
)


class DistrictQuerySet(models.QuerySet["District"]):
    """Which districts: a subtree, or what somebody may see."""

    def within(self, district: District) -> DistrictQuerySet:
        """The district and everything below it."""
        return self.filter(within(district.path))

    def visible_to(self, user: Reader) -> DistrictQuerySet:
        """The districts whose figures and projects this user may see."""
        return self.filter(subtrees_of(user))


class District(models.Model):
    """A node of the tree province → city → district or county → development zone."""

    class Level(models.TextChoices):
        """How high in the tree."""

        COUNTRY = "country", _("Country")
        PROVINCE = "province", _("Province")
        CITY = "city", _("City")
        DISTRICT = "district", _("District or county")
        ZONE = "zone", _("Development zone")

    code = models.CharField(
        _("code"),
        max_length=20,
        unique=True,
        validators=[code_shape],
        help_text=_(
            "Six digits of GB/T 2260; a development zone adds a suffix to its district's code: 440112-GDD."
        ),
    )
    name = TextField(_("name"), max_length=60, help_text=_("The official name, as in 黄埔区."))
    name_en = TextField(_("English name"), max_length=120, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("belongs to"),
        null=True,
        blank=True,
        related_name="children",
        help_text=_("The next higher district. A zone belongs to exactly one district or city."),
    )
    path = models.CharField(_("path"), max_length=120, unique=True, editable=False)
    valid_from = models.DateField(_("valid from"), null=True, blank=True, help_text=_("Empty: always."))
    valid_to = models.DateField(
        _("valid to"),
        null=True,
        blank=True,
        help_text=_("The last day on which it existed; empty: still does."),
    )

    objects = DistrictQuerySet.as_manager()

    class Meta:
        verbose_name = _("district")
        verbose_name_plural = _("districts")
        ordering = ["path"]
        constraints = [
            Check(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lte=F("valid_to")),
                name="district_valid_from_before_to",
                violation_error_message=_("The district ends before it begins: check both dates."),
            ),
            Check(
                condition=~Q(parent=F("id")),
                name="district_not_its_own_parent",
                violation_error_message=_("A district cannot belong to itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return in_readers_language(self.name, self.name_en)

    @property
    def ancestor_codes(self) -> list[str]:
        """The codes from the top of the tree down to this district itself."""
        return self.path.rstrip("/").split("/")

    def path_below(self, parent: District | None) -> str:
        """The path that this code has below a parent."""
        return f"{parent.path if parent else ''}{self.code}/"

    def clean(self) -> None:
        """A node stands below a higher one, and is not moved into its own subtree."""
        super().clean()
        order = list(self.Level)
        if (
            self.parent
            and self.level
            and order.index(self.Level(self.parent.level)) >= order.index(self.Level(self.level))
        ):
            raise ValidationError(
                {"parent": ValidationError(_("Choose a higher district than this one."), code="level")}
            )
        if self.level == self.Level.ZONE and not self.parent:
            raise ValidationError(
                {"parent": ValidationError(_("A zone belongs to a district."), code="zone_without_parent")}
            )

    def city_code(self) -> str:
        """The code of the city (second level) it lies in, or of itself where it is higher: phases share one."""
        codes = self.ancestor_codes
        return codes[min(1, len(codes) - 1)]


class Succession(models.Model):
    """One district took the place of another: renamed, merged into it, or split off from it.

    What was recorded in the old one stays there; figures on the divisions of then or of now follow the succession.
    """

    class Kind(models.TextChoices):
        """How one became the other."""

        RENAMED = "renamed", _("Renamed")  # 抚宁县 → 抚宁区
        MERGED = "merged", _("Merged")  # 萝岗区 into 黄埔区
        SPLIT = "split", _("Split")

    predecessor = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("predecessor"), related_name="successions"
    )
    successor = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("successor"), related_name="origins"
    )
    kind = models.CharField(_("how"), max_length=8, choices=Kind.choices)
    happened_on = models.DateField(
        _("in force from"), help_text=_("The first day on which the new division counted.")
    )
    recorded_at = models.DateTimeField(_("recorded at"), editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("recorded by"),
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("succession of districts")
        verbose_name_plural = _("successions of districts")
        ordering = ["happened_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["predecessor", "successor"],
                name="succession_once",
                violation_error_message=_("This succession is recorded already."),
            ),
            Check(
                condition=~Q(predecessor=F("successor")),
                name="succession_of_another",
                violation_error_message=_("A district does not succeed itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor}"


def ancestors_of(districts: Iterable[int]) -> dict[int, list[int]]:
    """For each of these districts its ancestors' ids from the top down, itself last."""
    rows = District.objects.filter(pk__in=set(districts)).order_by().values_list("pk", "path")
    codes = {pk: path.rstrip("/").split("/") for pk, path in rows}
    above = District.objects.filter(code__in={code for branch in codes.values() for code in branch})
    by_code: dict[str, int] = dict(above.order_by().values_list("code", "pk"))
    return {pk: [by_code[code] for code in branch] for pk, branch in codes.items()}
