"""Files tell the notes of milestones: few have one, and those are found without reading the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0022_export_layouts_and_reports")]

    operations = [
        migrations.AddIndex(
            model_name="milestone",
            index=models.Index(
                condition=models.Q(("note", ""), _negated=True),
                fields=["project"],
                name="milestone_with_note",
            ),
        ),
    ]
