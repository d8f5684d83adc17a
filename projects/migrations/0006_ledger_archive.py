"""The ledger's guard lets a closed entry move, unchanged, into the table of its year."""

from django.db import migrations

from projects import ledger_guard


def install(apps, schema_editor):
    """Make the triggers anew, with the one delete that is allowed."""
    ledger_guard.LEDGER.install(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0005_current_entries_by_sector")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
