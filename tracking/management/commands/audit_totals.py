"""`manage.py audit_totals`: recompute all totals from the milestones and list what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracking import audits
from tracking.management.watching import watch

SHOWN = 200


class Command(BaseCommand):
    """Exits with 1 if anything differs; repairs nothing. The audit stands in the admin's list like any other."""

    help = (
        "Recompute all totals from the milestones, beside the ledger and the stored cells; list what differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take who does the work."""
        parser.add_argument(
            "--in-parts",
            action="store_true",
            help="Let the workers share it, city by city, and show how far it is.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """List the differences, or say that there are none."""
        if options["in_parts"]:
            run = audits.ask_for_audit(actor=None, at=timezone.now())
            watch(audits.AUDIT, run, self.stdout.write)
        else:
            run, _kept = audits.run_now(timezone.now())
        for difference in run.differences.order_by("id")[:SHOWN]:
            self.stdout.write(audits.sentence(difference))
        if run.left_out:
            self.stdout.write(f"{run.left_out} projects left out: their last changes wait for approval.")
        if run.found:
            raise CommandError(f"{run.found} differences.", returncode=1)
        self.stdout.write("0 differences.")
