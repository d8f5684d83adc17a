"""Many changes at once: all or none, every refusal told, and the same records and ledger as one after the other."""

from __future__ import annotations

import copy
import random
import re
import weakref
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.api.outcomes import StaleVersion
from projects import ledger, services
from projects.models import (
    BulkChange,
    District,
    Door,
    Kind,
    LedgerEntry,
    Milestone,
    Project,
    TouchedCell,
    maker_of,
)
from projects.services import Change, RefusedChanges
from projects.services.rounds import Standing, in_rounds
from tests.makers import (
    NOW,
    YI,
    fresh,
    make_district,
    make_huangpu,
    make_organization,
    make_project,
    make_sector,
    make_user,
)
from tests.processes import side_by_side
from tests.roll_ups import settle
from tracking.audit import find_differences

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
SIGNED, STARTED = date(2023, 1, 29), date(2023, 5, 2)
FIGURES = ("count", "with_investment", "with_output", "with_revenue", "investment", "output", "revenue")


@pytest.fixture
def places() -> dict[str, District]:
    return make_huangpu()


def save(*changes: Change, **more: Any) -> list[Project]:
    return services.save_projects(changes, **{"actor": None, "at": LATER, **more})


def new(district: District, *, signed: date | None = SIGNED, **more: Any) -> Change:
    project = Project(**{"name": "项目", "district": district, **more})
    steps = [Milestone(project=project, kind=Kind.SIGNED, happened_on=signed)] if signed else []
    return Change(project, steps)


def changed(project: Project, **fields: Any) -> Change:
    project = fresh(project)
    for name, value in fields.items():
        setattr(project, name, value)
    return Change(project)


def codes(refusal: ValidationError | StaleVersion) -> dict[str, list[str | None]]:
    assert isinstance(refusal, ValidationError)
    return {name: [e.code for e in errors] for name, errors in refusal.error_dict.items()}


# --- all or none --------------------------------------------------------------------------------------------------


def test_new_and_changed_projects_are_recorded_posted_and_touched_together(places):
    user, investor = make_user(), make_organization()
    old = make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED})
    TouchedCell.objects.all().delete()
    entered = new(places["440113"], total_investment=34 * YI)
    entered.investors = [investor]

    project, _corrected = save(entered, changed(old, total_investment=2 * YI), actor=user)

    assert (project.code, project.version, project.stage) == (f"P{project.pk:08d}", 1, "signed")
    assert list(project.investors.all()) == [investor]
    assert (fresh(old).total_investment, fresh(old).version) == (2 * YI, 2)
    current = LedgerEntry.objects.current().order_by("project_id")
    assert [(e.project_id, e.investment, e.cause, e.actor_id, e.recorded_at) for e in current] == [
        (old.pk, 2 * YI, "amount_corrected", user.pk, LATER),
        (project.pk, 34 * YI, "reported_late", user.pk, LATER),
    ]
    assert set(TouchedCell.objects.values_list("district__code", "quarter")) == {
        ("440112", "2023Q1"),
        ("440113", "2023Q1"),
    }


def test_what_many_changes_move_in_a_place_waits_as_one_row(places):
    save(*(new(places["440112"], total_investment=YI) for _ in range(10)))

    waiting = TouchedCell.objects.values_list("district__code", "quarter", "kind", "count", "investment")
    assert list(waiting) == [("440112", "2023Q1", "signed", 10, 10 * YI)]


def test_everything_wrong_with_every_change_is_told_by_its_place_and_nothing_is_recorded(places):
    stale = make_project(district=places["440112"])
    stale_change = changed(stale, remark="seen before")
    services.save_project(fresh(stale), actor=None, at=NOW)
    backwards = new(places["440112"], total_investment=-5)
    backwards.milestones = [
        *backwards.milestones,
        Milestone(project=backwards.project, kind="started", happened_on=date(2022, 1, 1)),
    ]
    before = list(Project.objects.order_by("pk").values())

    with pytest.raises(RefusedChanges) as caught:
        save(
            new(places["440112"]),
            backwards,
            stale_change,
            new(places["440112"], name=""),
            new(places["440112"]),
        )

    refusals = caught.value.refusals
    assert list(refusals) == [1, 2, 3]
    assert codes(refusals[1]) == {"total_investment": ["min_value"], "started_on": ["dates_backwards"]}
    assert isinstance(refusals[2], StaleVersion)
    assert refusals[2].current == 2
    assert codes(refusals[3]) == {"name": ["blank"]}
    assert list(Project.objects.order_by("pk").values()) == before
    assert not LedgerEntry.objects.exists()


