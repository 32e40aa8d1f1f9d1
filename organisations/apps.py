from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """Organisations, members, invitations and keys. Knows no question and no answer."""

    name = "organisations"
