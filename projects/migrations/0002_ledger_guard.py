"""The database refuses to change posted ledger entries, and sorts district paths byte by byte."""

from django.db import migrations

from projects import ledger_guard


def guard(apps, schema_editor):
    """Install the triggers; on PostgreSQL the path sorts by bytes, so that a subtree is a range in any locale."""
    ledger_guard.install(schema_editor.connection)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE projects_district ALTER COLUMN path TYPE varchar(120) COLLATE "C"')


def unguard(apps, schema_editor):
    """Take the triggers away."""
    ledger_guard.lift(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]
