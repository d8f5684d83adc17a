"""The list that officers live in: its columns, filters, figures, saved views, and changing many projects at once."""
