"""What `make run` starts: the whole service on one machine, without any server to install."""
