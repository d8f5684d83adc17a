"""Releases and their proofs, which the database refuses to change; audits and what they found."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import projects.models.base
from tracking import release_guard


def guard(apps, schema_editor):
    """Install the triggers."""
    for each in release_guard.GUARDS:
        each.install(schema_editor.connection)


def unguard(apps, schema_editor):
    """Take the triggers away."""
    for each in release_guard.GUARDS:
        each.lift(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0003_ledger_seals"),
        ("tracking", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quarter", models.CharField(max_length=6, verbose_name="quarter")),
                (
                    "revision",
                    models.PositiveSmallIntegerField(
                        help_text="0 for the first release.", verbose_name="revision"
                    ),
                ),
                (
                    "provisional",
                    models.BooleanField(
                        default=False,
                        help_text="Released before the quarter has ended.",
                        verbose_name="provisional",
                    ),
                ),
                ("released_at", models.DateTimeField(verbose_name="released at")),
                (
                    "note",
                    projects.models.base.LongTextField(
                        blank=True,
                        help_text="Why, or what has changed since the last one.",
                        max_length=4000,
                        verbose_name="note",
                    ),
                ),
                ("definitions", models.JSONField(default=dict, verbose_name="versions of the definitions")),
                (
                    "district",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="projects.district",
                        verbose_name="district",
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="released by",
                    ),
                ),
                (
                    "revises",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revised_by",
                        to="tracking.release",
                        verbose_name="revises",
                    ),
                ),
            ],
            options={
                "verbose_name": "release",
                "verbose_name_plural": "releases",
                "ordering": ["-released_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="AuditRun",
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
                "verbose_name": "audit",
                "verbose_name_plural": "audits",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AuditDifference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "where",
                    models.CharField(
                        choices=[("ledger", "Ledger"), ("cell", "Stored total"), ("release", "Release")],
                        max_length=10,
                        verbose_name="where",
                    ),
                ),
                ("district", models.CharField(max_length=20, verbose_name="district")),
                ("quarter", models.CharField(max_length=6, verbose_name="quarter")),
                ("kind", models.CharField(blank=True, max_length=20, verbose_name="milestone")),
                ("figure", models.CharField(max_length=60, verbose_name="figure")),
                ("expected", models.CharField(max_length=80, verbose_name="expected")),
                ("found", models.CharField(max_length=80, verbose_name="found")),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="differences",
                        to="tracking.auditrun",
                        verbose_name="audit",
                    ),
                ),
            ],
            options={
                "verbose_name": "difference",
                "verbose_name_plural": "differences",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReleaseProof",
            fields=[
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="proof",
                        serialize=False,
                        to="tracking.release",
                        verbose_name="release",
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="SHA-256 of the totals")),
                ("proved_at", models.DateTimeField(verbose_name="made at")),
            ],
            options={
                "verbose_name": "proof of a release",
                "verbose_name_plural": "proofs of releases",
            },
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(fields=["quarter", "district"], name="release_by_quarter"),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(fields=["-released_at", "-id"], name="release_newest"),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                fields=("district", "quarter", "revision"), name="release_once_per_revision"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revises__isnull", True), ("revision", 0)),
                    models.Q(("revises__isnull", False), ("revision__gt", 0)),
                    _connector="OR",
                ),
                name="release_names_what_it_revises",
            ),
        ),
        migrations.RunPython(guard, unguard),
    ]
