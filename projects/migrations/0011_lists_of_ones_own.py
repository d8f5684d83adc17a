"""How each user likes the list of projects, and the views of it that were saved."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import projects.models.base


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0010_project_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
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
                    "name",
                    projects.models.base.TextField(
                        help_text="As in 一季度签约 or 本周要跟的项目.", max_length=60, verbose_name="name"
                    ),
                ),
                ("query", models.JSONField(blank=True, default=dict, verbose_name="filters and order")),
                ("columns", models.JSONField(blank=True, default=list, verbose_name="columns")),
                (
                    "unit",
                    models.CharField(
                        choices=[("yi", "亿元"), ("wan", "万元")],
                        default="yi",
                        max_length=5,
                        verbose_name="unit",
                    ),
                ),
                (
                    "district",
                    models.ForeignKey(
                        blank=True,
                        help_text="Everybody with a role in this district or below it finds the view. Empty: only you.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_views",
                        to="projects.district",
                        verbose_name="shared with",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="ListPreference",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="list_preference",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("columns", models.JSONField(blank=True, default=list, verbose_name="columns")),
                (
                    "unit",
                    models.CharField(
                        choices=[("yi", "亿元"), ("wan", "万元")],
                        default="yi",
                        max_length=5,
                        verbose_name="unit",
                    ),
                ),
                (
                    "default_view",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="projects.savedview",
                        verbose_name="opens with",
                    ),
                ),
            ],
            options={
                "verbose_name": "list preference",
                "verbose_name_plural": "list preferences",
            },
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                fields=("owner", "name"),
                name="saved_view_once",
                violation_error_message="You have a view of this name already.",
            ),
        ),
    ]
