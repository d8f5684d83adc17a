"""The service's timetable with every entry due every two seconds, for a test."""

import logging
from typing import Any

from celery.signals import before_task_publish

from config.celery import app

EVERY = 2.0

for entry in app.conf.beat_schedule.values():
    entry["schedule"] = EVERY


@before_task_publish.connect
def say(sender: str = "", **_more: Any) -> None:
    logging.getLogger(__name__).warning("sends %s", sender)
