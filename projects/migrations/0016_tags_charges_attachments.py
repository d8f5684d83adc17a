"""Tags and 双百, who is in charge, and attachments."""

import datetime as dt

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import projects.models.base


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0015_review_and_comments"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z0-9]+([-_][a-z0-9]+)*\\Z",
                                "Use small letters, digits and hyphens, as in new-materials.",
                                code="invalid",
                            )
                        ],
                        verbose_name="code",
                    ),
                ),
                ("name", projects.models.base.TextField(max_length=100, verbose_name="name")),
                (
                    "name_en",
                    projects.models.base.TextField(blank=True, max_length=200, verbose_name="English name"),
                ),
            ],
            options={
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
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
                        choices=[
                            ("contract", "Contract"),
                            ("permit", "Permit"),
                            ("photo", "Photograph"),
                            ("other", "Other file"),
                        ],
                        max_length=10,
                        verbose_name="kind of file",
                    ),
                ),
                ("name", projects.models.base.TextField(max_length=150, verbose_name="file name")),
                (
                    "file_type",
                    models.CharField(
                        choices=[
                            ("pdf", "PDF"),
                            ("jpeg", "JPEG picture"),
                            ("png", "PNG picture"),
                            ("docx", "Word document"),
                            ("xlsx", "Excel workbook"),
                        ],
                        help_text="By its content, not by its name.",
                        max_length=10,
                        verbose_name="file type",
                    ),
                ),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                (
                    "sha256",
                    models.CharField(
                        help_text="Of the content; the name under which it is kept.",
                        max_length=64,
                        verbose_name="SHA-256",
                    ),
                ),
                ("added_at", models.DateTimeField(verbose_name="added at")),
                ("removed_at", models.DateTimeField(null=True, verbose_name="removed at")),
                (
                    "added_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="added by",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="projects.project",
                        verbose_name="project",
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="removed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "attachment",
                "verbose_name_plural": "attachments",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Charge",
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
                    "role",
                    models.CharField(
                        choices=[("leader", "Leader in charge"), ("officer", "Officer in charge")],
                        help_text="One leader at a time; as many officers as work on it.",
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                (
                    "name",
                    projects.models.base.TextField(
                        blank=True,
                        help_text="Of somebody who has no account here.",
                        max_length=60,
                        verbose_name="name",
                    ),
                ),
                (
                    "unit",
                    projects.models.base.TextField(
                        blank=True, help_text="Where the person works.", max_length=100, verbose_name="unit"
                    ),
                ),
                (
                    "telephone",
                    models.CharField(
                        blank=True,
                        help_text="As in 020-82111111 or 13800000000.",
                        max_length=30,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[0-9+][0-9 ()+-]{2,28}[0-9]\\Z",
                                "Write the number as 020-82111111 or 13800000000.",
                            )
                        ],
                        verbose_name="telephone",
                    ),
                ),
                ("from_on", models.DateField(help_text="The first day.", verbose_name="from")),
                (
                    "until_on",
                    models.DateField(
                        blank=True,
                        help_text="The last day, included; empty: to this day.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="projects.project",
                        verbose_name="project",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Who signs in here. For somebody without an account write the name instead.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "person in charge",
                "verbose_name_plural": "people in charge",
                "ordering": ["role", "-from_on", "-id"],
            },
        ),
        migrations.AddField(
            model_name="project",
            name="tags",
            field=models.ManyToManyField(
                blank=True,
                help_text="Marks such as 链主. 双百 follows from the amounts and is not chosen.",
                related_name="projects",
                to="projects.tag",
                verbose_name="tags",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(
                    ("expected_output__gte", 10000000000), ("total_investment__gte", 10000000000)
                ),
                fields=["id"],
                name="project_double_hundred",
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("project", "sha256"),
                name="attachment_once_per_project",
                violation_error_message="This file is attached already.",
            ),
        ),
        migrations.AddIndex(
            model_name="charge",
            index=models.Index(
                condition=models.Q(("user__isnull", False)), fields=["user", "project"], name="charge_by_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), ("user__isnull", False)),
                    models.Q(models.Q(("user__isnull", True)), models.Q(("name", ""), _negated=True)),
                    _connector="OR",
                ),
                name="charge_of_a_user_or_a_name",
                violation_error_message="Choose a user or write a name: one of the two.",
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("from_on__gte", dt.date(1949, 1, 1)),
                    models.Q(
                        ("until_on__isnull", True),
                        models.Q(
                            ("until_on__gte", models.F("from_on")), ("until_on__lte", dt.date(2100, 12, 31))
                        ),
                        _connector="OR",
                    ),
                ),
                name="charge_ends_after_it_began",
                violation_error_message="The last day lies before the first, or a day is not between 1949 and 2100.",
            ),
        ),
    ]