def test_after_a_refusal_the_same_records_are_saved_once_the_mistake_is_corrected(places):
    right, wrong = new(places["440112"]), new(places["440112"], name="")
    whole = new(places["440112"], signed=None)
    phase = new(places["440112"], parent=whole.project, phase="一期")

    with pytest.raises(RefusedChanges):
        save(right, whole, phase, wrong)
    wrong.project.name = "项目"
    saved = save(right, whole, phase, wrong)

    assert [p.version for p in saved] == [1, 1, 1, 1]
    assert fresh(phase.project).parent == whole.project
    assert Milestone.objects.count() == LedgerEntry.objects.count() == 3


def test_a_code_that_is_taken_is_refused_by_a_stored_project_or_by_an_earlier_change(places):
    make_project(district=places["440112"], code="A-1")

    with pytest.raises(RefusedChanges) as caught:
        save(
            new(places["440112"], code="A-1"),
            new(places["440112"], code="B-1"),
            new(places["440112"], code="B-1"),
        )

    assert {index: codes(refusal) for index, refusal in caught.value.refusals.items()} == {
        0: {"code": ["unique"]},
        2: {"code": ["unique"]},
    }


def test_codes_are_exchanged_in_the_order_of_the_changes(places):
    one, other = (make_project(district=places["440112"], code=code) for code in ("A", "B"))

    save(changed(one, code="C"), changed(other, code="A"), new(places["440112"], code="B"))

    assert [fresh(one).code, fresh(other).code] == ["C", "A"]
    assert Project.objects.filter(code="B").count() == 1


def test_a_project_changed_twice_is_stale_the_second_time(places):
    project = make_project(district=places["440112"])

    with pytest.raises(RefusedChanges) as caught:
        save(changed(project, remark="one"), changed(project, remark="two"))

    assert isinstance(caught.value.refusals[1], StaleVersion)
    assert fresh(project).remark == ""


# --- streams and trials -------------------------------------------------------------------------------------------


def test_a_stream_is_recorded_part_by_part_as_one_bulk_change_that_can_be_undone(places, monkeypatch):
    monkeypatch.setattr("projects.services.many.CHUNK", 3)
    old = make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED})
    user, bulk, held = make_user(), BulkChange(title="台账.xlsx"), []

    def rows() -> Iterator[Change]:
        for number in range(8):
            change = new(places["440112"], code=f"A-{number}")
            held.append(weakref.ref(change.project))
            yield change
        yield changed(old, total_investment=2 * YI)

    done = services.save_stream(
        rows, existing=[old.pk], actor=user, at=LATER, door=Door.IMPORT, reason="台账.xlsx", bulk=bulk
    )

    assert done == 9
    assert Project.objects.count() == 9
    assert set(bulk.revisions.values_list("door", "reason", "actor")) == {("import", "台账.xlsx", user.pk)}
    assert LedgerEntry.objects.current().count() == 9
    assert [reference() for reference in held[:6]] == [None] * 6

    services.undo_bulk(bulk, actor=user, at=LATER + timedelta(days=1))

    assert Project.objects.kept().count() == 1
    assert fresh(old).total_investment == YI
    assert LedgerEntry.objects.current().count() == 1


