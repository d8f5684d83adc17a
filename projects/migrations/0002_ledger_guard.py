"""The database refuses to change posted ledger entries, and sorts district paths byte by byte."""

from dataclasses import replace

from django.db import migrations

from projects import ledger_guard

LATER = {"happened_on", "precision", "planned_first_on"}  # columns of the migration after this one
GUARD = replace(
    ledger_guard.LEDGER, fixed=tuple(name for name in ledger_guard.LEDGER.fixed if name not in LATER)
)


def guard(apps, schema_editor):
    """Install the triggers; on PostgreSQL the path sorts by bytes, so that a subtree is a range in any locale."""
    GUARD.install(schema_editor.connection)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE projects_district ALTER COLUMN path TYPE varchar(120) COLLATE "C"')


def unguard(apps, schema_editor):
    """Take the triggers away."""
    GUARD.lift(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]
