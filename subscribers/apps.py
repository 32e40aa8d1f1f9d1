from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    """Numbers and their holders: tenures, blind indexes, keys, language, erasure."""

    name = "subscribers"
