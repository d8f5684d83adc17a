"""Pairs that may be one project, what was decided about them, and into which project another was merged."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import projects.models.base


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0019_names_compared"),
    ]

    operations = [
        migrations.CreateModel(
            name="DuplicateCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="DuplicateDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("same", "The same project, recorded twice"),
                            ("phase", "Phases of one project"),
                            ("increase", "One is a capital increase of the other"),
                            ("different", "Different projects"),
                        ],
                        max_length=10,
                        verbose_name="verdict",
                    ),
                ),
                ("reason", projects.models.base.TextField(max_length=200, verbose_name="reason")),
                ("reasons", models.JSONField(default=list, verbose_name="reasons")),
                ("at", models.DateTimeField(verbose_name="decided at")),
                ("carried", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "decision on duplicates",
                "verbose_name_plural": "decisions on duplicates",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="DuplicatePair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reasons", models.JSONField(default=list, verbose_name="reasons")),
                ("found_at", models.DateTimeField(verbose_name="found at")),
                ("waits", models.BooleanField(default=True, verbose_name="waits")),
            ],
            options={
                "verbose_name": "possible duplicate",
                "verbose_name_plural": "possible duplicates",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="project",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                help_text="The project that was recorded twice: this one is void, that one is kept.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="projects.project",
                verbose_name="merged into",
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
                    ("merged", "Duplicates merged"),
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
                    ("merged", "Duplicates merged"),
                    ("plan_recorded", "First plan recorded"),
                ],
                max_length=20,
                verbose_name="closed because",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="project_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True), ("voided_at__isnull", False), _connector="OR"
                ),
                name="project_merged_is_void",
                violation_error_message="Only a void project is merged into another.",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_into", models.F("id")), _negated=True),
                name="project_not_merged_into_itself",
                violation_error_message="A project is not merged into itself.",
            ),
        ),
        migrations.AddField(
            model_name="duplicatecheck",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="projects.project",
            ),
        ),
        migrations.AddField(
            model_name="duplicatedecision",
            name="actor",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="duplicatedecision",
            name="bulk",
            field=models.OneToOneField(
                help_text="What was changed by it, as one; empty where nothing was.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duplicate_decision",
                to="projects.bulkchange",
                verbose_name="bulk change",
            ),
        ),
        migrations.AddField(
            model_name="duplicatedecision",
            name="main",
            field=models.ForeignKey(
                db_index=False,
                help_text="Which was kept, or became the larger project; empty where they are different.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="projects.project",
                verbose_name="main project",
            ),
        ),
        migrations.AddField(
            model_name="duplicatepair",
            name="first",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="projects.project",
                verbose_name="project",
            ),
        ),
        migrations.AddField(
            model_name="duplicatepair",
            name="second",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="projects.project",
                verbose_name="possible duplicate",
            ),
        ),
        migrations.AddField(
            model_name="duplicatedecision",
            name="pair",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="projects.duplicatepair",
                verbose_name="possible duplicate",
            ),
        ),
        migrations.AddIndex(
            model_name="duplicatepair",
            index=models.Index(fields=["second"], name="duplicate_pair_by_second"),
        ),
        migrations.AddIndex(
            model_name="duplicatepair",
            index=models.Index(
                condition=models.Q(("waits", True)), fields=["id"], name="duplicate_pair_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="duplicatepair",
            constraint=models.UniqueConstraint(fields=("first", "second"), name="duplicate_pair_once"),
        ),
        migrations.AddConstraint(
            model_name="duplicatepair",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))), name="duplicate_pair_in_order"
            ),
        ),
    ]
