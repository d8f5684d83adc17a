"""A small world of two neighbouring districts for the tests of who gets which answer about figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from django.db import connection, transaction
from django.db.models import Model
from django.test import Client

from projects import services
from projects.models import ApiToken, Ceremony, District, Membership, Milestone, Project, Succession, User
from projects.services.tokens import revoke_token
from tests.api import Api
from tests.makers import (
    NOW,
    YI,
    make_district,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tests.pages import signed_in
from tracking.cells import roll_up
from tracking.models import AuditRun, Delivery, ReportedTotal, Subscription, Target

PEOPLE = (
    "nobody", "stranger", "viewer", "editor", "publisher", "neighbour", "neighbour_publisher", "removed", "revoked",
    "superuser",
)  # fmt: skip
ALL_SCOPES = ("read", "write", "publish")
OWN, FOREIGN, MERGED, CITY = "440112", "440113", "440116", "440100"
MISSING = "9999999"
LATER = NOW + timedelta(minutes=30)
LEFT_OUT = ("番禺", "Panyu", "萝岗机密", "迁出机密")  # in the names of what readers of Huangpu do not see
HUANGPU = ("黄埔", "Huangpu", "萝岗")  # and readers of Panyu
HIDDEN: dict[str, tuple[str, ...]] = {"neighbour": HUANGPU, "neighbour_publisher": HUANGPU, "superuser": ()}
Places = dict[str, dict[str, str]]


@contextmanager
def one_transaction() -> Iterator[None]:
    """What a whole module reads, undone at its end; each test's own transaction lies within."""
    outer = transaction.atomic()
    outer._from_testcase = True  # type: ignore[attr-defined]  # services may want to be the outermost
    with outer:
        yield
        transaction.set_rollback(True)


def stored(models: Iterable[type[Model]]) -> dict[str, list[Any]]:
    """Every row of these models' tables, as the database has it."""
    found = {}
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY {model._meta.pk.column}")
            found[model._meta.label] = cursor.fetchall()
    return found


