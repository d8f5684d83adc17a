"""An index for each order of the list of projects, for the few that do not count, and for a quarter of a country."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0007_indexes_that_are_read"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("superseded_at__isnull", True)),
                fields=["quarter", "kind", "district"],
                include=(
                    "id",
                    "investment",
                    "expected_output",
                    "expected_revenue",
                    "sector",
                    "project_type",
                    "ownership",
                ),
                name="ledger_current_of_quarter",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["name", "id"], name="project_by_name"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["total_investment", "id"], name="project_by_investment"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["signed_on", "id"], name="project_by_signing"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["started_on", "id"], name="project_by_start"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["completed_on", "id"], name="project_by_completion"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["planned_start_on", "id"], name="project_by_planned_start"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["planned_completion_on", "id"], name="project_by_planned_completion"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["created_at", "id"], name="project_by_creation"),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("voided_at__isnull", False)), fields=["id"], name="project_void"
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("exclusion_reason", ""), _negated=True),
                fields=["id"],
                name="project_excluded",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("suspended", True)), fields=["id"], name="project_suspended"
            ),
        ),
    ]
