"""`manage.py rebuild_totals`: recompute every stored total from the ledger."""

from typing import Any

from django.core.management.base import BaseCommand

from tracking.cells import rebuild


class Command(BaseCommand):
    """Needed after generating projects in bulk or when an audit found a difference; harmless at any time."""

    help = "Recompute every stored total from the ledger."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many cells there are, and how many were not right."""
        done = rebuild()
        self.stdout.write(f"{done.cells} cells rebuilt, {done.corrected} of them corrected.")
