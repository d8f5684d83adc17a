"""The history of projects: who changed what, and the database's refusal to change it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import projects.models.base
from projects import ledger_guard

USER = settings.AUTH_USER_MODEL
DOORS = [
    ("admin", "Entered by hand"),
    ("api", "Interface for programs"),
    ("import", "Workbook"),
    ("command", "Command"),
    ("system", "The system itself"),
]


def guard(apps, schema_editor):
    """Install the triggers."""
    ledger_guard.REVISIONS.install(schema_editor.connection)


def unguard(apps, schema_editor):
    """Take them away."""
    ledger_guard.REVISIONS.lift(schema_editor.connection)


def person(verbose_name, **more):
    """Who did it."""
    protect = django.db.models.deletion.PROTECT
    return models.ForeignKey(
        db_index=False,
        null=True,
        on_delete=protect,
        related_name="+",
        to=USER,
        verbose_name=verbose_name,
        **more,
    )


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0012_accounts")]

    operations = [
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="changed at")),
                ("door", models.CharField(choices=DOORS, max_length=10, verbose_name="door")),
                (
                    "title",
                    projects.models.base.TextField(
                        help_text="What was changed, in words.", max_length=200, verbose_name="title"
                    ),
                ),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone at")),
                ("actor", person("changed by")),
                ("undone_by", person("undone by", blank=True)),
            ],
            options={
                "verbose_name": "bulk change",
                "verbose_name_plural": "bulk changes",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["actor", "id"], name="bulk_change_by_actor")],
            },
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        help_text="The version of the project that came of it.", verbose_name="version"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="changed at")),
                ("door", models.CharField(choices=DOORS, max_length=10, verbose_name="door")),
                (
                    "reason",
                    projects.models.base.TextField(blank=True, max_length=200, verbose_name="reason"),
                ),
                (
                    "posted_at",
                    models.DateTimeField(
                        help_text=(
                            "The moment under which its ledger entries were posted and closed; empty: none were."
                        ),
                        null=True,
                        verbose_name="posted at",
                    ),
                ),
                ("changes", models.JSONField(default=list, verbose_name="changes")),
                ("actor", person("changed by")),
                (
                    "bulk",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="projects.bulkchange",
                        verbose_name="bulk change",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="projects.project",
                        verbose_name="project",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a project",
                "verbose_name_plural": "changes of projects",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("bulk__isnull", False)),
                        fields=["bulk", "project"],
                        name="revision_by_bulk_change",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "version"), name="revision_once_per_version")
                ],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