def test_a_stream_with_a_mistake_in_any_part_leaves_nothing_and_says_its_place(places, monkeypatch):
    monkeypatch.setattr("projects.services.many.CHUNK", 2)
    bulk = BulkChange(title="台账.xlsx")
    whole = new(places["440112"], signed=None, name="")
    rows = [new(places["440112"]), whole, new(places["440112"]), new(places["440112"], parent=whole.project)]

    with pytest.raises(RefusedChanges) as caught:
        services.save_stream(lambda: rows, actor=None, at=LATER, bulk=bulk)

    assert {place: codes(why) for place, why in caught.value.refusals.items()} == {
        1: {"name": ["blank"]},
        3: {"parent": ["parent_refused"]},
    }
    assert not Project.objects.exists()
    assert not BulkChange.objects.exists()
    assert bulk.pk is None


@pytest.mark.django_db(transaction=True)
def test_a_stream_is_begun_anew_after_a_deadlock(places, monkeypatch):
    tries = []

    def rows() -> Iterator[Change]:
        tries.append(connection.in_atomic_block)
        yield new(places["440112"])
        if len(tries) == 1:
            error = OperationalError("deadlock detected")
            error.__cause__ = type("Deadlock", (Exception,), {"sqlstate": "40P01"})()
            raise error

    assert services.save_stream(rows, actor=None, at=LATER, bulk=BulkChange(title="台账.xlsx")) == 1
    assert tries == [True, True]
    assert Project.objects.count() == LedgerEntry.objects.count() == BulkChange.objects.count() == 1


def test_changes_that_do_not_build_on_each_other_are_tried_without_being_written(
    places,
):
    make_project(district=places["440112"], code="A-1")
    old = make_project(district=places["440112"], milestones={"signed": SIGNED})
    changes = [new(places["440112"], code="A-1"), new(places["440112"], total_investment=-1), changed(old)]

    with CaptureQueriesContext(connection) as asked:
        refusals = services.refusals_of(changes, actor=None, at=LATER)

    assert {place: codes(why) for place, why in refusals.items()} == {
        0: {"code": ["unique"]},
        1: {"total_investment": ["min_value"]},
    }
    written = [query["sql"] for query in asked if re.search('INSERT INTO|UPDATE "|COPY ', query["sql"])]
    assert written == []


def test_a_record_made_by_the_thousand_is_what_its_model_makes(places):
    make = maker_of(Project, "name", "district_id", "total_investment")

    made = make(["项目", places["440112"].pk, YI])
    usual = Project(name="项目", district_id=places["440112"].pk, total_investment=YI)

    assert {**made.__dict__, "_state": None} == {**usual.__dict__, "_state": None}
    assert (made._state.adding, made._state.db) == (usual._state.adding, usual._state.db)
    assert made.district == places["440112"]
    with pytest.raises(TypeError, match="district_code"):
        maker_of(Project, "district_code")


# --- families -----------------------------------------------------------------------------------------------------


def test_a_parent_and_its_phases_are_recorded_in_one_go_and_only_the_phases_count(places):
    whole = new(places["440112"], signed=None, total_investment=9 * YI)
    phases = [
        new(places["440112"], parent=whole.project, phase=f"{n}期", total_investment=n * YI) for n in (1, 2)
    ]

    save(whole, *phases)

    assert {p.project.parent_id for p in phases} == {whole.project.pk}
    assert sorted(e.investment for e in LedgerEntry.objects.current()) == [YI, 2 * YI]


def test_a_phase_of_a_parent_that_is_refused_says_so(places):
    whole = new(places["440112"], signed=None, name="")
    phase = new(places["440112"], parent=whole.project)

    with pytest.raises(RefusedChanges) as caught:
        save(whole, phase)

    assert codes(caught.value.refusals[1]) == {"parent": ["parent_refused"]}


def test_when_its_phases_leave_a_project_counts_again_with_its_cause(places):
    whole = make_project(district=places["440112"], milestones={"signed": SIGNED}, total_investment=9 * YI)
    first, second = services.split_project(
        fresh(whole),
        [Project(name="一", phase=f"{n}", district=places["440112"]) for n in "12"],
        actor=None,
        at=NOW,
    )
    step = Milestone(kind="signed", happened_on=SIGNED)

    save(
        changed(first, voided_at=LATER, void_reason="重复"),
        changed(second, parent=None),
        Change(fresh(whole), [step]),
    )

    entry = LedgerEntry.objects.current().get()
    assert (entry.project_id, entry.investment) == (whole.pk, 9 * YI)


