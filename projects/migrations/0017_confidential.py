"""What confidential projects hide is put aside."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0016_tags_charges_attachments"),
    ]

    operations = [
        migrations.CreateModel(
            name="PutAside",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="put_aside",
                        serialize=False,
                        to="projects.project",
                        verbose_name="project",
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("approval_code", models.CharField(blank=True, max_length=24)),
                ("name", models.CharField(max_length=200)),
                ("name_en", models.CharField(blank=True, max_length=300)),
                ("remark", models.TextField(blank=True)),
                ("source", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "verbose_name": "project",
                "verbose_name_plural": "projects",
            },
        ),
        migrations.AddField(
            model_name="project",
            name="confidential",
            field=models.BooleanField(
                default=False,
                help_text="Name, codes, investors, remark, source, files and comments are hidden from all but its editors, reviewers, administrators and the people in charge, until it is signed. Its figures count as always.",
                verbose_name="confidential before signing",
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="confidential_until",
            field=models.DateField(
                blank=True,
                help_text="From this day on it is open, signed or not. Empty: until it is signed.",
                null=True,
                verbose_name="confidential until",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("confidential_until__isnull", False)),
                fields=["confidential_until"],
                name="project_confidential_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confidential", True), ("confidential_until__isnull", True), _connector="OR"
                ),
                name="project_confidential_has_until",
                violation_error_message="Only a confidential project has a day until which it is.",
            ),
        ),
        migrations.AddField(
            model_name="putaside",
            name="investors",
            field=models.ManyToManyField(
                related_name="put_aside", to="projects.organization", verbose_name="investors"
            ),
        ),
    ]
