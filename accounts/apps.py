from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People with a log-in. Knows no organisation."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import sessions  # noqa: F401  (listens to log-ins)
