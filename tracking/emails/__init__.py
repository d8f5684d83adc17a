"""The emails: what each one says, computed apart from how it reads and from how it is sent."""

from tracking.emails.progress import ProgressReport, progress_report
from tracking.emails.rendering import render

__all__ = ["ProgressReport", "progress_report", "render"]
