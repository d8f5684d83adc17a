"""Reads that may be seconds old, on a real streaming replica whose replay is held, let go, and taken away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from config.api import replicas
from config.api.transactions import snapshot
from projects import services
from projects.models import District, LedgerEntry, Project, User
from tests.api import Api
from tests.makers import YI, make_district, make_project, make_user
from tests.replicas import Pair
from tests.roll_ups import settle
from tracking.releases import release_quarter

pytestmark = pytest.mark.replica


@pytest.fixture(scope="module")
def servers(django_db_blocker: Any) -> Iterator[Pair]:
    """The two servers, for all tests of this file."""
    with django_db_blocker.unblock():
        made = Pair()
    yield made
    made.close()


@pytest.fixture
def pair(servers: Pair, settings: Any, django_db_blocker: Any, monkeypatch: Any) -> Iterator[Pair]:
    """The database of the test is the primary of the pair, with its replica beside it and a service that knows both."""
    given = dict(connection.settings_dict)
    place = {"HOST": "127.0.0.1", "NAME": "postgres", "USER": "postgres", "PASSWORD": ""}
    connection.close()
    connection.settings_dict.update(place, PORT=servers.ports["primary"])
    connections.databases["replica"] = {**connection.settings_dict, "PORT": servers.ports["replica"]}
    settings.DATABASE_ROUTERS = ["config.api.replicas.ReplicaRouter"]
    monkeypatch.setattr(replicas, "_quiet_until", 0.0)
    with django_db_blocker.unblock():
        yield servers
    if servers.ask("replica", "SELECT pg_is_wal_replay_paused()"):
        servers.follow()
    connections["replica"].close()
    del connections["replica"], connections.databases["replica"]
    connection.close()
    connection.settings_dict.update({name: given[name] for name in (*place, "PORT")})


@dataclass
class Scene:
    """A district of its own for each test, with one project, and somebody who sees it."""

    district: District
    viewer: User
    api: Api

    def total(self, **more: Any) -> str:
        """The question of the district's total."""
        asked = {"district": self.district.code, "quarter": "2023Q1", "kind": "signed", **more}
        return f"totals/?{urlencode(asked)}"

    def counted(self, api: Api | None = None, **more: Any) -> int:
        """How many projects the total counts, for the viewer or somebody else."""
        answer = (api or self.api).get(self.total(**more))
        assert answer.status_code == 200, answer.content
        number: int = answer.json()["results"][0]["entered"]["count"]
        return number

    def add_project(self) -> Project:
        """A signed project that somebody else records, with the totals brought up to date."""
        project = make_project(
            district=self.district,
            at=timezone.now(),
            total_investment=YI,
            milestones={"signed": date(2023, 1, 29)},
        )
        settle()
        return project

    def editor(self) -> Api:
        """Another person, who may record."""
        return Api(make_user(district=self.district, role="editor"))

    def new(self) -> dict[str, Any]:
        """What the editor sends."""
        return {
            "name": "项目",
            "district": self.district.code,
            "total_investment": YI,
            "signed_on": "2023-01-29",
        }


numbers = count(440_200)


@pytest.fixture
def scene(pair: Pair) -> Scene:
    """The replica knows it, too."""
    district = make_district(str(next(numbers)), "某区")
    viewer = make_user(district=district, role="viewer")
    made = Scene(district, viewer, Api(viewer))
    made.add_project()
    pair.follow()
    return made


@contextmanager
def reads_of_the_replica() -> Iterator[list[str]]:
    """The statements that the replica is asked meanwhile, but for how far it is."""
    asked: list[str] = []

    def ask(execute: Any, statement: str, *rest: Any) -> Any:
        asked.extend([statement] if "pg_is_in_recovery" not in statement else [])
        return execute(statement, *rest)

    with connections["replica"].execute_wrapper(ask):
        yield asked


# --- seconds old, and no more -------------------------------------------------------------------------------------


def test_totals_come_from_the_replica_and_say_up_to_which_moment_they_know(pair: Pair, scene: Scene) -> None:
    pair.hold()
    scene.add_project()

    old = scene.api.get(scene.total()).json()
    pair.follow()

    assert old["results"][0]["entered"]["count"] == 1  # as the replica knew it, and it says so:
    assert old["as_of"] < timezone.localtime(LedgerEntry.objects.latest("id").recorded_at).isoformat()
    assert scene.counted() == 2


def test_pages_lists_and_files_are_of_one_age(pair: Pair, scene: Scene) -> None:
    pair.hold()
    second = scene.add_project()

    trace = scene.api.get(scene.total().replace("totals/", "totals/trace/")).json()
    file = scene.api.get(scene.total().replace("totals/", "totals/trace/") + "&format=csv")
    lines = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
    scene.api.client.force_login(scene.viewer)
    figures = scene.total().replace("totals/", "/figures/")
    page = scene.api.client.get(figures)

    assert len(trace["results"]) == trace["sum"]["count"] == 1
    assert len(lines) == 2  # the heading and one entry, read while the answer was sent
    assert second.name not in page.content.decode()
    pair.follow()
    page = scene.api.client.get(figures)
    assert second.name in page.content.decode()


def test_who_has_just_saved_sees_it_however_far_the_replica_is_behind(pair: Pair, scene: Scene) -> None:
    editor = scene.editor()
    pair.follow()
    pair.hold()

    assert editor.post("projects/", scene.new()).status_code == 201
    settle()

    assert scene.counted(editor) == 2  # his own change, from the primary
    assert scene.counted() == 1  # another reader, from the replica
    pair.follow()
    with reads_of_the_replica() as read:
        assert scene.counted(editor) == 2
    assert read


