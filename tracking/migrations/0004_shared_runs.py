"""Audits and rebuilds consist of parts, which workers share; a difference may be one of a cell by sector."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0005_current_entries_by_sector"),
        ("tracking", "0003_totals_by_sector"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="auditdifference",
            name="sector",
            field=models.CharField(blank=True, db_default="", max_length=60, verbose_name="sector"),
        ),
        migrations.AlterField(
            model_name="auditdifference",
            name="where",
            field=models.CharField(
                choices=[
                    ("ledger", "Ledger"),
                    ("cell", "Stored total"),
                    ("sector", "Stored total by sector"),
                    ("release", "Release"),
                ],
                max_length=10,
                verbose_name="where",
            ),
        ),
        migrations.CreateModel(
            name="RebuildRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked for at")),
                ("started_at", models.DateTimeField(null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                (
                    "found",
                    models.PositiveIntegerField(
                        help_text="How many there are; 0 is expected.", null=True, verbose_name="differences"
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked for by",
                    ),
                ),
            ],
            options={
                "verbose_name": "rebuild",
                "verbose_name_plural": "rebuilds",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AuditPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("found", models.PositiveIntegerField(null=True)),
                (
                    "district",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.district",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="tracking.auditrun",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["run", "id"],
                        name="audit_part_free",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RebuildPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("found", models.PositiveIntegerField(null=True)),
                (
                    "district",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.district",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="tracking.rebuildrun",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["run", "id"],
                        name="rebuild_part_free",
                    )
                ],
            },
        ),
    ]
