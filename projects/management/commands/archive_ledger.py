"""`manage.py archive_ledger --before DAY`: move entries closed long ago into a table for each year."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.utils import timezone

from projects.services.archiving import archive, table_of


class Command(BaseCommand):
    """Nothing is lost: whatever is asked as of a past moment is answered as before. Harmless to repeat."""

    help = (
        "Move ledger entries closed before a day into a table for each year; every past moment still answers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Before when."""
        parser.add_argument("--before", type=past_day, required=True, help="a past day, as 2024-01-01")

    def handle(self, *args: Any, **options: Any) -> None:
        """Move them year by year and say how many."""
        if connection.vendor != "postgresql":
            raise CommandError("The ledger is archived on PostgreSQL only. SQLite keeps it in one table.")
        before = datetime.combine(options["before"], time(), timezone.get_default_timezone())
        try:
            for year, moved in archive(before):
                self.stdout.write(f"{moved} entries closed in {year} are in {table_of(year)}.")
        except OperationalError as error:
            raise CommandError(
                f"The database is busy; what was moved stays moved. Run it again. ({error})"
            ) from error
        self.stdout.write("Nothing else was closed before that day.")


def past_day(text: str) -> date:
    """A day that is past. Raises ArgumentTypeError."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("Write a day as 2024-01-01.") from error
    if day > timezone.localdate():
        raise ArgumentTypeError("The day must not lie in the future.")
    return day
