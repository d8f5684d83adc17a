"""The admin: where officers enter and find what the record holds. Every page saves through projects.services."""

from projects.admin import desk, imports, people, projects, reference, successions, tags, users

__all__ = ["desk", "imports", "people", "projects", "reference", "successions", "tags", "users"]
