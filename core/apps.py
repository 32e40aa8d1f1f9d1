from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Clock, keys, sealing, numbers, texts, limits, health: what every room stands on."""

    name = "core"

    def ready(self) -> None:
        from core import checks  # noqa: F401  (registers the system checks)
