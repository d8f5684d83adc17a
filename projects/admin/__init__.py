"""The admin: where officers enter and find what the record holds. Every page saves through projects.services."""

from projects.admin import people, projects, reference, successions, users

__all__ = ["people", "projects", "reference", "successions", "users"]
