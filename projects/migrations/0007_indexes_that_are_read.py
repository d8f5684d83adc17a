"""Every index of projects and milestones has a reader: doubled ones go, that of dates comes, two become partial."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0006_ledger_archive"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="milestone",
            name="milestone_by_ceremony",
        ),
        migrations.AlterField(
            model_name="milestone",
            name="ceremony",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="milestones",
                to="projects.ceremony",
                verbose_name="ceremony",
            ),
        ),
        migrations.AlterField(
            model_name="milestone",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="milestones",
                to="projects.project",
                verbose_name="project",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="approval_code",
            field=models.CharField(
                blank=True,
                help_text="As in 2301-440112-04-01-123456. Only its shape is checked.",
                max_length=24,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}\\Z",
                        code="approval_code",
                        message="Write the approval code as 2301-440112-04-01-123456, digits and hyphens only.",
                    )
                ],
                verbose_name="national approval code",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="district",
            field=models.ForeignKey(
                db_index=False,
                help_text="Where it is counted: the zone where it lies in one, else the district. Higher levels follow by themselves.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="projects",
                to="projects.district",
                verbose_name="district",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The project that this is a phase or a capital increase of. Only its phases are counted.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="phases",
                to="projects.project",
                verbose_name="phase of",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="sector",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The main sector. Type part of its name.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="projects",
                to="projects.sector",
                verbose_name="sector",
            ),
        ),
        migrations.AddIndex(
            model_name="milestone",
            index=models.Index(
                condition=models.Q(("ceremony__isnull", False)),
                fields=["ceremony"],
                name="milestone_by_ceremony",
            ),
        ),
        migrations.AddIndex(
            model_name="milestone",
            index=models.Index(
                condition=models.Q(("happened_on__isnull", False)),
                fields=["kind", "happened_on"],
                name="milestone_by_date",
            ),
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(
                condition=models.Q(("parent__isnull", False)), fields=["parent"], name="project_by_parent"
            ),
        ),
    ]
