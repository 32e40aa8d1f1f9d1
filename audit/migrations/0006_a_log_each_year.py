"""A log each year; witnesses, the policy that counts them, and what stands under it."""

import django.contrib.postgres.fields
from django.db import migrations, models

from core.migration_operations import SQLFile


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_askers_and_auditors"), ("core", "0002_functions")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[SQLFile("audit", "by_year.sql")],
            # Django cannot change a primary key into a composite one; for it, these are new.
            state_operations=[
                migrations.DeleteModel("Leaf"),
                migrations.DeleteModel("Node"),
                migrations.DeleteModel("Checkpoint"),
                migrations.CreateModel(
                    name="Leaf",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "log",
                                "seq",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("log", models.SmallIntegerField()),
                        ("seq", models.BigIntegerField()),
                        ("entry_id", models.BigIntegerField(unique=True)),
                        (
                            "leaf_hash",
                            models.BinaryField(help_text="SHA-256 of 0x00 and the entry's body"),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Node",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "log",
                                "level",
                                "index",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("log", models.SmallIntegerField()),
                        ("level", models.SmallIntegerField()),
                        ("index", models.BigIntegerField(db_column="idx")),
                        ("hash", models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Checkpoint",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "log",
                                "size",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("log", models.SmallIntegerField()),
                        ("size", models.BigIntegerField()),
                        ("origin", models.TextField()),
                        ("root", models.BinaryField()),
                        ("note", models.TextField()),
                        ("made_at", models.DateTimeField()),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quorum", models.SmallIntegerField()),
                (
                    "witnesses",
                    django.contrib.postgres.fields.ArrayField(
                        models.TextField(), help_text="their verifier keys (C2SP vkey)"
                    ),
                ),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log",
                        "size",
                        "witness",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("log", models.SmallIntegerField()),
                ("size", models.BigIntegerField()),
                ("witness", models.TextField(help_text="its verifier key (C2SP vkey)")),
                (
                    "signature",
                    models.BinaryField(help_text="time and Ed25519 signature (cosignature/v1)"),
                ),
                ("made_at", models.DateTimeField()),
            ],
        ),
        SQLFile("audit", "witnesses.sql"),
        SQLFile("audit", "acceptance.sql"),
    ]
