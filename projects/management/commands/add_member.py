"""`manage.py add_member USER DISTRICT ROLE`: give somebody a role in a district and everything below it."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from projects import services
from projects.models import District, Membership


class Command(BaseCommand):
    """Makes the user if need be, without a password: `manage.py changepassword USER` gives one."""

    help = (
        "Give a user a role (viewer, editor, reviewer, publisher, administrator) in a district "
        "and everything below it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, where, as what."""
        parser.add_argument("username")
        parser.add_argument("district", help="the district's code, as 440112")
        parser.add_argument("role", choices=Membership.Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what holds now; doing it twice is no error."""
        district = District.objects.filter(code=options["district"]).first()
        if district is None:
            raise CommandError(f"There is no district {options['district']}.")
        try:
            user = services.ensure_user(options["username"])
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        services.add_member(user, district, options["role"])
        self.stdout.write(f"{user.username} is {options['role']} of {district.code} {district.name}.")
        if not user.has_usable_password():
            self.stdout.write(f"No password yet: manage.py changepassword {user.username} gives one.")
