"""How a service says that a change cannot be made, in words of its own; the API and the admin translate them."""

from django.utils.functional import Promise


class StaleVersion(Exception):
    """Somebody else has changed the record since it was read; `current` is its version now."""

    def __init__(self, current: int) -> None:
        super().__init__(current)
        self.current = current


class StageConflict(Exception):
    """Another request was first: the record has moved on, so this step is no longer possible."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


class InUse(Exception):
    """What should be deleted is used elsewhere; the message names where."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


class NothingNew(Exception):
    """The same has been done already, and nothing has changed since; the sentence says when."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message
