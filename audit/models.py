"""The log's tables. Nothing is written to them through these models: entries come from the SQL
functions `audit.append` and `audit.record`, the tree from the sequencer. `log` is the year whose
entries a tree holds. `docs/log.md` has the format.
"""

import json
import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """One thing that happened. `body` is what is hashed; the other columns repeat parts of it."""

    entry_uuid = models.UUIDField(unique=True)
    recorded_at = models.DateTimeField()
    event = models.TextField()
    org_ref = models.UUIDField(null=True)
    subject_ref = models.UUIDField(null=True)
    consent_id = models.UUIDField(null=True)
    body = models.BinaryField(help_text="the exact canonical JSON bytes, at most 65,535")

    class Meta:
        indexes = [
            # Few entries name all three; none is in an index for nothing. There is none by time:
            # ids rise with it (`audit.search`).
            *(
                models.Index(
                    fields=[column, "id"],
                    name=f"audit_entry_of_{name}",
                    condition=models.Q((f"{column}__isnull", False)),
                )
                for column, name in (
                    ("subject_ref", "subject"),
                    ("consent_id", "consent"),
                    ("org_ref", "organisation"),
                )
            ),
            models.Index(fields=["event", "id"], name="audit_entry_of_event"),
        ]

    @property
    def content(self) -> dict[str, Any]:
        """The body, read."""
        content: dict[str, Any] = json.loads(bytes(self.body))
        return content


class QueueItem(models.Model):
    """An entry that is no leaf yet. The trigger on entries fills it, the sequencer empties it."""

    entry_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "audit_queue"


class Leaf(models.Model):
    """The place of an entry in the tree of its year: gap-free from 0."""

    pk = models.CompositePrimaryKey("log", "seq")
    log = models.SmallIntegerField()
    seq = models.BigIntegerField()
    entry_id = models.BigIntegerField(unique=True)
    leaf_hash = models.BinaryField(help_text="SHA-256 of 0x00 and the entry's body")


class Node(models.Model):
    """A perfect subtree above the leaves (`audit.tree`)."""

    pk = models.CompositePrimaryKey("log", "level", "index")
    log = models.SmallIntegerField()
    level = models.SmallIntegerField()
    index = models.BigIntegerField(db_column="idx")
    hash = models.BinaryField()


class Checkpoint(models.Model):
    """The tree of a year at one size, as signed: `note` is a C2SP checkpoint."""

    pk = models.CompositePrimaryKey("log", "size")
    log = models.SmallIntegerField()
    size = models.BigIntegerField()
    origin = models.TextField()
    root = models.BinaryField()
    note = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["log", "made_at"], name="audit_checkpoint_by_time")]


class Cosignature(models.Model):
    """A witness's word on a checkpoint (`audit.cosignature`)."""

    pk = models.CompositePrimaryKey("log", "size", "witness")
    log = models.SmallIntegerField()
    size = models.BigIntegerField()
    witness = models.TextField(help_text="its verifier key (C2SP vkey)")
    signature = models.BinaryField(help_text="time and Ed25519 signature (cosignature/v1)")
    made_at = models.DateTimeField()


class Policy(models.Model):
    """How many of which witnesses a checkpoint needs. The latest row is in force."""

    quorum = models.SmallIntegerField()
    witnesses = ArrayField(models.TextField(), help_text="their verifier keys (C2SP vkey)")
    made_at = models.DateTimeField()


class Mirror(models.Model):
    """Somebody outside who keeps a copy of the log, entries included: an auditor, a witness."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.TextField(help_text="of an organisation, never of a person")
    token_sha256 = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    read_on = models.DateField(null=True, help_text="the last day (UTC) on which it read entries")


class Pruned(models.Model):
    """A year whose entries are gone by the published policy. Its last checkpoint stays."""

    log = models.SmallIntegerField(primary_key=True)
    size = models.BigIntegerField()
    pruned_at = models.DateTimeField()
