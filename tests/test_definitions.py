"""The registry of definitions: every measure has a version, both languages and a reference; pages and API show it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

from config.environment import BASE_DIR
from projects.models import Cause, Kind
from tests.api import Api, assert_problem
from tests.makers import make_huangpu, make_project, make_release, make_user
from tests.pages import read, signed_in
from tracking import definitions
from tracking.definitions import Definition, Measured
from tracking.definitions.base import DOCS
from tracking.models import Release

DOCUMENT = (BASE_DIR / DOCS).read_text("utf-8")
PUBLISHED = Path(__file__).parent / "published_definitions.json"


# --- the registry -------------------------------------------------------------------------------------------------


def test_every_definition_is_complete_in_both_languages():
    for one in definitions.current():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", one.id)
        assert one.unit in Measured
        for text in (one.name_zh, one.formula_zh):
            assert re.search("[\u4e00-\u9fff]", text), one.id
        for text in (one.name_en, one.formula_en):
            assert text[0].isupper(), one.id
            assert len(text) < 600
        assert one.formula_zh.endswith("。"), one.id
        assert one.formula_en.endswith("."), one.id


def test_every_kind_of_milestone_and_every_cause_is_defined():
    defined = set(definitions.versions())

    assert {kind.value for kind in Kind} <= defined
    assert {f"cause_{cause.value}" for cause in Cause} <= defined


def test_the_document_of_definitions_names_every_one_of_them():
    missing = [name for name in definitions.versions() if f"`{name}`" not in DOCUMENT]

    assert missing == []


def test_every_reference_names_a_section_that_there_is():
    headings = set(re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE))

    for one in definitions.current():
        named = re.findall(rf"\({DOCS}: (.+)\)", one.reference)
        assert named, one.id
        assert set(named) <= headings, (one.id, named)


def digest_of(one: Definition) -> str:
    said = [one.name_zh, one.name_en, one.formula_zh, one.formula_en, one.unit.value, one.reference]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


def test_a_version_that_was_published_is_never_changed():
    """A changed meaning gets the next version behind the old one; its digest is added to the file beside this test."""
    published = json.loads(PUBLISHED.read_text("utf-8"))

    in_registry = {
        f"{name} {version}": digest_of(one)
        for name, of_this in definitions.registry().items()
        for version, one in of_this.items()
    }

    assert in_registry == published


def test_a_meaning_that_changes_gets_a_version_and_the_old_one_stays(monkeypatch):
    old = definitions.definition("stock")
    new = Definition("stock", 2, "在库", "In stock", "新口径。", "Anew.", old.unit, old.reference)
    monkeypatch.setitem(definitions.registry()["stock"], 2, new)

    assert definitions.definition("stock") == new
    assert definitions.definition("stock", 1) == old
    assert definitions.versions()["stock"] == 2
    assert new in definitions.current()
    assert old not in definitions.current()
    assert definitions.of_release(Release(definitions={"stock": 1})) == [old]


def test_what_is_not_there_is_not_made_up():
    for asked in (("nonsense", None), ("stock", 99)):
        with pytest.raises(KeyError):
            definitions.definition(*asked)


@pytest.mark.django_db
def test_a_release_keeps_the_versions_in_force_at_its_moment():
    release = make_release(make_huangpu()["440112"])

    assert Release.objects.get(pk=release.pk).definitions == definitions.versions()
    assert {one.id for one in definitions.of_release(release)} == set(definitions.versions())


# --- in the API ---------------------------------------------------------------------------------------------------


@pytest.fixture
def api() -> Api:
    """Somebody who is signed in and a member of no district."""
    return Api(make_user())


@pytest.mark.django_db
def test_the_api_lists_every_definition_in_the_readers_language_and_in_both(api):
    english = api.get("definitions/").json()
    chinese = api.get("definitions/", Accept_Language="zh-Hans").json()

    assert (english["next"], english["previous"]) == (None, None)
    assert [one["id"] for one in english["results"]] == list(definitions.versions())
    [stock] = [one for one in english["results"] if one["id"] == "stock"]
    assert stock["formula"] == stock["formula_en"] == definitions.definition("stock").formula_en
    assert (stock["name_zh"], stock["version"], stock["unit"]) == ("在库", 1, "number_and_sums")
    [stock] = [one for one in chinese["results"] if one["id"] == "stock"]
    assert (stock["name"], stock["formula"]) == (stock["name_zh"], stock["formula_zh"])


@pytest.mark.django_db
def test_the_api_gives_one_definition_with_only_the_fields_asked_for_and_an_etag(api):
    answer = api.get("definitions/carried_over/?version=1&fields=id,version")

    assert answer.json() == {"id": "carried_over", "version": 1}
    again = api.get(
        "definitions/carried_over/?version=1&fields=id,version", If_None_Match=answer.headers["ETag"]
    )
    assert again.status_code == 304
    assert api.get("definitions/carried_over/").headers["ETag"] != answer.headers["ETag"]


@pytest.mark.django_db
def test_the_list_comes_as_a_table_too(api):
    lines = b"".join(api.get("definitions/?format=csv&fields=id,unit").streaming_content).decode("utf-8-sig")

    assert lines.splitlines()[:2] == ["id,unit", "entered,number_and_sums"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("definitions/nonsense/", 404, "not-found"),
        ("definitions/stock/?version=2000000000", 404, "not-found"),
        ("definitions/__class__/", 404, "not-found"),
        ("definitions/%00/", 404, "not-found"),
        ("definitions/stock/?version=0", 400, "validation"),
        ("definitions/stock/?version=1.0", 400, "validation"),
        ("definitions/stock/?versoin=1", 400, "validation"),
        ("definitions/?version=1", 400, "validation"),
        ("definitions/?page_size=1", 400, "validation"),
        ("definitions/?fields=nonsense", 400, "validation"),
    ],
)
def test_the_api_refuses_what_it_does_not_know(api, path, status, kind):
    assert_problem(api.get(path), status, kind)


@pytest.mark.django_db
def test_whoever_is_not_signed_in_is_asked_to():
    assert_problem(Api().get("definitions/"), 401, "authentication")
    assert_problem(Api().get("definitions/stock/"), 401, "authentication")
    assert Api().client.get("/definitions/").status_code == 302


# --- on the pages -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_shows_every_definition_under_its_anchor(language):
    response = signed_in(make_user(), language).get("/definitions/")

    html = response.content.decode()
    with translation.override(language):
        for one in definitions.current():
            assert html.count(f'id="{one.id}"') == 1
            assert one.name in html
    assert "stock of the quarter before" in html if language == "en" else "上季末在库" in html
    assert html.count(' id="') == len(set(re.findall(r' id="([^"]+)"', html)))


@pytest.mark.django_db
def test_the_page_takes_no_parameters_and_carries_no_inline_style_or_script():
    client = signed_in(make_user())

    assert read(client, "/definitions/").styled == []
    read(client, "/definitions/?stock=1", status=400)


@pytest.mark.django_db
def test_a_heading_says_what_its_figure_means_to_eyes_and_to_screen_readers():
    with translation.override("en"):
        html = Template("{% load meanings %}{% meaning 'yoy' %}").render(Context())

    assert 'href="/definitions/#yoy"' in html
    assert "a year before − 1" in html
    assert 'aria-label="What “Year on year” means"' in html


@pytest.mark.django_db
def test_the_figures_of_the_start_page_and_its_footer_lead_to_their_meanings():
    places = make_huangpu()
    make_project(district=places["440112"], milestones={"signed": "2023-01-29"})

    page = read(signed_in(make_user(district=places["440112"])), "/?district=440112&quarter=2023Q1")

    named = {link.href.partition("#")[2] for link in page.opening("/definitions/#")}
    assert {"yoy", "qoq", "ytd", "stock", "undated"} <= named
    assert named <= set(definitions.versions())
    assert all(link.label for link in page.opening("/definitions/#"))
    assert [link.text for link in page.opening("/definitions/") if not link.label] == [
        "What the figures mean"
    ]
