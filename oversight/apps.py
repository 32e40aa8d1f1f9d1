from django.apps import AppConfig


class OversightConfig(AppConfig):
    """Auditors: they read the log, and everything they read is in it."""

    name = "oversight"