def test_a_phase_with_a_wrong_parent_is_refused_with_the_sentence_of_a_single_save(places):
    elsewhere = make_project(district=make_district("120000", "天津市", level="province"))
    change = new(places["440112"], parent=elsewhere)
    single = new(places["440112"], parent=elsewhere)

    with pytest.raises(RefusedChanges) as many:
        save(change)
    with pytest.raises(ValidationError) as one:
        services.save_project(single.project, actor=None, at=LATER, milestones=single.milestones)

    assert many.value.refusals[0].messages == one.value.messages


def test_changes_that_build_on_each_other_are_made_in_their_order_and_others_together():
    parent, other = Project(pk=1), Project(pk=2)
    for project in (parent, other):
        project._state.adding = False
    phase = Project(parent=parent)
    stored = {1: Standing("A", None, is_void=False), 2: Standing("B", None, is_void=False)}
    later = copy.copy(other)
    later.code = "A"

    rounds = in_rounds([Change(p) for p in (parent, other, phase, Project(parent=parent), later)], stored)

    assert rounds == [[0, 1], [2, 3, 4]]


# --- the same as one after the other ------------------------------------------------------------------------------

DISTRICTS = ("440112", "440112-GDD", "440113")
amounts = st.none() | st.integers(0, 40).map(lambda n: n * YI)
days = st.dates(date(2022, 10, 1), date(2023, 6, 30))
steps = st.dictionaries(st.sampled_from(["signed", "started", "completed", "suspended"]), days, max_size=3)
edit = st.fixed_dictionaries(
    {
        "on": st.none() | st.integers(0, 5),
        "fields": st.fixed_dictionaries(
            {},
            optional={
                "district": st.sampled_from(DISTRICTS),
                "total_investment": amounts,
                "sector": st.sampled_from(["", "biomedicine", "chips"]),
                "ownership": st.sampled_from(["", "state"]),
                "exclusion_reason": st.sampled_from(["", "relocation"]),
                "void": st.booleans(),
                "parent": st.none() | st.integers(0, 9),
                "code": st.sampled_from(["A", "B", "C"]),
                "investors": st.sets(st.integers(0, 2)),
            },
        ),
        "steps": steps,
        "removed": st.sets(st.sampled_from(["signed", "started"]), max_size=1),
    }
)
Edit = dict[str, Any]


class World:
    """Six recorded projects, two of them phases, for edits to be made on."""

    def __init__(self) -> None:
        self.places = make_huangpu()
        self.sectors = {code: make_sector(code, code) for code in ("biomedicine", "chips")}
        self.investors = [make_organization(f"投资{n}") for n in range(3)]
        place = self.places["440112"]
        whole = make_project(district=place, code="A")
        self.projects = [
            whole,
            make_project(district=place, parent=whole, phase="一期", milestones={"signed": SIGNED}),
            make_project(district=place, parent=whole, phase="二期", total_investment=YI),
            make_project(
                district=place, total_investment=YI, milestones={"signed": SIGNED, "started": STARTED}
            ),
            make_project(district=self.places["440113"], code="B", milestones={"signed": SIGNED}),
            make_project(district=place),
        ]

    def changes(self, edits: list[Edit]) -> list[Change]:
        """Each recorded project at most once, as a file or a selection names it; new ones may be parents of later."""
        changes: list[Change] = []
        entered: list[Project] = []
        seen: set[int] = set()
        for one in edits:
            if one["on"] in seen:
                continue
            if one["on"] is None:
                project = Project(name="新项目", district=self.places["440112"])
                entered.append(project)
            else:
                seen.add(one["on"])
                project = fresh(self.projects[one["on"]])
            changes.append(self.change(project, one, [*self.projects, *entered]))
        return changes

    def named(self, name: str, value: Any, project: Project, others: list[Project]) -> Any:
        """What an edit names by its code or number."""
        if name == "parent" and value is not None:
            other = others[value % len(others)]
            return None if other is project else other if other._state.adding else fresh(other)
        if name == "district":
            return self.places[value]
        return self.sectors.get(value) if name == "sector" else value

    def change(self, project: Project, one: Edit, others: list[Project]) -> Change:
        fields = dict(one["fields"])
        investors = fields.pop("investors", None)
        if fields.pop("void", False):
            project.voided_at, project.void_reason = LATER, "重复"
        for name, value in fields.items():
            setattr(project, name, self.named(name, value, project, others))
        stored = {m.kind: m for m in project.milestones.all()} if project.pk else {}
        milestones = []
        for kind, day in one["steps"].items():
            milestone = stored.get(kind) or Milestone(project=project, kind=kind)
            milestone.happened_on, milestone.reason = day, "other" if kind == "suspended" else ""
            milestone.precision = ""
            milestones.append(milestone)
        removed = [stored[kind] for kind in one["removed"] if kind in stored and kind not in one["steps"]]
        return Change(
            project,
            milestones,
            removed,
            None if investors is None else [self.investors[n] for n in sorted(investors)],
        )


