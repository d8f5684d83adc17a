"""A waiting row says what moved, so that a roll-up adds it; one without a kind asks for its place to be recomputed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("projects", "0008_indexes_of_orders"),
    ]

    operations = [
        migrations.AddField(
            model_name="touchedcell",
            name="count",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="investment",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="kind",
            field=models.CharField(db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="leaving",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="output",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="revenue",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="with_investment",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="with_output",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="touchedcell",
            name="with_revenue",
            field=models.IntegerField(db_default=0, default=0),
        ),
    ]
