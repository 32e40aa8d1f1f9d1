from django.apps import AppConfig


class SubjectAccessConfig(AppConfig):
    """Visits that people say are wrong."""

    name = "subject_access"