def test_control_a_service_that_forgets_who_saved_hides_his_own_change(
    pair: Pair, scene: Scene, monkeypatch: Any
) -> None:
    editor = scene.editor()
    monkeypatch.setattr(replicas, "remember_change", lambda user: None)
    pair.follow()
    pair.hold()

    assert editor.post("projects/", scene.new()).status_code == 201
    settle()

    assert scene.counted(editor) == 1


def test_a_replica_that_is_too_far_behind_is_not_read(pair: Pair, scene: Scene, monkeypatch: Any) -> None:
    pair.hold()
    scene.add_project()

    monkeypatch.setattr(replicas, "OLDEST", 0)

    assert scene.counted() == 2


# --- moments ------------------------------------------------------------------------------------------------------


def test_a_moment_is_read_where_it_has_safely_passed(pair: Pair, scene: Scene) -> None:
    pair.hold()
    second = scene.add_project()
    at = timezone.now()

    assert scene.counted(as_of=at.isoformat()) == 2  # not what the replica would say
    assert scene.counted() == 1

    services.void_project(second, "录入有误", actor=None, at=timezone.now())
    assert scene.counted(as_of=at.isoformat()) == 2


def test_a_release_that_the_replica_does_not_know_yet_is_found_and_right(pair: Pair, scene: Scene) -> None:
    pair.hold()
    scene.add_project()
    release = release_quarter(scene.district, "2023Q1", actor=None, at=timezone.now())

    assert scene.counted(release=release.pk) == 2
    scene.api.client.force_login(scene.viewer)
    assert scene.api.client.get(f"/releases/{release.pk}/").status_code == 200


def test_moments_long_past_are_read_from_the_replica(pair: Pair, scene: Scene, monkeypatch: Any) -> None:
    monkeypatch.setattr(replicas, "SAFELY_PAST", timedelta(0))
    at = timezone.now()
    make_district(
        f"{scene.district.code}-A", "某开发区"
    )  # a later commit, so that the replica has passed that moment
    pair.follow()

    with reads_of_the_replica() as read:
        assert scene.counted(as_of=at.isoformat()) == 1

    assert read


# --- never from the replica ---------------------------------------------------------------------------------------


def test_a_right_that_was_taken_away_is_gone_with_the_next_request(pair: Pair, scene: Scene) -> None:
    pair.hold()
    scene.viewer.memberships.all().delete()

    assert scene.api.get(scene.total()).status_code == 404


def test_writers_transactions_and_locks_never_read_the_replica(pair: Pair, scene: Scene) -> None:
    pair.hold()
    scene.add_project()
    reader, here = scene.viewer, Project.objects.filter(district=scene.district).order_by("pk")

    with transaction.atomic():
        assert replicas.may_be_old(here.count, reader=reader) == 2
    assert replicas.may_be_old(lambda: Project.objects.select_for_update().db, reader=reader) == "default"
    assert replicas.may_be_old(here.count, reader=reader) == 1
    saved = replicas.may_be_old(lambda: _saved(here), reader=reader)
    assert Project.objects.get(pk=saved).name == "改名"


def _saved(projects: QuerySet[Project]) -> int:
    """What was read from the replica is written to the primary."""
    project = projects[0]
    assert project._state.db == "replica"
    project.name = "改名"
    services.save_project(project, actor=None, at=timezone.now())
    return project.pk


def test_one_state_is_read_on_the_replica_while_it_replays_on(pair: Pair, scene: Scene) -> None:
    here = LedgerEntry.objects.filter(district=scene.district)

    def twice() -> tuple[int, int]:
        with snapshot():
            first = here.count()
            _elsewhere(scene.add_project)
            pair.follow()
            return first, here.count()

    assert replicas.may_be_old(twice, reader=scene.viewer) == (1, 1)


def _elsewhere(job: Any) -> None:
    token = replicas._replayed_at.set(None)
    job()
    replicas._replayed_at.reset(token)


# --- away ---------------------------------------------------------------------------------------------------------


def test_without_the_replica_the_primary_answers_and_a_metric_tells(
    pair: Pair, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    pair.stop("replica")
    try:
        assert scene.counted() == 1
        assert scene.counted() == 1  # without asking it again so soon
    finally:
        pair.start("replica")

    assert [record.message for record in caplog.records if "replica" in record.message] == [
        "The replica does not answer; the primary is read. (OperationalError)"
    ]
    assert replicas.failures() == 1


def test_a_replica_that_goes_away_in_the_middle_of_an_answer_is_no_fault_of_the_answer(
    pair: Pair, scene: Scene
) -> None:
    seen: list[str] = []

    def read() -> int:
        seen.append(LedgerEntry.objects.all().db)
        if len(seen) == 1:
            pair.stop("replica")
        return LedgerEntry.objects.filter(district=scene.district).count()

    try:
        assert replicas.may_be_old(read, reader=scene.viewer) == 1
    finally:
        pair.start("replica")

    assert seen == ["replica", "default"]


def test_without_a_cache_nobody_knows_who_saved_and_all_read_the_primary(
    pair: Pair, scene: Scene, monkeypatch: Any
) -> None:
    pair.hold()
    scene.add_project()

    monkeypatch.setattr(cache, "get", lambda *_: 1 / 0)

    assert replicas.usable_for(scene.viewer) is None
