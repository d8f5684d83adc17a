"""A workbook may hold projects of the whole country; what its columns mean is remembered beside what districts mean."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0023_notes_in_files")]

    operations = [
        migrations.AlterField(
            model_name="import",
            name="district",
            field=models.ForeignKey(
                db_index=False,
                help_text="All rows of the workbook lie in it or below it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="imports",
                to="projects.district",
                verbose_name="district",
            ),
        ),
        migrations.AlterField(
            model_name="importmapping",
            name="district",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="import_mappings",
                to="projects.district",
            ),
        ),
        migrations.AddConstraint(
            model_name="importmapping",
            constraint=models.UniqueConstraint(
                condition=models.Q(("district", None)),
                fields=("words",),
                name="import_mapping_once_per_country",
            ),
        ),
    ]
