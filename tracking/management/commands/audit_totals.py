"""`manage.py audit_totals`: recompute all totals from the milestones and list what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracking import audits

SHOWN = 200


class Command(BaseCommand):
    """Exits with 1 if anything differs; repairs nothing. The audit stands in the admin's list like any other."""

    help = (
        "Recompute all totals from the milestones, beside the ledger and the stored cells; list what differs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """List the differences, or say that there are none."""
        run, kept = audits.run_now(timezone.now())
        for difference in kept[:SHOWN]:
            self.stdout.write(audits.sentence(difference))
        if run.found:
            raise CommandError(f"{run.found} differences.", returncode=1)
        self.stdout.write("0 differences.")
