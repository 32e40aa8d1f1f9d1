"""Every address the service answers at."""

from django.urls import include, path, re_path
from django.views.i18n import set_language

from travelcheck import elsewhere, health, metrics

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("audit/", include("audit.urls")),
    path("sms/", include("sms_gateway.urls")),
    path("api/v1/", include("verification.api.urls")),
    path("account/", include("accounts.urls")),
    path("employers/", include("organisations.employer_urls")),
    path("employers/", include("verification.portal_urls")),
    path("operations/", include("organisations.operation_urls")),
    path("operations/", include("disputes.urls")),
    path("language/", set_language, name="set_language"),
    path("sandbox/", include("sms_gateway.sandbox_urls")),
    # Somebody who logged in to get there; a proxy in front leads the rest to the auditors' process.
    re_path("^oversight/", elsewhere.oversight),
    path("me/", include("subject_access.urls")),
    path("", include("inquiry.urls")),
    path("", include("verification.urls")),
]
