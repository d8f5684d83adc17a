"""Releases: a quarter frozen for a district subtree, and the proof of what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.access import paths_of, subtrees_of
from projects.models import District, LongTextField

if TYPE_CHECKING:
    from projects.access import Reader


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Which releases."""

    def visible_to(self, user: Reader) -> ReleaseQuerySet:
        """Those of districts that the user may see, and those of higher districts, which hold for these too."""
        if user.is_active and user.is_superuser:
            return self.all()
        above = {code for path in paths_of(user) for code in path.rstrip("/").split("/")}
        return self.filter(subtrees_of(user, field="district__path") | Q(district__code__in=above))

    def covering(self, district: District) -> ReleaseQuerySet:
        """Those that hold for the district: its own and those of the districts that it lies in."""
        return self.filter(district__code__in=district.ancestor_codes)


class Release(models.Model):
    """A quarter's figures of a district and everything below it, published as they were at one moment.

    It holds no figure: everything recorded up to `released_at` was committed then, so the ledger as of that moment
    answers for ever. Releasing the same quarter of the same district again is a revision. Never changed, never deleted.
    """

    district = models.ForeignKey(
        District, models.PROTECT, verbose_name=_("district"), related_name="releases"
    )
    quarter = models.CharField(_("quarter"), max_length=6)
    revision = models.PositiveSmallIntegerField(_("revision"), help_text=_("0 for the first release."))
    revises = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("revises"), null=True, related_name="revised_by"
    )
    provisional = models.BooleanField(
        _("provisional"), default=False, help_text=_("Released before the quarter has ended.")
    )
    released_at = models.DateTimeField(_("released at"))
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("released by"), null=True, related_name="+"
    )
    note = LongTextField(_("note"), blank=True, help_text=_("Why, or what has changed since the last one."))
    definitions = models.JSONField(_("versions of the definitions"), default=dict)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ["-released_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["district", "quarter", "revision"], name="release_once_per_revision"
            ),
            models.CheckConstraint(
                condition=Q(revision=0, revises__isnull=True) | Q(revision__gt=0, revises__isnull=False),
                name="release_names_what_it_revises",
            ),
        ]
        indexes = [
            # the mark beside a quarter's figures, the revision table
            models.Index(fields=["quarter", "district"], name="release_by_quarter"),
            # the list of releases, newest first
            models.Index(fields=["-released_at", "-id"], name="release_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.district} {self.quarter} ({self.revision})"

    @property
    def revision_label(self) -> str:
        """Which release of the quarter it is, in words."""
        if not self.revision:
            return gettext("first release")  # 首次发布
        return gettext("revision %(number)s") % {"number": self.revision}  # 第1次修订


class ReleaseProof(models.Model):
    """What a release said, as a fingerprint: the SHA-256 of its totals as the quarter package holds them.

    Made once by a worker after the release; every audit makes it again and compares.
    """

    release = models.OneToOneField(
        Release, models.PROTECT, verbose_name=_("release"), related_name="proof", primary_key=True
    )
    digest = models.CharField(_("SHA-256 of the totals"), max_length=64)
    proved_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("proof of a release")
        verbose_name_plural = _("proofs of releases")

    def __str__(self) -> str:
        return self.digest
