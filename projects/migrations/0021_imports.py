"""Imports of workbooks: what was sent, what a check found, what a bureau calls its columns."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import projects.models.base


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0020_duplicates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="created at")),
                ("updated_at", models.DateTimeField(editable=False, verbose_name="updated at")),
                (
                    "door",
                    models.CharField(
                        choices=[
                            ("admin", "Entered by hand"),
                            ("api", "Interface for programs"),
                            ("import", "Workbook"),
                            ("command", "Command"),
                            ("system", "The system itself"),
                        ],
                        max_length=10,
                        verbose_name="door",
                    ),
                ),
                ("file_name", projects.models.base.TextField(max_length=150, verbose_name="file name")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("checking", "Being checked"),
                            ("ready", "Ready to import"),
                            ("invalid", "To be corrected"),
                            ("failed", "Failed"),
                            ("committing", "Being imported"),
                            ("committed", "Imported"),
                            ("undone", "Taken back"),
                        ],
                        default="checking",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "notice",
                    models.CharField(
                        blank=True,
                        choices=[
                            (
                                "changed",
                                "The records have changed since the preview was made: nothing was imported. Look at it again.",
                            ),
                            (
                                "built_upon",
                                "It was not taken back: projects of it have been changed since. Nothing was changed.",
                            ),
                            (
                                "refused",
                                "It was not taken back: a rule stands against it. Nothing was changed.",
                            ),
                            (
                                "forbidden",
                                "Nothing was done: whoever asked for it no longer records projects there.",
                            ),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "job",
                    models.CharField(
                        blank=True,
                        choices=[("check", "check"), ("commit", "commit"), ("undo", "undo")],
                        default="check",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked for at")),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("of", models.PositiveIntegerField(default=0)),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("created", models.PositiveIntegerField(default=0, verbose_name="new")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="changed")),
                ("unchanged", models.PositiveIntegerField(default=0, verbose_name="left alone")),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="refused")),
                ("error_count", models.PositiveIntegerField(default=0, verbose_name="errors")),
                ("warning_count", models.PositiveIntegerField(default=0, verbose_name="warnings")),
                ("mapping", models.JSONField(blank=True, default=dict)),
                ("answers", models.JSONField(blank=True, default=dict)),
                ("columns", models.JSONField(blank=True, default=list)),
                ("checked_at", models.DateTimeField(null=True, verbose_name="checked at")),
                ("committed_at", models.DateTimeField(null=True, verbose_name="imported at")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="taken back at")),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "bulk",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imported",
                        to="projects.bulkchange",
                        verbose_name="bulk change",
                    ),
                ),
                (
                    "committed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="imported by",
                    ),
                ),
                (
                    "district",
                    models.ForeignKey(
                        db_index=False,
                        help_text="All rows of the workbook lie in it or below it.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="projects.district",
                        verbose_name="district",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken back by",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sent by",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ImportMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", projects.models.base.TextField(max_length=200, verbose_name="header words")),
                ("field", models.CharField(blank=True, max_length=40, verbose_name="field")),
                ("unit", models.PositiveBigIntegerField(blank=True, null=True, verbose_name="yuan in one")),
                ("set_at", models.DateTimeField(verbose_name="set at")),
                (
                    "district",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="import_mappings",
                        to="projects.district",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "meaning of a column",
                "verbose_name_plural": "meanings of columns",
                "ordering": ["district", "words"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("district", "words"), name="import_mapping_once_per_district"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sort",
                    models.CharField(
                        choices=[
                            ("created", "New"),
                            ("changed", "Changed"),
                            ("unchanged", "Left alone"),
                            ("errors", "Errors"),
                            ("warnings", "Warnings"),
                            ("questions", "Questions"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("lines", models.JSONField(default=list)),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="projects.import",
                    ),
                ),
            ],
            options={
                "ordering": ["run", "sort", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "sort", "number"), name="import_part_once")
                ],
            },
        ),
    ]
