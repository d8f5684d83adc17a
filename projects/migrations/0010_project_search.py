"""The text by which each project is found, and on PostgreSQL the index of its grams."""

from collections import defaultdict

import django.db.models.deletion
from django.db import migrations, models

import projects.models.search
from projects import grams

CHUNK = 5_000


def fill(apps, schema_editor):
    """The texts of the projects that are recorded already; then the index."""
    project, search = apps.get_model("projects", "Project"), apps.get_model("projects", "ProjectSearch")
    investors = apps.get_model("projects", "Organization").objects.order_by("projects", "pk")
    last = 0
    while True:
        rows = project.objects.filter(pk__gt=last).order_by("pk")
        found = list(rows.values_list("pk", "code", "approval_code", "name", "name_en")[:CHUNK])
        if not found:
            break
        words = defaultdict(list, {pk: own for pk, *own in found})
        names = investors.filter(projects__gt=last, projects__lte=found[-1][0])
        for pk, *more in names.values_list("projects", "name", "name_en", "uscc"):
            words[pk] += more
        search.objects.bulk_create(
            search(project_id=pk, text=projects.models.search.text_of(each)) for pk, each in words.items()
        )
        last = found[-1][0]
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    grams.install(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [("projects", "0009_what_moves")]

    operations = [
        migrations.CreateModel(
            name="ProjectSearch",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="projects.project",
                    ),
                ),
                ("text", projects.models.search.SearchedText()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
