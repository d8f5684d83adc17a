"""Sign-ins, what happened at the door (which the database keeps as it was noted), recovery codes, past passwords."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tracking.signing_in.guard import EVENTS


def guard(apps, schema_editor):
    """Install the triggers."""
    EVENTS.install(schema_editor.connection)


def unguard(apps, schema_editor):
    """Take them away."""
    EVENTS.lift(schema_editor.connection)


class Migration(migrations.Migration):
    """See the module."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PastPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="past_passwords",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("address", models.GenericIPAddressField(null=True, verbose_name="address")),
                ("agent", models.CharField(blank=True, max_length=200, verbose_name="program")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("seen_at", models.DateTimeField(verbose_name="last seen")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sign_ins",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in",
                "verbose_name_plural": "sign-ins",
                "ordering": ["-seen_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Event",
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
                            ("succeeded", "Sign-in succeeded"),
                            ("failed", "Wrong name or password"),
                            ("locked_out", "Locked out"),
                            ("code_failed", "Wrong code"),
                            ("signed_out", "Signed out"),
                            ("ended", "Sign-in ended"),
                        ],
                        max_length=12,
                        verbose_name="what",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        help_text="As it was typed.", max_length=150, verbose_name="Sign-in name"
                    ),
                ),
                ("address", models.GenericIPAddressField(null=True, verbose_name="address")),
                ("agent", models.CharField(blank=True, max_length=200, verbose_name="program")),
                (
                    "user",
                    models.ForeignKey(
                        help_text="Empty where nobody has the name that was typed.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_in_events",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in event",
                "verbose_name_plural": "sign-in events",
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="event_latest"),
                    models.Index(fields=["user", "-at", "-id"], name="event_of_user"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recovery_codes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "digest"), name="recovery_code_once")
                ],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
