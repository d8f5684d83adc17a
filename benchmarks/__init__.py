"""What the service costs, always beside the plain way of doing the same: run with `make bench`."""
