"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "travelcheck.settings")

application = get_wsgi_application()

from core.checks import stop_on_problems  # noqa: E402  (Django has to be set up first)

stop_on_problems()
