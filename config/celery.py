"""The Celery application and its timetable.

A tick computes what is due from the database; a missed or doubled tick does no harm.
"""

import os

from celery import Celery
from celery.schedules import crontab

import config.broker  # noqa: F401 - makes workers outlive a frozen Redis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("mingzhang")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "show that the timetable runs": {
        "task": "config.heartbeat",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "sweep what a lost message left": {
        "task": "tracking.roll_up",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "send the emails that are due": {"task": "tracking.send_due_emails", "schedule": crontab(minute="*/5")},
    "audit all totals": {"task": "tracking.audit_totals", "schedule": crontab(hour=2, minute=30)},
    "take up audits that wait": {
        "task": "tracking.run_audits",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "take up rebuilds that wait": {
        "task": "tracking.rebuild_totals",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "take up imports that wait": {
        "task": "projects.share_imports",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "prove new releases": {
        "task": "tracking.prove_releases",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "open projects whose confidentiality ends": {
        "task": "tracking.reveal_projects",
        "schedule": crontab(minute="*/5"),
    },
    "find projects that may be recorded twice": {
        "task": "tracking.find_duplicates",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "forget old idempotency keys": {
        "task": "tracking.forget_idempotency_keys",
        "schedule": crontab(minute=17),
    },
}
