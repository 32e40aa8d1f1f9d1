from django.apps import AppConfig


class SmsGatewayConfig(AppConfig):
    """Texts in and out. Knows providers, and no room that decides what a text means."""

    name = "sms_gateway"

    def ready(self) -> None:
        from sms_gateway import checks  # noqa: F401 (registers them)