def one_by_one(changes: list[Change]) -> None:
    refusals: dict[int, Any] = {}
    for index, change in enumerate(changes):
        parent = change.project.parent if change.project._state.fields_cache.get("parent") else None
        if parent is not None and parent._state.adding:
            refusals[index] = ValidationError({"parent": ValidationError("", code="parent_refused")})
            continue
        if parent is not None:
            change.project.parent = parent
        try:
            services.save_project(
                change.project,
                actor=None,
                at=LATER,
                milestones=change.milestones,
                removed=change.removed,
                investors=change.investors,
            )
        except (ValidationError, StaleVersion) as refusal:
            refusals[index] = refusal
    if refusals:
        raise RefusedChanges(refusals)


def in_bulk(changes: list[Change]) -> None:
    services.save_projects(changes, actor=None, at=LATER)


def streamed(changes: list[Change]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("projects.services.many.CHUNK", 2)
        services.save_stream(lambda: iter(changes), actor=None, at=LATER)


def only_tried(changes: list[Change]) -> None:
    if refusals := services.refusals_of(changes, actor=None, at=LATER):
        raise RefusedChanges(refusals)


def outcome(way: Callable[[list[Change]], None], world: World, edits: list[Edit]) -> Any:
    """What is stored after these edits, told without the ids of new rows; or what was refused. Nothing of it stays."""
    with transaction.atomic():
        TouchedCell.objects.all().delete()
        changes = world.changes(edits)
        try:
            way(changes)
            answer: Any = everything_stored(changes)
        except RefusedChanges as refused:
            answer = {
                index: codes(why) if isinstance(why, ValidationError) else why.current
                for index, why in refused.refusals.items()
            }
        transaction.set_rollback(True)
    return answer


def everything_stored(changes: list[Change]) -> Any:
    names = {change.project.pk: f"change {index}" for index, change in enumerate(changes)}

    def told(row: Any) -> dict[str, Any]:
        for name in ("id", "project_id", "parent_id"):
            if name in row:
                row[name] = names.get(row[name], row[name])
        row.pop("milestone_id", None)
        if str(row.get("code", "")).startswith("P0"):
            row["code"] = "given"
        return dict(row)

    projects = [told(row) for row in Project.objects.values()]
    investors = [
        told(row) for row in Project.investors.through.objects.values("project_id", "organization_id")
    ]
    milestones = [told(row) for row in Milestone.objects.values()]
    entries = [told(row) for row in LedgerEntry.objects.values()]
    for row in (*milestones, *entries):
        del row["id"]
    kinds = [projects, investors, milestones, entries]
    return [*(sorted(map(repr, rows)) for rows in kinds), what_waits()]


def what_waits() -> dict[tuple[Any, ...], list[int]]:
    """What moves in each place, however many rows say it."""
    places = ("district__code", "quarter", "sector_id", "kind", "leaving")
    sums: dict[tuple[Any, ...], list[int]] = {}
    for row in TouchedCell.objects.values_list(*places, *FIGURES):
        place, figures = row[: len(places)], row[len(places) :]
        sums[place] = [a + b for a, b in zip(sums.get(place, [0] * 7), figures, strict=True)]
    return {place: figures for place, figures in sums.items() if any(figures)}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(edit, min_size=1, max_size=8))
