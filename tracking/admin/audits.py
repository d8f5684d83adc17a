"""The admin's pages of audits."""
