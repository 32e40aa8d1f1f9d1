from django.apps import AppConfig


class SmsGatewayConfig(AppConfig):
    """Texts in and out. Knows providers, and no room that decides what a text means."""

    name = "sms_gateway"
