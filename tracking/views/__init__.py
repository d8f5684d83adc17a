"""The doors of the figures for programs."""
