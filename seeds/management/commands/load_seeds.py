"""`manage.py load_seeds`: the facts of the source documents; running it again changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from seeds.loading import SeedsError, load_all
from seeds.tables import TableError


class Command(BaseCommand):
    help = (
        "Load the districts, sectors, projects, claims and targets of the source documents; safe to repeat."
    )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            counts = load_all(timezone.now())
        except (SeedsError, TableError) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"] == 0:
            return
        for name, count in counts.items():
            self.stdout.write(
                _("%(table)s: %(added)d added, %(unchanged)d unchanged")
                % {"table": name, "added": count.added, "unchanged": count.unchanged}
            )
        if not any(count.added for count in counts.values()):
            self.stdout.write(_("Everything was there already; nothing was changed."))