class World:
    """People by name, each with a program and a browser; what `{id}` and the others stand for, by place."""

    def __init__(self) -> None:
        self.districts = {**make_huangpu(), MERGED: _merged_district()}
        make_sector()
        self.users = self._users()
        self.apis = {name: Api(user, *ALL_SCOPES) for name, user in self.users.items()} | {"nobody": Api()}
        self.browsers = {name: _browser(user) for name, user in self.users.items()} | {"nobody": _browser()}
        self.names = {
            "own": self._placed(OWN, "黄埔", self.users["editor"]),
            "foreign": self._placed(FOREIGN, "番禺", self.users["neighbour"]),
        }
        self._elsewhere_since()
        self.names["above"] = self.names["own"] | {
            "release": str(make_release(self.districts[CITY], at=LATER, note="市级发布").pk)
        }
        shared = {"code": "999999", "at": self.names["own"]["at"]}
        self.names["missing"] = {**dict.fromkeys(self.names["own"], MISSING), **shared}
        roll_up()
        self._take_away()

    def program(self, name: str, *scopes: str) -> Api:
        """One with a token of these scopes."""
        return Api(self.users[name], *scopes)

    def _users(self) -> dict[str, User]:
        own, foreign = self.districts[OWN], self.districts[FOREIGN]
        return {
            "stranger": make_user("stranger"),
            "viewer": make_user("viewer", district=own, role="viewer"),
            "editor": make_user("editor", district=own),
            "publisher": make_user("publisher", district=own, role="publisher"),
            "neighbour": make_user("neighbour", district=foreign),
            "neighbour_publisher": make_user("neighbour_publisher", district=foreign, role="publisher"),
            "removed": make_user("removed", district=own),
            "revoked": make_user("revoked", district=own),
            "superuser": make_user("superuser", superuser=True),
        }

    def _placed(self, code: str, name: str, owner: User) -> dict[str, str]:
        district = self.districts[code]
        event = _saved(Ceremony(district=district, name=f"{name}集中签约", held_on=date(2023, 1, 29)))
        project = make_project(
            f"{name}机密",
            district=district,
            total_investment=10 * YI,
            milestones={"signed": date(2023, 1, 29), "started": date(2023, 2, 27)},
        )
        signed = Milestone.objects.get(project=project, kind="signed")
        signed.ceremony = event
        services.save_milestone(signed, actor=None, at=NOW)
        make_project(f"{name}机密未定期", district=district, milestones={"signed": "unknown"})
        claim = _saved(
            ReportedTotal(
                district=district,
                period="2023Q1",
                measure="signed_investment",
                value=Decimal(10 * YI),
                unit="CNY",
                ceremony=event,
                note=f"{name}说",
            )
        )
        target = _saved(
            Target(
                district=district,
                year=2023,
                measure="signed_count",
                comparator=">=",
                value=Decimal(5),
                unit="projects",
                note=f"{name}要求",
            )
        )
        mail = _saved(Subscription(user=owner, email=f"{owner.username}@example.org", district=district))
        delivery = Delivery.objects.create(subscription=mail, period="2023Q1", created_at=NOW)
        release = make_release(district, note=f"{name}发布")
        found = {
            "id": project, "event": event, "claim": claim, "target": target, "mail": mail, "delivery": delivery,
            "release": release, "run": AuditRun.objects.create(asked_at=NOW),
        }  # fmt: skip
        names = {key: str(record.pk) for key, record in found.items()}
        return {**names, "code": code, "at": release.released_at.isoformat().replace("+", "%2B")}

    def _elsewhere_since(self) -> None:
        """Projects that count here, on the divisions of now or at an earlier moment, and are others' to see."""
        for number in range(2):
            steps: dict[str, date | str] = {"signed": date(2013, 1, 29), "started": date(2013, 2, 27)}
            if number:
                steps = {"signed": "unknown", "started": "unknown"}
            make_project(
                f"萝岗机密{number}", district=self.districts[MERGED], total_investment=YI, milestones=steps
            )
        services.save_succession(
            Succession(
                predecessor=self.districts[MERGED],
                successor=self.districts[OWN],
                kind="merged",
                happened_on=date(2014, 2, 12),
            ),
            actor=None,
            at=NOW,
        )
        moved = make_project(
            "迁出机密",
            district=self.districts[OWN],
            total_investment=2 * YI,
            milestones={"signed": date(2023, 1, 30), "started": date(2023, 3, 1), "completed": "unknown"},
        )
        again = make_release(self.districts[OWN], at=NOW, note="黄埔修订")
        later = again.released_at.isoformat().replace("+", "%2B")
        self.names["own"] |= {"revision": str(again.pk), "moved": str(moved.pk), "later": later}
        self.names["foreign"] |= {"revision": self.names["foreign"]["release"], "moved": str(moved.pk)}
        project = Project.objects.get(pk=moved.pk)
        project.district = self.districts[FOREIGN]
        services.save_project(project, actor=self.users["neighbour"], at=LATER)

    def _take_away(self) -> None:
        """One has lost the role, another the token and the account's right to sign in."""
        Membership.objects.filter(user=self.users["removed"]).delete()
        for token in ApiToken.objects.filter(user=self.users["revoked"]):
            revoke_token(token)
        User.objects.filter(pk=self.users["revoked"].pk).update(is_active=False)


def _merged_district() -> District:
    return make_district(MERGED, "萝岗区", parent=District.objects.get(code=CITY), name_en="Luogang")


def _browser(user: User | None = None) -> Client:
    client = signed_in(user) if user else Client()
    client.cookies["language"] = "en"
    client.raise_request_exception = False
    return client


def _saved(record: Any) -> Any:
    return services.save_versioned(record, at=NOW)


# --- who gets which answer, in words ------------------------------------------------------------------------------

Answers = dict[str, int]


def answers(default: int, **others: int) -> Answers:
    """Of an address of the API: without a token that holds there is no answer at all."""
    return {name: others.get(name, default) for name in PEOPLE} | {"nobody": 401, "revoked": 401}


def own(status: int = 200, **others: int) -> Answers:
    """What lies in Huangpu is there for its people alone."""
    people = dict.fromkeys(("viewer", "editor", "publisher", "superuser"), status)
    return answers(404, **{**people, **others})


def foreign(status: int = 200, **others: int) -> Answers:
    """What lies in Panyu is there for its people alone."""
    people = dict.fromkeys(("neighbour", "neighbour_publisher", "superuser"), status)
    return answers(404, **{**people, **others})


def turned_away(found: Answers) -> Answers:
    """The same of a page: who has not signed in is asked to."""
    return found | {"nobody": 302, "revoked": 302}


def text_of(response: Any) -> str:
    """All that an answer says; of a workbook or a package what its files say."""
    raw: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    if not raw.startswith(b"PK"):
        return raw.decode(errors="replace")
    with ZipFile(BytesIO(raw)) as files:
        return "\n".join(files.read(name).decode(errors="replace") for name in files.namelist())


def shape(path: str) -> str:
    """Its parts, with every name in braces and every code the same."""
    return "/".join(
        "{}" if part.startswith("{") or part in ("signed", "nonsense", "forged") else part
        for part in path.partition("?")[0].strip("/").split("/")
    )
