"""How the service is put together: settings, addresses, the Celery application, API conventions. No business rule."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
