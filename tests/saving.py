"""A program that stands for the web process: it saves projects through the service and says how long each save took.

Each line that it reads is the code of a district; a signed project of one yuan is recorded there. It answers with the
seconds that the save took.
"""

import sys
import time
from datetime import date

import django

django.setup()

from django.db import close_old_connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from projects import services  # noqa: E402
from projects.models import District, Milestone, Project  # noqa: E402


def main() -> None:
    """Save once for every line."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        close_old_connections()
        project = Project(name="项目", district=District.objects.get(code=line.strip()), total_investment=1)
        signed = Milestone(project=project, kind="signed", happened_on=date(2023, 1, 29))
        began = time.monotonic()
        services.save_project(project, actor=None, at=timezone.now(), milestones=[signed])
        sys.stdout.write(f"{time.monotonic() - began}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
