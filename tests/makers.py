"""Makers: plain functions by which tests bring things about as they come about in life, through the services."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from projects import services
from projects.codes import uscc_check_character
from projects.models import (
    District,
    Kind,
    Milestone,
    Organization,
    Project,
    Sector,
    SectorScheme,
    SizeBand,
    User,
)
from tracking.models import Release
from tracking.releases import release_quarter

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
LONG_AGO = datetime(2020, 1, 1, tzinfo=SHANGHAI)  # before anything that a test records
YI = 100_000_000
WAN = 10_000

_numbers = itertools.count(1)


def make_district(
    code: str = "440112",
    name: str = "黄埔区",
    *,
    parent: District | None = None,
    level: str = "district",
    **more: Any,
) -> District:
    """One district; without a parent it stands at the top."""
    existing = District.objects.filter(code=code).first()
    return existing or services.save_district(
        District(code=code, name=name, parent=parent, level=level, **more)
    )


def make_huangpu() -> dict[str, District]:
    """The branch 440000 → 440100 → 440112 → 440112-GDD, and the neighbour 440113, by code."""
    province = make_district("440000", "广东省", level="province", name_en="Guangdong")
    city = make_district("440100", "广州市", level="city", parent=province, name_en="Guangzhou")
    huangpu = make_district("440112", "黄埔区", parent=city, name_en="Huangpu")
    zone = make_district(
        "440112-GDD", "广州开发区", parent=huangpu, level="zone", name_en="Guangzhou Development District"
    )
    panyu = make_district("440113", "番禺区", parent=city, name_en="Panyu")
    return {d.code: d for d in (province, city, huangpu, zone, panyu)}


def make_sector(code: str = "biomedicine", name: str = "生物医药") -> Sector:
    """One sector of a scheme of tests."""
    scheme, _ = SectorScheme.objects.get_or_create(code="tests", defaults={"name": "测试产业"})
    return Sector.objects.filter(code=code).first() or services.save_reference(
        Sector(code=code, name=name, scheme=scheme)
    )


def make_bands() -> None:
    """The default set of size bands."""
    bounds = [
        ("lt-100m", 0, 1),
        ("100m-1bn", 1, 10),
        ("1bn-5bn", 10, 50),
        ("5bn-10bn", 50, 100),
        ("ge-10bn", 100, None),
    ]
    for code, lower, upper in bounds:
        if not SizeBand.objects.filter(code=code).exists():
            services.save_band(
                SizeBand(code=code, name=code, lower=lower * YI, upper=upper * YI if upper else None),
                at=LONG_AGO,
            )


def make_user(
    username: str = "",
    *,
    name: str = "",
    district: District | None = None,
    role: str = "editor",
    superuser: bool = False,
) -> User:
    """A user; with a district also a member there."""
    user = User.objects.create_user(
        username or f"user{next(_numbers)}",
        name=name,
        password="a-long-password-1",
        is_superuser=superuser,
        is_staff=superuser,
    )
    if district:
        services.add_member(user, district, role)
    return user


def make_uscc(number: int) -> str:
    """A credit code with a right check character."""
    body = f"91440101{number:09d}"
    return body + uscc_check_character(body)


def make_organization(name: str = "", *, at: datetime = NOW, **more: Any) -> Organization:
    """An investor."""
    number = next(_numbers)
    return services.save_versioned(Organization(name=name or f"投资公司{number}", **more), at=at)


def make_project(
    name: str = "",
    *,
    district: District | None = None,
    actor: User | None = None,
    at: datetime = NOW,
    milestones: dict[str, date | str] | None = None,
    **more: Any,
) -> Project:
    """A recorded project; `milestones` gives dates (or "unknown") by kind."""
    number = next(_numbers)
    project = Project(name=name or f"项目{number}", district=district or make_district(), **more)
    steps = [
        Milestone(project=project, kind=kind, precision="unknown")
        if day == "unknown"
        else Milestone(project=project, kind=kind, happened_on=day, reason=_reason(kind))
        for kind, day in (milestones or {}).items()
    ]
    return services.save_project(project, actor=actor, at=at, milestones=steps)


def record(
    project: Project,
    kind: str,
    day: date | None = None,
    *,
    actor: User | None = None,
    at: datetime = NOW,
    **more: Any,
) -> Milestone:
    """Record one milestone of a recorded project."""
    more.setdefault("reason", _reason(kind))
    return services.save_milestone(
        Milestone(project=project, kind=kind, happened_on=day, **more), actor=actor, at=at
    )


def fresh(project: Project) -> Project:
    """The project as stored now."""
    return Project.objects.get(pk=project.pk)


def _reason(kind: str) -> str:
    return "other" if kind in (Kind.SUSPENDED, Kind.TERMINATED) else ""


def make_release(
    district: District,
    quarter: str = "2023Q1",
    *,
    actor: User | None = None,
    at: datetime = NOW,
    **more: Any,
) -> Release:
    """A quarter's release."""
    return release_quarter(district, quarter, actor=actor, at=at, **more)
