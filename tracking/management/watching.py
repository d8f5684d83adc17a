"""Watching from a command how workers do a run, part by part."""

import time
from collections.abc import Callable

from tracking import parts
from tracking.models import Run

LOOK_EVERY = 0.2  # seconds


def watch(work: parts.Work, run: Run, say: Callable[[str], object]) -> None:
    """Wait until the run has finished, and say how far it is whenever that has changed, at last that all is done."""
    said = (0, 0)
    finished = False
    while not finished:
        finished = parts.is_finished(run)
        done = parts.progress(work, run)
        if done != said:
            say(f"{done[0]} of {done[1]} parts")
            said = done
        if not finished:
            time.sleep(LOOK_EVERY)
