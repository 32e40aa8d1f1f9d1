"""Every address the service answers at."""

from django.urls import include, path

from travelcheck import health

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("sms/", include("sms_gateway.urls")),
    path("sandbox/", include("sms_gateway.sandbox_urls")),
]
