"""Reference data, ceremonies and the like: saved after a full check, deleted only while nothing uses them."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext_lazy as _

from config.api.outcomes import InUse, StaleVersion
from projects import sealing
from projects.models import (
    District,
    LedgerEntry,
    Organization,
    PastBands,
    Sector,
    SectorScheme,
    SizeBand,
    Tag,
    TouchedCell,
    Versioned,
)
from projects.services.announce import announce_after_commit
from projects.services.comparing import compare_projects_of
from projects.services.searching import keep_found_of
from projects.services.transactions import one_transaction

IN_USE = _("It is in use and stays: %(users)s.")

M = TypeVar("M", bound=models.Model)
V = TypeVar("V", bound=Versioned)


@one_transaction
def save_district(district: District) -> District:
    """Record a district and its place in the tree.

    Raises ValidationError, also for a changed code or parent: projects and totals hang on the place, so a district
    that moves is recorded as a new one and the old one is ended. Another level has its totals recomputed, for what is
    stored of a district depends on it.
    """
    if not district._state.adding:
        stored = District.objects.get(pk=district.pk)
        if (stored.parent_id, stored.code) != (district.parent_id, district.code):
            message = _("A district keeps its code and its place. End this one and record a new one.")
            raise ValidationError({"parent": ValidationError(message, code="moved")})
        if stored.level != district.level:
            _touch_all_of(stored)
    district.path = district.path_below(district.parent)
    district.full_clean()
    district.save()
    return district


def _touch_all_of(district: District) -> None:
    """Have the district's totals recomputed in every quarter and sector in which anything below it ever stood."""
    below = LedgerEntry.objects.filter(district__in=District.objects.within(district)).order_by()
    cells = {
        (quarter, sector)
        for column in ("quarter", "left_quarter")
        for quarter, sector in below.values_list(column, "sector_id").distinct()
        if quarter
    }
    TouchedCell.objects.bulk_create(
        TouchedCell(district=district, quarter=quarter, sector_id=sector) for quarter, sector in cells
    )
    announce_after_commit()


@one_transaction
def save_reference(record: M) -> M:
    """Record a sector, scheme or another thing without a version, after a full check.

    Raises ValidationError, also for a changed code of a sector: figures of the past are known by it.
    """
    if isinstance(record, Sector | SectorScheme | Tag) and not record._state.adding:
        stored = type(record)._default_manager.get(pk=record.pk)
        if stored.code != record.code:
            message = _("A code stays as it is: figures of the past are known by it.")
            raise ValidationError({"code": ValidationError(message, code="moved")})
    record.full_clean()
    record.save()
    return record


@one_transaction
def save_band(band: SizeBand, *, at: datetime) -> SizeBand:
    """Record a size band; breakdowns of past moments keep the bands of their time. Raises ValidationError."""
    _keep_past_bands(at)
    return save_reference(band)


@one_transaction
def delete_band(band: SizeBand, *, at: datetime) -> None:
    """Delete a size band; breakdowns of past moments keep it."""
    _keep_past_bands(at)
    delete_reference(band)


def _keep_past_bands(at: datetime) -> None:
    last = PastBands.objects.aggregate(last=Max("until"))["last"]
    until = sealing.moment_of_posting(at)
    if last and until <= last:
        until = last + sealing.TICK
    bands = [[band.code, band.lower, band.upper] for band in SizeBand.objects.all()]  # also none at all
    PastBands.objects.create(until=until, bands=bands)


@one_transaction
def save_versioned(record: V, *, at: datetime) -> V:
    """Record an organization, a ceremony, a claim or a subscription.

    Raises ValidationError; StaleVersion where somebody else has changed it since it was read.
    """
    record.updated_at = at
    if record._state.adding:
        record.created_at = at
    else:
        kind = type(record)
        stored = kind._default_manager.select_for_update(no_key=True).filter(pk=record.pk).first()
        if stored is None or stored.version != record.version:
            raise StaleVersion(stored.version if stored else 0)
        record.version += 1
    try:
        record.full_clean(exclude={"version"})
    except ValidationError:
        record.version -= not record._state.adding
        raise
    record.save()
    if isinstance(record, Organization):
        keep_found_of(record)
        compare_projects_of(record, at)
    return record


@one_transaction
def delete_reference(record: models.Model) -> None:
    """Delete a district, sector, organization or the like; raises InUse, naming what uses it."""
    if listed := _listed_by(record):
        raise InUse(IN_USE % {"users": "; ".join(listed)})
    try:
        record.delete()
    except ProtectedError as error:
        users = {type(user): user for user in error.protected_objects}  # one of each sort
        names = "; ".join(sorted(f"{user._meta.verbose_name}: {user}" for user in users.values()))
        raise InUse(IN_USE % {"users": names}) from error


def _listed_by(record: models.Model) -> list[str]:
    """How many records of which kind list it, as projects list investors: the database would just drop it there.

    Numbers, no names: an organization serves all districts, a project's name is for those of its own.
    """
    relations = [r for r in record._meta.related_objects if r.many_to_many]
    numbers = {
        r: r.related_model._default_manager.filter(**{r.field.name: record}).count() for r in relations
    }
    return [f"{r.related_model._meta.verbose_name_plural}: {n}" for r, n in numbers.items() if n]
