"""The Chinese catalogue: gathers what is to be translated, says what is missing, compiles it; without gettext's tools.

`python -m config.translations update | check | compile`. What libraries say and have not translated themselves is
listed in config/third_party_messages.py and translated in our catalogue like everything else.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parent.parent
SOURCES = ("config", "projects", "tracking", "seeds")
CATALOGUE = BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
LOCALE = "zh_Hans"
HEADER = "# Mingzhang in Simplified Chinese. `make messages` adds new texts and drops unused ones."
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdrif]|\{\w*\}")


def gather(base: Path = BASE_DIR, sources: tuple[str, ...] = SOURCES) -> Catalog:
    """Every translatable text of our Python files and templates, as a catalogue without translations."""
    found = Catalog(locale=LOCALE, domain="django", project="Mingzhang", charset="utf-8")
    for source in sources:
        for path in sorted((base / source).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                code = path.read_bytes()
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                code = template_as_python(path.read_text("utf-8"))
            else:
                continue
            for _line, text, comments, context in extract(
                "python", BytesIO(code), KEYWORDS, ["Translators:"]
            ):
                place = [(str(path.relative_to(base)), 0)]
                found.add(text, None, place, auto_comments=comments, context=context)
    return found


def template_as_python(text: str) -> bytes:
    """A template as calls of gettext: Django's own reading of it, without the indentation that Python would mind."""
    lines = (line.strip() for line in templatize(text).splitlines())
    return "\n".join(["# coding: utf-8", *lines]).encode()


def read(path: Path = CATALOGUE) -> Catalog:
    """The catalogue as it is kept; an empty one if there is none yet."""
    if not path.exists():
        header = {"header_comment": HEADER, "project": "Mingzhang", "version": "1", "copyright_holder": ""}
        people = {"msgid_bugs_address": "", "last_translator": "", "language_team": ""}
        return Catalog(LOCALE, "django", **header, **people, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE, domain="django", charset="utf-8")


def update(path: Path = CATALOGUE, found: Catalog | None = None) -> int:
    """Add new texts to the catalogue and drop those no longer used; how many wait for a translation."""
    catalogue, found = read(path), found or gather()
    found.creation_date = catalogue.creation_date
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    return sum(1 for message in catalogue if message.id and not all(_forms(message)))


def problems(path: Path = CATALOGUE, found: Catalog | None = None) -> Iterator[str]:
    """One sentence for each text that is missing, untranslated, fuzzy, no longer used, or lost a placeholder."""
    catalogue, found = read(path), found or gather()
    wanted = {(message.id, message.context): message for message in found if message.id}
    kept = {(message.id, message.context): message for message in catalogue if message.id}
    for key in wanted.keys() - kept.keys():
        yield f"not in the catalogue: {_quoted(wanted[key])}"
    for key in kept.keys() - wanted.keys():
        yield f"no longer used: {_quoted(kept[key])}"
    for key in wanted.keys() & kept.keys():
        yield from _problems_of(kept[key])


def _problems_of(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield f"marked fuzzy: {_quoted(message)}"
    original = message.id if isinstance(message.id, str) else message.id[-1]
    for form in _forms(message):
        if not form.strip():
            yield f"not translated: {_quoted(message)}"
        elif sorted(set(PLACEHOLDER.findall(form))) != sorted(set(PLACEHOLDER.findall(original))):
            yield f"placeholders differ: {_quoted(message)} → {form!r}"
        elif form.startswith("\n") != original.startswith("\n") or form.endswith("\n") != original.endswith(
            "\n"
        ):
            yield f"line ends differ: {_quoted(message)}"


def _forms(message: Message) -> tuple[str, ...]:
    """The translation's forms as texts: one, or one for each plural that the language has."""
    if isinstance(message.string, tuple | list):
        return tuple(form or "" for form in message.string)
    return (message.string or "",)


def _quoted(message: Message) -> str:
    text = message.id if isinstance(message.id, str) else message.id[0]
    where = ", ".join(sorted({place for place, _line in message.locations}))
    return f"{text!r} ({where or 'nowhere'})"


def compile_catalogue(path: Path = CATALOGUE) -> bool:
    """Write the .mo beside the .po if that is newer; whether it was written. Readers never see half a file."""
    target = path.with_suffix(".mo")
    if not path.exists() or (target.exists() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns):
        return False
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".mo.new", delete=False) as draft:
        write_mo(draft, read(path))
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(target)
    return True


def main(arguments: list[str]) -> int:
    """0 where all is well; `check` prints what is not and answers 1."""
    match arguments:
        case ["update"]:
            print(f"{update()} texts wait for a translation in {CATALOGUE.relative_to(BASE_DIR)}.")
        case ["compile"]:
            print("Compiled." if compile_catalogue() else "Nothing to compile.")
        case ["check"]:
            sentences = sorted(problems())
            print("\n".join(sentences) or "Every text is translated.")
            return 1 if sentences else 0
        case _:
            print("Usage: python -m config.translations update | check | compile", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
