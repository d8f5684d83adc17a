"""The admin: where officers enter and find what the record holds. Every page saves through projects.services."""

from projects.admin import desk, people, projects, reference, successions, tags, users

__all__ = ["desk", "people", "projects", "reference", "successions", "tags", "users"]
