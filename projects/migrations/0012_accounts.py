"""Administrators of roles, and what was changed of accounts, which the database keeps as it was recorded."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from projects import ledger_guard


def guard(apps, schema_editor):
    """Install the triggers."""
    ledger_guard.ACCOUNT_CHANGES.install(schema_editor.connection)


def unguard(apps, schema_editor):
    """Take them away."""
    ledger_guard.ACCOUNT_CHANGES.lift(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0011_lists_of_ones_own"),
    ]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("viewer", "Viewer"),
                    ("editor", "Editor"),
                    ("reviewer", "Reviewer"),
                    ("publisher", "Publisher"),
                    ("administrator", "Administrator of roles"),
                ],
                help_text="A viewer reads, an editor records projects, a reviewer approves, a publisher releases figures, an administrator gives these roles.",
                max_length=16,
                verbose_name="role",
            ),
        ),
        migrations.CreateModel(
            name="AccountChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("made", "Account made"),
                            ("role_given", "Role given"),
                            ("role_taken", "Role taken"),
                            ("switched_on", "Switched on"),
                            ("switched_off", "Switched off"),
                            ("superuser_given", "Made superuser"),
                            ("superuser_taken", "No longer superuser"),
                            ("password_given", "Password given"),
                            ("password_changed", "Password changed"),
                            ("second_step_on", "Second step switched on"),
                            ("second_step_off", "Second step switched off"),
                            ("sessions_ended", "Sign-ins ended"),
                        ],
                        max_length=16,
                        verbose_name="what",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("viewer", "Viewer"),
                            ("editor", "Editor"),
                            ("reviewer", "Reviewer"),
                            ("publisher", "Publisher"),
                            ("administrator", "Administrator of roles"),
                        ],
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "district",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.district",
                        verbose_name="district",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="account_changes",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of an account",
                "verbose_name_plural": "changes of accounts",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["user", "-at", "-id"], name="account_changes_of_user")],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
