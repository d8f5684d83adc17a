"""Seals of the ledger, dates of milestones in its entries, past size bands, successions of districts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from projects import ledger_guard


def lift(apps, schema_editor):
    """Take the triggers away: columns are added and filled."""
    ledger_guard.LEDGER.lift(schema_editor.connection)


def install(apps, schema_editor):
    """Put the triggers back, with the new columns among what is fixed."""
    ledger_guard.LEDGER.install(schema_editor.connection)


def fill(apps, schema_editor):
    """Take the dates over from the milestones, where they still stand; closed entries are left as they were."""
    rows = "(SELECT {column} FROM projects_milestone m WHERE m.id = projects_ledgerentry.milestone_id)"
    columns = {
        "happened_on": rows.format(column="m.happened_on"),
        "precision": f"COALESCE({rows.format(column='m.precision')}, '')",
        "planned_first_on": rows.format(column="m.planned_first_on"),
    }
    assignments = ", ".join(f"{name} = {value}" for name, value in columns.items())
    schema_editor.execute(f"UPDATE projects_ledgerentry SET {assignments} WHERE superseded_at IS NULL")  # noqa: S608


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0002_ledger_guard"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerSeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed_at", models.DateTimeField(unique=True, verbose_name="sealed at")),
            ],
            options={
                "verbose_name": "seal of the ledger",
                "verbose_name_plural": "seals of the ledger",
                "ordering": ["sealed_at"],
            },
        ),
        migrations.CreateModel(
            name="PastBands",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("until", models.DateTimeField(unique=True, verbose_name="until")),
                ("bands", models.JSONField(verbose_name="bands")),
            ],
            options={
                "verbose_name": "past size bands",
                "verbose_name_plural": "past size bands",
                "ordering": ["until"],
            },
        ),
        migrations.CreateModel(
            name="Succession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("renamed", "Renamed"), ("merged", "Merged"), ("split", "Split")],
                        max_length=8,
                        verbose_name="how",
                    ),
                ),
                (
                    "happened_on",
                    models.DateField(
                        help_text="The first day on which the new division counted.",
                        verbose_name="in force from",
                    ),
                ),
                ("recorded_at", models.DateTimeField(editable=False, verbose_name="recorded at")),
            ],
            options={
                "verbose_name": "succession of districts",
                "verbose_name_plural": "successions of districts",
                "ordering": ["happened_on", "id"],
            },
        ),
        migrations.RunPython(lift, install),
        migrations.AddField(
            model_name="ledgerentry",
            name="happened_on",
            field=models.DateField(null=True, verbose_name="happened on"),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="planned_first_on",
            field=models.DateField(null=True, verbose_name="first plan"),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="precision",
            field=models.CharField(
                blank=True,
                choices=[
                    ("day", "Day"),
                    ("month", "Month"),
                    ("quarter", "Quarter"),
                    ("year", "Year"),
                    ("unknown", "Happened, date unknown"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="known to the",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="cause",
            field=models.CharField(
                choices=[
                    ("reported", "Reported"),
                    ("reported_late", "Reported late"),
                    ("amount_corrected", "Amount corrected"),
                    ("date_moved", "Date moved"),
                    ("stage_moved", "Stage moved"),
                    ("district_moved", "District moved"),
                    ("sector_moved", "Sector moved"),
                    ("reclassified", "Type or ownership changed"),
                    ("excluded", "Excluded"),
                    ("included", "Counted again"),
                    ("split", "Split into phases"),
                    ("withdrawn", "Milestone withdrawn"),
                    ("voided", "Voided"),
                    ("plan_recorded", "First plan recorded"),
                ],
                max_length=20,
                verbose_name="cause",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="closing_cause",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reported", "Reported"),
                    ("reported_late", "Reported late"),
                    ("amount_corrected", "Amount corrected"),
                    ("date_moved", "Date moved"),
                    ("stage_moved", "Stage moved"),
                    ("district_moved", "District moved"),
                    ("sector_moved", "Sector moved"),
                    ("reclassified", "Type or ownership changed"),
                    ("excluded", "Excluded"),
                    ("included", "Counted again"),
                    ("split", "Split into phases"),
                    ("withdrawn", "Milestone withdrawn"),
                    ("voided", "Voided"),
                    ("plan_recorded", "First plan recorded"),
                ],
                max_length=20,
                verbose_name="closed because",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["recorded_at"], name="ledger_by_posting"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("superseded_at__isnull", False)),
                fields=["superseded_at"],
                name="ledger_by_closing",
            ),
        ),
        migrations.RunPython(install, lift),
        migrations.AddField(
            model_name="succession",
            name="predecessor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="successions",
                to="projects.district",
                verbose_name="predecessor",
            ),
        ),
        migrations.AddField(
            model_name="succession",
            name="recorded_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="recorded by",
            ),
        ),
        migrations.AddField(
            model_name="succession",
            name="successor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="origins",
                to="projects.district",
                verbose_name="successor",
            ),
        ),
        migrations.AddConstraint(
            model_name="succession",
            constraint=models.UniqueConstraint(
                fields=("predecessor", "successor"),
                name="succession_once",
                violation_error_message="This succession is recorded already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="succession",
            constraint=models.CheckConstraint(
                condition=models.Q(("predecessor", models.F("successor")), _negated=True),
                name="succession_of_another",
                violation_error_message="A district does not succeed itself.",
            ),
        ),
    ]
