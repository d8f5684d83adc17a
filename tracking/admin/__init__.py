"""The admin's pages of the figures: claims and targets, mailing, releases, audits."""

from tracking.admin import audits, claims, desk, mailing, releases

__all__ = ["audits", "claims", "desk", "mailing", "releases"]
