"""The core of each project's name, by which alike ones are found; and approval codes are looked up again."""

from django.db import migrations, models, transaction

from projects.alike import kept_core

CHUNK = 2_000  # projects in one transaction: nobody who saves meanwhile waits for more


def fill(apps, schema_editor):
    """From key to key; run again after a stop, it goes over what it did without changing it."""
    project, search = apps.get_model("projects", "Project"), apps.get_model("projects", "ProjectSearch")
    last = 0
    while True:
        names = dict(project.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "name")[:CHUNK])
        if not names:
            break
        cores = {pk: kept_core(name) for pk, name in names.items()}
        with transaction.atomic():
            rows = search.objects.select_for_update().filter(pk__gt=last, pk__lte=max(names))
            changed = [row for row in rows if row.core != cores[row.pk]]
            for row in changed:
                row.core = cores[row.pk]
            search.objects.bulk_create(
                changed, update_conflicts=True, unique_fields=["project"], update_fields=["core"]
            )
        last = max(names)


class Migration(migrations.Migration):
    """See the module."""

    atomic = False
    dependencies = [("projects", "0018_lists_of_a_million")]

    operations = [
        migrations.AddField(
            "projectsearch", "core", models.CharField(db_default="", default="", max_length=120)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            "projectsearch", models.Index(fields=["core", "project"], name="project_by_core")
        ),
        migrations.AddIndex(
            "project",
            models.Index(
                condition=models.Q(("approval_code", ""), _negated=True),
                fields=["approval_code"],
                name="project_by_approval_code",
            ),
        ),
    ]
