from django.apps import AppConfig


class SignalingConfig(AppConfig):
    """Network events, the rule that makes stays of them, and the store of stay-points."""

    name = "signaling"

    def ready(self) -> None:
        from signaling import checks  # noqa: F401  (registers them)
