"""Every list and every form of the admin costs a bounded number of queries, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from projects import services
from projects.models import (
    ApiToken,
    Ceremony,
    District,
    Import,
    LedgerEntry,
    Organization,
    Project,
    Sector,
    SectorScheme,
    SizeBand,
    Succession,
    Tag,
    User,
)
from tests.makers import (
    NOW,
    YI,
    make_district,
    make_organization,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tests.pages import signed_in
from tests.workbooks_made import checked
from tracking.models import AuditRun, Delivery, Release, ReportedTotal, Subscription, Target
from tracking.signing_in.models import Event

pytestmark = pytest.mark.django_db

MOST_OF_A_LIST, MOST_OF_A_FORM = 25, 40
FEW, MANY = 1, 20


def _zone(number: int) -> District:
    return make_district(f"440112-Z{number}", f"园区{number}", parent=make_district(), level="zone")


def _project(number: int) -> Project:
    return make_project(
        f"项目{number}",
        district=make_district(),
        sector=make_sector(),
        total_investment=number * YI,
        milestones={"signed": date(2023, 1, 29), "started": date(2023, 2, 27)},
    )


def _band(number: int) -> Any:
    band = SizeBand(code=f"b{number}", name=f"档{number}", lower=number * YI, upper=(number + 1) * YI)
    return services.save_band(band, at=NOW)


def _subscription(number: int) -> Any:
    facts = {
        "user": make_user(district=make_district()),
        "email": f"{number}@example.org",
        "district": make_district(),
    }
    return services.save_versioned(Subscription(**facts), at=NOW)


def _succession(number: int) -> Any:
    ended = Succession(
        predecessor=make_district(f"4409{number:02}"),
        successor=make_district(),
        kind="merged",
        happened_on=date(2014, 2, 12),
    )
    return services.save_succession(ended, actor=None, at=NOW)


def _target(number: int) -> Any:
    facts = {"measure": "signed_count", "comparator": ">=", "value": Decimal(5), "unit": "projects"}
    return services.save_versioned(Target(district=make_district(), year=2000 + number, **facts), at=NOW)


def _claim(number: int) -> Any:
    claim = ReportedTotal(
        district=make_district(),
        period=f"{2000 + number}Q1",
        measure="signed_count",
        value=3,
        unit="projects",
    )
    return services.save_versioned(claim, at=NOW)


# One more row of every model that has pages, as it comes about in life.
MAKERS: dict[type[Model], Callable[[int], Any]] = {
    ApiToken: lambda number: ApiToken.objects.create(user=make_user(), name=f"导出{number}", scopes=["read"]),
    AuditRun: lambda number: AuditRun.objects.create(asked_at=NOW + timedelta(minutes=number)),
    Ceremony: lambda number: services.save_versioned(
        Ceremony(district=make_district(), name=f"签约会{number}", held_on=date(2023, 1, 29)), at=NOW
    ),
    Delivery: lambda number: Delivery.objects.create(
        subscription=_subscription(number), period="2023Q1", created_at=NOW
    ),
    District: _zone,
    Event: lambda number: Event.objects.create(
        at=NOW, kind="succeeded", user=make_user(), username=f"u{number}"
    ),
    Import: lambda number: checked(
        [[f"项目{number}", "黄埔区", number, None, None]],
        into=make_district(),
        actor=make_user(district=make_district()),
    ),
    LedgerEntry: _project,
    Organization: lambda number: make_organization(f"公司{number}"),
    Project: _project,
    Release: lambda number: make_release(_zone(1000 + number)),
    ReportedTotal: _claim,
    Sector: lambda number: make_sector(f"s{number}", f"产业{number}"),
    SectorScheme: lambda number: services.save_reference(
        SectorScheme(code=f"scheme{number}", name=f"分类{number}")
    ),
    SizeBand: _band,
    Subscription: _subscription,
    Succession: _succession,
    Tag: lambda number: services.save_reference(Tag(code=f"t{number}", name=f"标签{number}")),
    Target: _target,
    User: lambda number: make_user(f"officer{number}", district=make_district()),
}
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def make(model: type[Model], numbers: range) -> None:
    if model not in MAKERS:
        pytest.fail(
            f"Say in MAKERS how one more {model._meta.label} comes about: its pages' queries are counted."
        )
    for number in numbers:
        MAKERS[model](number)


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = client.get(address)
        assert response.status_code == 200, address
    return len(asked)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_of_the_admin_cost_the_same_for_one_row_and_for_twenty(model: type[Model]) -> None:
    client = signed_in(make_user("root", superuser=True))
    pages = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    make(model, range(1, FEW + 1))
    first: Any = model._default_manager.order_by("pk").first()
    addresses = {"list": reverse(f"{pages}_changelist")}
    try:
        addresses["form"] = reverse(f"{pages}_change", args=[first.pk])
    except NoReverseMatch:
        assert model is ApiToken  # whose address would hold the hash
    for address in addresses.values():
        client.get(address)  # what is read once and kept
    few = {page: queries(client, address) for page, address in addresses.items()}

    make(model, range(FEW + 1, MANY + 1))
    many = {page: queries(client, address) for page, address in addresses.items()}

    assert many == few
    assert few["list"] <= MOST_OF_A_LIST
    assert few.get("form", 0) <= MOST_OF_A_FORM
