"""The database refuses to change what happened at the door."""

from projects.ledger_guard import Guard

EVENTS = Guard("signing_in_event", "a sign-in event is never changed")
