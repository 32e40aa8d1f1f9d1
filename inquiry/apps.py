from django.apps import AppConfig


class InquiryConfig(AppConfig):
    """The SMS conversation."""

    name = "inquiry"
