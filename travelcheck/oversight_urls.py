"""Every address of the auditors' own process. Log-in and accounts are the web process's."""

from django.urls import include, path
from django.views.i18n import set_language

from travelcheck import elsewhere, health

#: Pages of the web process that ours name.
ELSEWHERE = {
    "account_login": "account/login/",
    "account_logout": "account/logout/",
    "account_reauthenticate": "account/reauthenticate/",
    "account_change_password": "account/password/change/",
    "mfa_index": "account/second-factor/",
    "second_factor": "account/second-factor/set-up/",
}
urlpatterns = [
    path("livez", health.livez),
    path("language/", set_language, name="set_language"),
    path("oversight/", include("oversight.urls")),
    *(
        path(
            where,
            elsewhere.web,
            name=name,
        )
        for name, where in ELSEWHERE.items()
    ),
]
