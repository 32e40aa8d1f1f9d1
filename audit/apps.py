from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The append-only log: entries, tree, checkpoints."""

    name = "audit"
