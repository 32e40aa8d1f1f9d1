from django.urls import path

from sms_gateway.providers.twilio import webhooks

urlpatterns = [
    path("twilio/inbound", webhooks.inbound),
    path("twilio/status", webhooks.status),
]
