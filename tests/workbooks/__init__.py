"""Workbooks as bureaus have them, kept beside what is to be read from them; and files that are no good."""
