"""The files that every package holds as they are. A changed byte is another format: see `tracking.package.contents`."""
