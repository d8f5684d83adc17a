"""`manage.py audit_totals`: recompute all totals from the milestones and list what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking.audit import find_differences

SHOWN = 200


class Command(BaseCommand):
    """Exits with 1 if anything differs; repairs nothing."""

    help = (
        "Recompute all totals from the milestones, beside the ledger and the stored cells; list what differs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """List the differences, or say that there are none."""
        differences = find_differences()
        for difference in differences[:SHOWN]:
            self.stdout.write(str(difference))
        if differences:
            raise CommandError(f"{len(differences)} differences.", returncode=1)
        self.stdout.write("0 differences.")
