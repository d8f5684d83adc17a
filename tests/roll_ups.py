"""Roll-ups in tests without a broker in between: as a worker does them, and to the end."""

import time
from multiprocessing.synchronize import Event

from projects.models import TouchedCell
from tracking import cells


def roll_up_meanwhile(done: Event) -> None:
    """What a worker does until it is told that all is done."""
    while not done.is_set():
        cells.roll_up()
        time.sleep(0.1)


def settle() -> None:
    """Recompute what is still waiting."""
    cells.roll_up()
    assert not TouchedCell.objects.exists()