def test_the_same_edits_give_the_same_made_at_once_or_one_by_one(edits):
    with transaction.atomic():
        world = World()

        one_after_the_other = outcome(one_by_one, world, edits)
        assert outcome(in_bulk, world, edits) == one_after_the_other
        assert outcome(streamed, world, edits) == one_after_the_other
        tried = outcome(only_tried, world, edits)
        assert (
            tried == one_after_the_other if isinstance(tried, dict) else isinstance(one_after_the_other, list)
        )

        transaction.set_rollback(True)


def test_the_same_many_edits_give_the_same_in_chunks(places, monkeypatch):
    monkeypatch.setattr("projects.services.many.CHUNK", 7)
    monkeypatch.setattr(ledger, "FEW", 0)
    dice = random.Random(1)
    world = World()
    edits = [
        {
            "on": None,
            "fields": {"district": dice.choice(DISTRICTS), "total_investment": dice.randint(0, 9) * YI},
            "steps": {"signed": SIGNED} if dice.random() < 0.7 else {},
            "removed": set(),
        }
        for _ in range(40)
    ] + [{"on": n, "fields": {"total_investment": n * YI}, "steps": {}, "removed": set()} for n in range(6)]

    assert outcome(in_bulk, world, edits) == outcome(one_by_one, world, edits)


# --- what it costs, and others at the same time -------------------------------------------------------------------


def test_the_number_of_statements_does_not_grow_with_the_number_of_changes(
    places, django_assert_max_num_queries
):
    projects = [
        make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED})
        for _ in range(60)
    ]
    changes = [changed(project, total_investment=2 * YI) for project in projects]
    changes += [new(places["440113"]) for _ in range(60)]

    with django_assert_max_num_queries(26):
        save(*changes)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_many_changes_and_single_ones_of_the_same_projects_in_any_order_never_deadlock(places):
    ids = [
        make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED}).pk
        for _ in range(40)
    ]

    def attempts(number: int) -> int:
        dice, done = random.Random(number), 0
        while done < 12:
            chosen = [Project.objects.get(pk=pk) for pk in dice.sample(ids, 15 if number % 2 else 1)]
            for project in chosen:
                project.total_investment = dice.randint(1, 50) * YI
            try:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr("projects.services.transactions.is_retried", refuse_to_retry)
                    save(*map(Change, chosen))
            except (RefusedChanges, StaleVersion):
                continue
            done += 1
        return done

    def refuse_to_retry(error: OperationalError) -> bool:
        raise AssertionError(f"a deadlock: {error}")

    assert side_by_side([lambda n=n: attempts(n) for n in range(4)]) == [12] * 4
    settle()
    assert find_differences() == []


@pytest.mark.django_db(transaction=True)
def test_the_victim_of_a_deadlock_among_many_changes_is_saved_at_the_second_try(places, monkeypatch):
    old = make_project(district=places["440112"], total_investment=YI, milestones={"signed": SIGNED})
    changes = [new(places["440112"]), changed(old, total_investment=2 * YI)]
    original, tries = ledger.write, []

    def victim(*args: Any, **more: Any) -> None:
        original(*args, **more)
        tries.append(connection.in_atomic_block)
        if len(tries) == 1:
            error = OperationalError("deadlock detected")
            error.__cause__ = type("Deadlock", (Exception,), {"sqlstate": "40P01"})()
            raise error

    monkeypatch.setattr(ledger, "write", victim)

    services.save_projects(changes, actor=None, at=LATER)

    assert tries == [True, True]
    assert [change.project.version for change in changes] == [1, 2]
    assert fresh(old).version == 2
    assert LedgerEntry.objects.current().count() == 2
