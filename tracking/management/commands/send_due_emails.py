"""manage.py send_due_emails: plan and send what is due, here and now."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from tracking import deliveries
from tracking.deliveries import Outcome


class Command(BaseCommand):
    """Sends every email that is due, one after the other; exits with 1 if any could not be sent."""

    help = "Send the quarterly progress emails that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the moment that counts as now."""
        parser.add_argument(
            "--now",
            metavar="TIME",
            help="What is due at this moment, as 2023-04-01 or 2023-04-01T08:00 (Asia/Shanghai without an offset).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many came to what."""
        outcomes = deliveries.deliver_due(read_moment(options["now"]) if options["now"] else timezone.now())
        counts = [f"{outcomes[outcome]} {outcome}" for outcome in Outcome if outcomes[outcome]]
        self.stdout.write(f"Emails: {', '.join(counts) or 'none due'}.")
        if outcomes[Outcome.FAILED] or outcomes[Outcome.GIVEN_UP] or outcomes[Outcome.HELD]:
            raise CommandError("Not every email could be sent; the deliveries in the admin say why.")


def read_moment(text: str) -> datetime:
    """An ISO date or time; in Asia/Shanghai where it names no offset."""
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)  # noqa: DTZ001
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--now is a time as 2023-04-01T08:00, not {text!r}.")
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
