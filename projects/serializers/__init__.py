"""What the record looks like in the API, and what may be written of it."""
