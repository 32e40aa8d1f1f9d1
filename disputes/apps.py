from django.apps import AppConfig


class DisputesConfig(AppConfig):
    """Visits that people say are wrong."""

    name = "disputes"
