"""What the figures look like in the API."""
