from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """Requests, notices, consents, their state machine, and the gate."""

    name = "consent"
