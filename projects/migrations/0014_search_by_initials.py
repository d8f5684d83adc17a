"""The initials of Chinese names join the texts by which projects are found: 广州科学城 as gzkxc, too."""

from collections import defaultdict

from django.db import migrations, transaction

from projects.initials import initials_of

CHUNK = 2_000  # projects in one transaction: nobody who saves meanwhile waits for more


def fill(apps, schema_editor):
    """From key to key; run again after a stop, it goes over what it did without changing it."""
    project, search = apps.get_model("projects", "Project"), apps.get_model("projects", "ProjectSearch")
    investors = apps.get_model("projects", "Organization").objects.order_by("projects", "pk")
    last = 0
    while True:
        found = list(project.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "name")[:CHUNK])
        if not found:
            break
        names = defaultdict(list, {pk: [name] for pk, name in found})
        invested = investors.filter(projects__gt=last, projects__lte=found[-1][0])
        for pk, name in invested.values_list("projects", "name"):
            names[pk].append(name)
        with transaction.atomic():
            rows = list(search.objects.select_for_update().filter(pk__gt=last, pk__lte=found[-1][0]))
            changed = [row for row in rows if _add(row, names[row.pk])]
            search.objects.bulk_create(
                changed, update_conflicts=True, unique_fields=["project"], update_fields=["text"]
            )
        last = found[-1][0]


def _add(row, names):
    """Whether initials were added that were not there."""
    initials = " ".join(filter(None, map(initials_of, names)))
    if not initials or row.text.endswith(f" {initials}"):
        return False
    row.text = f"{row.text} {initials}"
    return True


class Migration(migrations.Migration):
    """See the module."""

    atomic = False
    dependencies = [("projects", "0013_revisions")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
