"""The log's tables. Nothing is written to them through these models: entries come from the SQL
functions `audit.append` and `audit.record`, the tree from the sequencer. `docs/log.md` has the
format.
"""

import json
from typing import Any

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
            models.Index(fields=["subject_ref", "id"], name="audit_entry_of_subject"),
            models.Index(fields=["consent_id", "id"], name="audit_entry_of_consent"),
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
    """The place of an entry in the tree: gap-free from 0."""

    seq = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    leaf_hash = models.BinaryField(help_text="SHA-256 of 0x00 and the entry's body")


class Node(models.Model):
    """A perfect subtree above the leaves (`audit.tree`)."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField(db_column="idx")
    hash = models.BinaryField()


class Checkpoint(models.Model):
    """The tree at one size, as signed: `note` is a C2SP checkpoint."""

    size = models.BigIntegerField(primary_key=True)
    origin = models.TextField()
    root = models.BinaryField()
    note = models.TextField()
    made_at = models.DateTimeField()
