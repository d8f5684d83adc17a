"""`manage.py create_token USER --scope read [--scope write]`: a token for the REST API, printed alone."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from projects.models import User
from projects.services.tokens import issue_token

SCOPES = ("read", "write", "publish")
DAYS, MOST_DAYS = 365, 3650


class Command(BaseCommand):
    """The token is shown this once; what is stored is its hash."""

    help = "Make an API token for a user and print it, and nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, for what, for how long."""
        parser.add_argument("username")
        parser.add_argument("--scope", action="append", choices=SCOPES, required=True)
        parser.add_argument("--days", type=int, default=DAYS, help="how long it is valid")
        parser.add_argument("--name", default="", help="what uses it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['username']}.")
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days is between 1 and {MOST_DAYS}.")
        try:
            _token, text = issue_token(
                user, name=options["name"], scopes=sorted(set(options["scope"])), days=options["days"]
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(text)
