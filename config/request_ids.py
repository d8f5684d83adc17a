"""The id of the request in hand, for errors and for every line of the log."""

from contextvars import ContextVar
from logging import Filter, LogRecord

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")


class RequestIdFilter(Filter):
    """Gives log formatters {request_id}."""

    def filter(self, record: LogRecord) -> bool:
        """Nothing is left out."""
        record.request_id = current_request_id.get()
        return True
