"""A program that stands for the web process: it saves projects through the service and says how long each save took.

Each line that it reads is the code of a district; a signed project of one yuan is recorded there. It answers with the
seconds that the save took. Before it says that it is ready it has saved once and taken that back: what a new process
loads and compiles, seconds on a busy machine, is not what a broker costs, and no broker hears of what was taken back.
"""

import sys
import time
from datetime import date

import django

django.setup()

from django.db import close_old_connections, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from projects import services  # noqa: E402
from projects.models import District, Milestone, Project  # noqa: E402


def main() -> None:
    """Save once for every line."""
    with transaction.atomic():
        save(District.objects.earliest("pk"))
        transaction.set_rollback(True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        close_old_connections()
        sys.stdout.write(f"{save(District.objects.get(code=line.strip()))}\n")
        sys.stdout.flush()


def save(district: District) -> float:
    """Record a signed project of one yuan; the seconds that it took."""
    project = Project(name="项目", district=district, total_investment=1)
    signed = Milestone(project=project, kind="signed", happened_on=date(2023, 1, 29))
    began = time.monotonic()
    services.save_project(project, actor=None, at=timezone.now(), milestones=[signed])
    return time.monotonic() - began


if __name__ == "__main__":
    main()
