"""The Celery tasks of the figures: each makes one call and may run twice, late or never."""

from celery import shared_task

from tracking import cells


@shared_task(name="tracking.roll_up")
def roll_up() -> None:
    """Recompute the cells that the ledger touched; announced after a commit, and repeated by the timetable's sweep."""
    cells.roll_up()
