"""The database refuses to change or delete a release, and the proof of what it said."""

from projects.ledger_guard import Guard

GUARDS = (
    Guard("tracking_release", "a release is never changed"),
    Guard("tracking_releaseproof", "the proof of a release is never changed"),
)
