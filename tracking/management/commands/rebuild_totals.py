"""`manage.py rebuild_totals`: recompute every stored total from the ledger."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from tracking import cells, rebuilds
from tracking.management.watching import watch


class Command(BaseCommand):
    """Needed after generating projects in bulk or when an audit found a difference; harmless at any time."""

    help = "Recompute every stored total from the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take who does the work."""
        parser.add_argument(
            "--in-parts",
            action="store_true",
            help="Let the workers share it, city by city, and show how far it is.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many cells there are, or how many places were not right."""
        if not options["in_parts"]:
            self.stdout.write(f"{cells.rebuild().cells} cells rebuilt.")
            return
        run = rebuilds.ask_for_rebuild(actor=None, at=timezone.now())
        watch(rebuilds.REBUILD, run, self.stdout.write)
        cells.roll_up()  # what lies above the cities follows them
        self.stdout.write(f"{run.found} places were not right.")
