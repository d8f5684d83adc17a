"""`manage.py approve_waiting USER`: where the review was switched off, let what still waits count as it is."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from projects import services
from projects.models import Project, Review, User

CHUNK = 1_000


class Command(BaseCommand):
    """Says how many projects wait, and approves them in the user's name, a thousand in each transaction."""

    help = "Approve, in a user's name, whatever still waits after APPROVAL_REQUIRED was switched off."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose name the ledger is to show."""
        parser.add_argument("username", metavar="USER")
        parser.add_argument("--dry-run", action="store_true", help="Only say how many there are.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Approve them all, or say why not."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError("There is no active user of this name.")
        if services.approval_required():
            raise CommandError("APPROVAL_REQUIRED is on: let the reviewers approve, or switch it off first.")
        waiting = Project.objects.exclude(review=Review.APPROVED).order_by("pk")
        if options["dry_run"]:
            self.stdout.write(f"{waiting.count()} projects wait.")
            return
        done = 0
        while ids := list(waiting.values_list("pk", flat=True)[:CHUNK]):
            done += services.approve_leftovers(ids, actor=user, at=timezone.now())
        self.stdout.write(f"{done} projects approved.")
