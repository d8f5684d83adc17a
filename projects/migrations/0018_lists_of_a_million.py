"""Lists, search and desks among a million projects: grams of three, a covering index, what is late by its stage."""

from django.db import migrations, models

from projects import grams


def make_grams_again(apps, schema_editor):
    """Three Latin letters or digits in a row are a gram on PostgreSQL; some two minutes for a million projects."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    grams.install(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0017_confidential")]

    operations = [
        migrations.RemoveIndex(model_name="project", name="project_by_district_stage"),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                fields=["district", "stage", "id"],
                include=["total_investment", "expected_output", "project_type", "voided_at"],
                name="project_by_district_stage",
            ),
        ),
        migrations.RemoveIndex(model_name="project", name="project_late_to_start"),
        migrations.RemoveIndex(model_name="project", name="project_late_to_complete"),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(planned_start_on__isnull=False, started_on__isnull=True),
                fields=["stage", "planned_start_on"],
                name="project_late_to_start",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(planned_completion_on__isnull=False, completed_on__isnull=True),
                fields=["stage", "planned_completion_on"],
                name="project_late_to_complete",
            ),
        ),
        migrations.RunPython(make_grams_again, migrations.RunPython.noop),
    ]
