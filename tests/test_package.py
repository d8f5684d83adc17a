"""The quarter package: the same bytes for ever, and a script that recomputes every total from the entries."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings

from projects import services
from projects.models import (
    COUNTABLE_KINDS,
    District,
    LedgerEntry,
    Project,
    Sector,
    SectorScheme,
    SizeBand,
)
from tests.api import Api, assert_problem
from tests.makers import (
    NOW,
    SHANGHAI,
    YI,
    make_bands,
    make_huangpu,
    make_project,
    make_release,
    make_sector,
    make_user,
)
from tests.pages import signed_in
from tests.test_identities import histories, recorded, taken_back
from tracking import package, proofs
from tracking.models import Release, ReleaseProof
from tracking.package import files
from tracking.sums import NOTHING, Sums
from tracking.totals import By, totals, undated

pytestmark = pytest.mark.django_db

SCRIPT = Path(files.__file__).parent / "recompute.py"
NAMES = [
    "totals.csv",
    "totals.json",
    "entries.csv",
    "districts.csv",
    "bands.csv",
    "definitions.json",
    "README.txt",
    "recompute.py",
    "manifest.json",
]
BREAKDOWNS: tuple[By, ...] = ("sector", "size_band", "project_type", "ownership", "district")


@pytest.fixture
def places() -> dict[str, District]:
    """A branch of the tree with projects at several levels, dated and undated, suspended and moved on."""
    places = make_huangpu()
    make_bands()
    sector = make_sector()
    zone, huangpu, panyu = places["440112-GDD"], places["440112"], places["440113"]
    make_project(
        "机密项目",
        district=zone,
        sector=sector,
        total_investment=34 * YI,
        expected_output=50 * YI,
        project_type="manufacturing",
        ownership="foreign",
        milestones={"signed": date(2023, 1, 29), "started": date(2023, 3, 1), "suspended": date(2023, 3, 9)},
    )
    make_project(district=zone, milestones={"signed": date(2023, 2, 1), "registered": date(2023, 2, 2)})
    make_project(
        district=huangpu,
        total_investment=6 * YI + 1,
        expected_revenue=7 * YI,
        milestones={"signed": date(2022, 2, 1), "started": date(2023, 2, 2), "completed": date(2023, 6, 30)},
    )
    make_project(district=huangpu, total_investment=2 * YI, milestones={"started": "unknown"})
    make_project(district=panyu, total_investment=99 * YI, milestones={"signed": date(2023, 1, 5)})
    make_project(district=panyu, total_investment=YI, milestones={"signed": date(2023, 4, 1)})
    return places


def built(release: Release) -> bytes:
    with package.build(Release.objects.get(pk=release.pk)) as file:
        return file.read()


def unpacked(content: bytes, folder: Path) -> Path:
    with ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def run(*arguments: str | Path, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)


def rows_of(content: bytes, name: str) -> list[dict[str, str]]:
    with ZipFile(io.BytesIO(content)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))


# --- the same bytes -----------------------------------------------------------------------------------------------


def test_a_package_has_the_same_bytes_whatever_is_recorded_renamed_or_taken_back_later(places):
    release = make_release(places["440100"], at=NOW)
    at_first = built(release)
    later = NOW + timedelta(days=1)
    confidential = Project.objects.get(name="机密项目")

    make_project(
        district=places["440112"], total_investment=YI, milestones={"signed": date(2023, 1, 2)}, at=later
    )
    confidential.name, confidential.total_investment = "改名", 35 * YI
    services.save_project(confidential, actor=None, at=later)
    services.void_project(Project.objects.get(total_investment=2 * YI), "重复登记", actor=None, at=later)
    moved = Project.objects.get(total_investment=99 * YI)
    moved.district = places["440112"]
    services.save_project(moved, actor=None, at=later)
    huangpu = places["440112"]
    huangpu.name = "黄埔新区"
    services.save_district(huangpu)
    services.save_district(District(code="440114", name="花都区", level="district", parent=places["440100"]))
    sector = Sector.objects.get(code="biomedicine")
    sector.name = "生物"
    services.save_reference(sector)
    band = SizeBand.objects.get(code="lt-100m")
    band.upper = 7 * YI
    services.save_band(band, at=later)
    services.delete_band(SizeBand.objects.get(code="100m-1bn"), at=later)
    make_release(places["440100"], at=later + timedelta(days=1))

    assert built(release) == at_first


def test_size_bands_that_are_first_made_after_a_release_are_not_in_its_package():
    places = make_huangpu()
    make_project(district=places["440112"], total_investment=YI, milestones={"signed": date(2023, 1, 2)})
    release = make_release(places["440112"], at=NOW)
    at_first = built(release)

    services.save_band(SizeBand(code="all", name="全部", lower=0), at=NOW + timedelta(days=1))

    assert built(release) == at_first
    assert rows_of(at_first, "bands.csv") == []


def test_a_package_names_no_project_no_person_no_district_and_no_address(places):
    clerk = make_user("clerk-of-huangpu", district=places["440100"])
    make_project(
        "另一个机密", district=places["440112"], actor=clerk, milestones={"signed": date(2023, 1, 2)}
    )

    content = built(make_release(places["440100"], actor=clerk)).decode(errors="replace")

    assert not [word for word in ("机密", "clerk", "黄埔", "Huangpu", "http", "生物") if word in content]


GOLDEN = "748f475efe25caad6395f1640e7d5d1e24fafd8194406089bad1b4131c3d7b3e"


def test_the_package_of_a_fixed_record_has_a_fixed_checksum_on_every_database(places_of_the_golden_record):
    """The same on SQLite and PostgreSQL, today and in ten years: format 1 is not changed, a new one gets a number."""
    release = Release(
        id=7,
        district=places_of_the_golden_record,
        quarter="2023Q1",
        revision=0,
        provisional=False,
        released_at=datetime(2023, 4, 5, 8, 0, 0, 123, tzinfo=SHANGHAI),
        note="一季度\n=1+1",
        definitions={"stock": 1, "entered": 1},
    )

    with package.build(release) as file:
        assert hashlib.sha256(file.read()).hexdigest() == GOLDEN


@pytest.fixture
def places_of_the_golden_record() -> District:
    """A city with ids that do not depend on what other tests made."""
    city = District(id=9001, code="440100", name="广州市", level="city", path="440100/")
    zone = District(
        id=9002, code="440112-GDD", name="开发区", level="zone", parent=city, path="440100/440112-GDD/"
    )
    scheme = SectorScheme(id=9003, code="golden", name="产业")
    sector = Sector(id=9004, code="chips", name="芯片", scheme=scheme)
    band = SizeBand(id=9005, code="ge-1bn", name="10亿元及以上", lower=10 * YI)
    project = Project(
        id=9006,
        name="项目",
        district=zone,
        created_at=NOW,
        updated_at=NOW,
    )
    for one in (city, zone, scheme, sector, band, project):
        one.save(force_insert=True)
    amounts = [(12 * YI + 3, None, 5), (None, 7 * YI, None)]
    for number, (kind, quarter, left) in enumerate(
        [("signed", "2022Q4", "2023Q1"), ("started", "2023Q1", None), ("registered", None, None)]
    ):
        investment, output, revenue = amounts[number % 2]
        LedgerEntry.objects.create(
            id=9100 + number,
            project=project,
            milestone_id=9200 + number,
            kind=kind,
            quarter=quarter,
            left_quarter=left,
            district=zone if number else city,
            sector=sector if number else None,
            project_type="industrial",
            ownership="" if number else "state",
            happened_on=date(2023, 1, 29) if quarter else None,
            precision="day" if quarter else "unknown",
            investment=investment,
            expected_output=output,
            expected_revenue=revenue,
            recorded_at=datetime(2023, 2, 1, 9, 30, tzinfo=SHANGHAI),
            cause="reported",
        )
    return city


# --- what is in it ------------------------------------------------------------------------------------------------


def test_it_holds_tables_definitions_a_script_and_a_manifest_with_all_their_checksums(places):
    release = make_release(places["440100"], note="首次发布")

    content = built(release)

    with ZipFile(io.BytesIO(content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.namelist() == NAMES
        assert archive.testzip() is None
        for name, said in manifest["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == said["sha256"]
        assert set(manifest["files"]) == set(NAMES) - {"manifest.json"}
        texts = json.loads(archive.read("definitions.json"))
    assert (manifest["district"], manifest["quarter"], manifest["revision"]) == ("440100", "2023Q1", 0)
    assert manifest["released_at"] == "2026-11-22T02:00:00.000000Z"
    assert (manifest["note"], manifest["revises"], manifest["format"]) == ("首次发布", None, 1)
    assert {name: text["version"] for name, text in texts.items()} == release.definitions


def test_a_release_made_before_there_were_definitions_has_none(places):
    release = Release.objects.create(
        district=places["440112"], quarter="2023Q1", revision=0, released_at=NOW, definitions={}
    )

    with ZipFile(io.BytesIO(built(release))) as archive:
        assert json.loads(archive.read("definitions.json")) == {}


def test_its_totals_are_those_that_the_figures_answer_for_the_release(places):
    release = make_release(places["440100"])

    found = defaultdict(dict)
    for row in rows_of(built(release), "totals.csv"):
        found[row["district"], row["by"], row["member"]][row["kind"]] = row

    answered = defaultdict(dict)
    for place in District.objects.within(places["440100"]):
        add_answers(answered, place, release, None)
    for by in BREAKDOWNS:
        add_answers(answered, places["440100"], release, by)
    shown = {
        key: {kind: figures for kind, row in kinds.items() if holds_anything(figures := without_undated(row))}
        for key, kinds in found.items()
    }
    assert {key: kinds for key, kinds in shown.items() if kinds} == answered
    undated_rows = {
        (row["district"], row["kind"]): row for row in rows_of(built(release), "totals.csv") if not row["by"]
    }
    for place in District.objects.within(places["440100"]):
        for kind in COUNTABLE_KINDS:
            row = undated_rows.get((place.code, kind), {})
            said = undated(place, [kind], as_of=release.released_at)
            assert (row.get("undated_count", "0"), row.get("undated_investment", "")) == (
                str(said.count),
                "" if said.investment is None else str(said.investment),
            )


def add_answers(answered: Any, place: District, release: Release, by: By | None) -> None:
    for total in totals(place, [release.quarter], COUNTABLE_KINDS, by=by, as_of=release.released_at):
        figures = {
            f"{of}_{column}": "" if value is None else str(value)
            for of in ("entered", "left", "stock", "ytd")
            for column, value in columns(getattr(total, of)).items()
        }
        if any(
            sums
            for sums in (total.entered, total.left, total.stock, total.ytd)
            if sums not in (None, NOTHING)
        ):
            answered[place.code, by or "", total.member or ""][total.kind] = figures


def columns(sums: Sums | None) -> dict[str, int | None]:
    names = {
        "count": "count",
        "with_amount": "with_investment",
        "with_output": "with_output",
        "with_revenue": "with_revenue",
        "investment": "investment",
        "expected_output": "expected_output",
        "expected_revenue": "expected_revenue",
    }
    return {name: getattr(sums, attribute) if sums else None for name, attribute in names.items()}


def without_undated(row: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in row.items()
        if name not in ("district", "by", "member", "kind") and not name.startswith("undated")
    }


def holds_anything(figures: dict[str, str]) -> bool:
    return any(value not in ("", "0") for value in figures.values())


def test_whatever_looks_like_a_formula_stays_text(places):
    release = make_release(places["440100"], note="=HYPERLINK(1)")

    with ZipFile(io.BytesIO(built(release))) as archive:
        tables = [name for name in NAMES if name.endswith(".csv")]
        cells = {
            cell
            for name in tables
            for line in csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))
            for cell in line
        }
        starts = {archive.read(name)[:3] for name in tables}

    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert starts == {b"\xef\xbb\xbf"}


def test_making_it_costs_as_many_queries_with_many_entries_and_districts_as_with_few(places):
    few = make_release(places["440100"])
    with CaptureQueriesContext(connection) as at_first:
        built(few)
    for number in range(30):
        zone = District(code=f"440113-Z{number}", name=f"园区{number}", level="zone", parent=places["440113"])
        services.save_district(zone)
        make_project(district=zone, total_investment=YI, milestones={"signed": date(2023, 1, 5)})
    many = make_release(places["440100"])

    with CaptureQueriesContext(connection) as later:
        content = built(many)

    assert len(later) == len(at_first)
    assert len(rows_of(content, "entries.csv")) == len(rows_of(built(few), "entries.csv")) + 30


# --- the script ---------------------------------------------------------------------------------------------------


def test_the_script_says_that_all_totals_agree_from_the_folder_and_from_the_zip(places, tmp_path):
    content = built(make_release(places["440100"]))
    folder, archive = unpacked(content, tmp_path / "folder"), tmp_path / "package.zip"
    archive.write_bytes(content)

    in_its_folder = run(script=folder / "recompute.py")
    of_the_zip = run(archive)

    for answer in (in_its_folder, of_the_zip):
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert "all agree" in answer.stdout
        assert "全部一致" in answer.stdout
        assert answer.stderr == ""


def change(folder: Path, name: str, before: str, after: str, *, hide: bool = False) -> None:
    """Change one file; with `hide` the manifest is made to agree, as a forger would."""
    path = folder / name
    text = path.read_bytes().decode()
    assert before in text
    path.write_bytes(text.replace(before, after, 1).encode())
    if hide:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        content = path.read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize("hide", [False, True])
@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("entries.csv", ",600000001,", ",600000002,"), "440112 - - signed left: released"),
        (("totals.csv", ",600000001,", ",600000002,"), "totals.csv: 440100 sector - signed left: released"),
        (("totals.json", ": 600000001,", ": 600000002,"), "signed left: released count=1"),
        (("bands.csv", "100m-1bn,100000000", "100m-1bn,700000000"), "440100 size_band 100m-1bn started"),
        (("districts.csv", "440112-GDD,440112", "440112-GDD,440100"), "440112 - - signed entered"),
    ],
)
def test_the_script_names_what_was_changed(places, tmp_path, edit, said, hide):
    folder = unpacked(built(make_release(places["440100"])), tmp_path)
    change(folder, *edit, hide=hide)

    answer = run(folder)

    assert answer.returncode == 1
    assert said in answer.stdout
    assert "NOT everything agrees" in answer.stdout
    assert (f"{edit[0]}: not the checksum" in answer.stdout) is not hide


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("entries.csv", ",600000001,", ",6e8,"),
        ("entries.csv", "440112-GDD", "440112-XXX"),
        ("districts.csv", "440112,440100", "440112,440112-GDD"),
        ("totals.json", "[", "{"),
        ("totals.csv", "entered_count", "entered"),
    ],
)
def test_the_script_says_what_it_cannot_read(places, tmp_path, name, before, after):
    folder = unpacked(built(make_release(places["440100"])), tmp_path)
    change(folder, name, before, after, hide=True)

    answer = run(folder)

    assert answer.returncode == 1
    assert "The tables cannot be read" in answer.stdout
    assert answer.stderr == ""


def test_the_script_misses_a_file_and_what_is_no_package(places, tmp_path):
    folder = unpacked(built(make_release(places["440100"])), tmp_path / "package")
    (folder / "entries.csv").unlink()
    (tmp_path / "empty").mkdir()

    without_entries, empty, absent = run(folder), run(tmp_path / "empty"), run(tmp_path / "absent.zip")

    assert without_entries.returncode == 1
    assert "entries.csv cannot be read" in without_entries.stdout
    for answer in (empty, absent):
        assert answer.returncode == 1
        assert "This is no quarter package" in answer.stdout


def test_the_script_needs_nothing_but_an_old_python():
    source = SCRIPT.read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 8))

    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {str(name).split(".")[0] for name in imported} <= set(sys.stdlib_module_names)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories)
def test_whatever_was_recorded_the_package_recomputes_and_stays_the_same(tmp_path_factory, history):
    with taken_back():
        bureau = recorded(history[: len(history) // 2])
        release = make_release(bureau.places["440100"], "2022Q4", at=bureau.now)
        content = built(release)
        for edit in history[len(history) // 2 :]:
            bureau.do(*edit)

        archive = tmp_path_factory.mktemp("package") / "package.zip"
        archive.write_bytes(content)
        answer = run(archive)

        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert built(release) == content


# --- proofs -------------------------------------------------------------------------------------------------------


def test_every_release_is_proved_once_by_the_fingerprint_of_its_totals(places):
    release = make_release(places["440100"])

    made = proofs.prove_due(NOW), proofs.prove_due(NOW + timedelta(hours=1))

    with ZipFile(io.BytesIO(built(release))) as archive:
        digest = hashlib.sha256(archive.read("totals.csv")).hexdigest()
    assert made == (1, 0)
    proof = ReleaseProof.objects.get()
    assert (proof.release, proof.digest, proof.proved_at) == (release, digest, NOW)


def test_two_workers_may_prove_a_release_at_once(places, monkeypatch):
    release = make_release(places["440100"])
    digest = package.totals_digest(release)

    def meanwhile(one: Release) -> str:
        ReleaseProof.objects.create(release=one, digest=digest, proved_at=NOW)
        return str(digest)

    monkeypatch.setattr(package, "totals_digest", meanwhile)
    proofs.prove_due(NOW + timedelta(hours=1))

    assert ReleaseProof.objects.get().proved_at == NOW


def test_a_release_that_does_not_say_any_more_what_it_said_is_found(places):
    good = make_release(places["440112"])
    proofs.prove_due(NOW)
    kept = proofs.broken()
    forged = make_release(places["440100"])
    ReleaseProof.objects.create(release=forged, digest="0" * 64, proved_at=NOW)

    assert kept == []
    assert proofs.broken() == [(forged, "0" * 64, package.totals_digest(forged))]
    assert ReleaseProof.objects.get(release=good).digest == package.totals_digest(good)


# --- who gets it --------------------------------------------------------------------------------------------------


def sent(answer: Any) -> bytes:
    """What was streamed; read to its end, its file is closed."""
    return b"".join(answer.streaming_content)


def test_the_api_sends_it_as_a_file_under_an_etag_that_is_the_digest_of_its_totals(places):
    release = make_release(places["440112"])
    api = Api(make_user(district=places["440112"], role="viewer"))

    answer = api.get(f"releases/{release.pk}/package/")

    content = sent(answer)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mingzhang-440112-2023Q1-r0.zip"'
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["ETag"] == f'"{package.totals_digest(release)}"'
    assert content == built(release)
    again = api.get(f"releases/{release.pk}/package/", If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("place", "status"),
    [("440000", 200), ("440100", 200), ("440112", 403), ("440112-GDD", 403), (None, 404)],
)
def test_who_sees_only_a_part_of_the_district_gets_no_projects_of_others(places, place, status):
    release = make_release(places["440100"])
    user = make_user(district=places[place], role="viewer") if place else make_user()

    in_api = Api(user).get(f"releases/{release.pk}/package/")
    as_page = signed_in(user).get(f"/releases/{release.pk}/package.zip")

    assert (in_api.status_code, as_page.status_code) == (status, status)
    if status == 200:
        assert sent(in_api) == sent(as_page)
    else:
        assert_problem(in_api, status, "permission" if status == 403 else "not-found")


def test_nobody_gets_it_without_signing_in(places):
    release = make_release(places["440112"])

    in_api = Api().get(f"releases/{release.pk}/package/")
    as_page = signed_out_get(f"/releases/{release.pk}/package.zip")

    assert_problem(in_api, 401, "authentication")
    assert as_page.status_code == 302
    assert as_page.headers["Location"].startswith("/sign-in/")


def signed_out_get(address: str) -> Any:
    return Api().client.get(address)


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("releases/999999/package/", 404, "not-found"),
        ("releases/99999999999999999999999999/package/", 404, "not-found"),
        ("releases/abc/package/", 404, "not-found"),
        ("releases/{pk}/package/?format=zip", 400, "validation"),
    ],
)
def test_an_address_that_is_none_is_refused(places, path, status, kind):
    release = make_release(places["440112"])
    api = Api(make_user(district=places["440112"]))

    assert_problem(api.get(path.format(pk=release.pk)), status, kind)


def test_it_comes_as_a_zip_and_as_nothing_else(places):
    release = make_release(places["440112"])
    api = Api(make_user(district=places["440112"]))

    def asked(accept: str) -> int:
        answer = api.get(f"releases/{release.pk}/package/", Accept=accept)
        if answer.status_code == 200:
            assert sent(answer).startswith(b"PK")
        return int(answer.status_code)

    assert [asked(accept) for accept in ("application/zip", "*/*", "text/csv")] == [200, 200, 406]
