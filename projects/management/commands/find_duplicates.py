"""`manage.py find_duplicates`: compare every project with all others, and let what looks alike wait for a word."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from projects import services


class Command(BaseCommand):
    """For records that were there before duplicates were looked for; harmless twice, and it may be stopped."""

    help = "Find projects that may be recorded twice, among all; the pairs wait in the admin for an editor's word."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many pairs wait that did not before."""
        found = services.compare_all(timezone.now())
        self.stdout.write(f"{found} new pairs of possible duplicates.")
