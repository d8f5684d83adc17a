"""The Chinese catalogue: what is gathered from the sources, what is found wrong with it, and what it must hold."""

import gettext
from collections.abc import Sequence
from pathlib import Path

import django
import pytest
from babel.messages import Catalog
from django.utils import translation

from config.translations import (
    compile_catalogue,
    gather,
    problems,
    read,
    template_as_python,
    update,
)

LIBRARIES = (
    "django/contrib/admin",
    "django/contrib/auth",
    "django/contrib/contenttypes",
    "django/contrib/messages",
    "django/contrib/sessions",
    "django/core",
    "django/db",
    "django/forms",
    "rest_framework",
)
SAME_IN_CHINESE = {"…", ":", ":?.!", "IPv4", "IPv6", "URL", "%(class_name)s %(instance)s"}
NOT_A_TEXT = {"addedname", "changedname", "deletedname"}  # examples in comments of Django's sources

PYTHON = '''
"""A module."""
from django.utils.translation import gettext as _, gettext_lazy, ngettext_lazy, pgettext_lazy
_("One line")
gettext_lazy(
    "Two lines "
    "in one text"
)
ngettext_lazy("%(count)d project", "%(count)d projects", "count")
pgettext_lazy("of a year", "half")
str("not for translation")
'''
TEMPLATE = """{% extends "base.html" %}{% load i18n %}
<h1 title='{% translate "A title" %}'>{% trans "Heading" %} – {% translate "Two on one line" %}</h1>
    {% blocktranslate trimmed with name=project.name count number=total %}
        One project of {{ name }}
    {% plural %}
        {{ number }} projects of {{ name }}
    {% endblocktranslate %}
  <p>it's 100% "odd" (brackets [ {</p>
{{ value|default:_("none") }} {# a comment #} {% if x == "y" %}{% endif %}
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "app" / "templates").mkdir(parents=True)
    (tmp_path / "app" / "words.py").write_text(PYTHON, "utf-8")
    (tmp_path / "app" / "templates" / "page.html").write_text(TEMPLATE, "utf-8")
    return tmp_path


def catalogue_with(path: Path, **translations: str) -> Path:
    """A catalogue of these texts, `_` in the names standing for a blank."""
    found = Catalog(locale="zh_Hans")
    for text in translations:
        found.add(text.replace("_", " "))
    update(path, found)
    written = path.read_text("utf-8")
    for text, chinese in translations.items():
        written = written.replace(
            f'msgid "{text.replace("_", " ")}"\nmsgstr ""',
            f'msgid "{text.replace("_", " ")}"\nmsgstr "{chinese}"',
        )
    path.write_text(written, "utf-8")
    return path


def catalogue_of(*texts: str) -> Catalog:
    found = Catalog(locale="zh_Hans")
    for text in texts:
        found.add(text)
    return found


def test_every_kind_of_text_in_python_is_gathered(sources: Path) -> None:
    found = gather(sources, ("app",))

    assert "One line" in found
    assert "Two lines in one text" in found
    assert found["%(count)d project"].id == ("%(count)d project", "%(count)d projects")
    assert found.get("half", "of a year")
    assert "not for translation" not in found


def test_every_kind_of_text_in_a_template_is_gathered_whatever_stands_around_it(sources: Path) -> None:
    found = gather(sources, ("app",))

    assert {"A title", "Heading", "Two on one line", "none"} <= {message.id for message in found}
    assert found["One project of %(name)s"].id[1] == "%(number)s projects of %(name)s"


def test_an_unfinished_template_block_is_an_error_not_a_silence() -> None:
    with pytest.raises(SyntaxError):
        template_as_python("{% blocktranslate %}one {% if two %}{% endblocktranslate %}")


def test_a_complete_catalogue_has_no_problems(tmp_path: Path) -> None:
    path = catalogue_with(tmp_path / "django.po", Signed="已签约", Started="已开工")

    assert list(problems(path, catalogue_of("Signed", "Started"))) == []


@pytest.mark.parametrize(
    ("kept", "wanted", "sentence"),
    [
        ({"Signed": "已签约"}, ("Signed", "Started"), "not in the catalogue: 'Started'"),
        ({"Signed": "已签约", "Old": "旧"}, ("Signed",), "no longer used: 'Old'"),
        ({"Signed": ""}, ("Signed",), "not translated: 'Signed'"),
        ({"%(n)s_left": "还剩 %(m)s"}, ("%(n)s left",), "placeholders differ"),
        ({"{n}_left": "还剩"}, ("{n} left",), "placeholders differ"),
    ],
)
def test_each_thing_wrong_is_one_sentence(
    tmp_path: Path, kept: dict[str, str], wanted: tuple[str, ...], sentence: str
) -> None:
    path = catalogue_with(tmp_path / "django.po", **kept)

    [found] = problems(path, catalogue_of(*wanted))

    assert found.startswith(sentence)


def test_a_fuzzy_translation_counts_as_wrong(tmp_path: Path) -> None:
    path = catalogue_with(tmp_path / "django.po", Signed="已签约")
    path.write_text(path.read_text("utf-8").replace('msgid "Signed"', '#, fuzzy\nmsgid "Signed"'), "utf-8")

    assert [sentence for sentence in problems(path, catalogue_of("Signed")) if "fuzzy" in sentence]


def test_updating_keeps_translations_adds_new_texts_and_drops_old_ones(tmp_path: Path) -> None:
    path = catalogue_with(tmp_path / "django.po", Signed="已签约", Old="旧")

    waiting = update(path, catalogue_of("Signed", "Started"))

    assert waiting == 1
    assert read(path)["Signed"].string == "已签约"
    assert "Started" in read(path)
    assert "Old" not in path.read_text("utf-8")


def test_updating_twice_changes_nothing(tmp_path: Path) -> None:
    path = catalogue_with(tmp_path / "django.po", Signed="已签约")
    update(path, catalogue_of("Signed"))
    once = path.read_bytes()

    update(path, catalogue_of("Signed"))

    assert path.read_bytes() == once


def test_compiling_writes_what_django_reads_and_only_when_it_is_older(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    path = catalogue_with(folder / "django.po", Signed="已签约")

    assert compile_catalogue(path)
    assert not compile_catalogue(path)
    loaded = gettext.translation("django", tmp_path, [translation.to_locale("zh-hans")])
    assert loaded.gettext("Signed") == "已签约"


def test_what_libraries_say_is_in_chinese_too() -> None:
    packages = Path(django.__file__).parent.parent
    with translation.override("zh-hans"):
        missing = [
            f"{message.id!r} ({message.locations[0][0]})"
            for message in gather(packages, LIBRARIES)
            if message.id and not is_translated(message.id, message.context)
        ]

    assert not missing, "add these to config/third_party_messages.py:\n" + "\n".join(missing)


def is_translated(text: str | Sequence[str], context: str | None) -> bool:
    if text in SAME_IN_CHINESE | NOT_A_TEXT:
        return True
    if isinstance(text, str):
        said = translation.pgettext(context, text) if context else translation.gettext(text)
        return said != text
    one, many = text
    said = translation.npgettext(context, one, many, 2) if context else translation.ngettext(one, many, 2)
    return said not in text
