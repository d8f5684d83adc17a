"""`manage.py load_divisions FILE`: a list of divisions, of one city or of the whole country; see docs/divisions.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from seeds.tables import TableError, read_file
from seeds.tree import DivisionsError, load_divisions

SHOWN = 200


class Command(BaseCommand):
    help = "Load provinces, cities, districts and zones from a CSV file; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help=_("Columns: code, name, and more; see docs/divisions.md.")
        )

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        try:
            count = load_divisions(read_file(file))
        except TableError as error:
            raise CommandError(str(error)) from error
        except DivisionsError as error:
            raise CommandError("\n".join(_report(error.problems))) from error
        self.stdout.write(
            _("%(added)d added, %(changed)d changed, %(unchanged)d unchanged")
            % {"added": count.added, "changed": count.changed, "unchanged": count.unchanged}
        )


def _report(problems: list[str]) -> list[str]:
    rest = len(problems) - SHOWN
    return [
        _("Nothing was loaded. Correct the file and try again:"),
        *problems[:SHOWN],
        *([_("and %(count)d more.") % {"count": rest}] if rest > 0 else []),
    ]
