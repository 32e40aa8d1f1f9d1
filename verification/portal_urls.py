"""The employers' portal, beside the pages of organisations."""

from django.urls import path

from verification.views import asking, requests, uploads, usage, webhooks

app_name = "portal"
HERE = "<uuid:organisation_id>/"
ONE = f"{HERE}requests/<uuid:request_id>/"
UPLOAD = f"{HERE}uploads/<uuid:upload_id>/"
HOOK = f"{HERE}webhooks/<uuid:webhook_id>/"
urlpatterns = [
    path(f"{HERE}ask/", asking.ask, name="ask"),
    path(f"{HERE}ask/places/", asking.find_places, name="places"),
    path(f"{HERE}requests/", requests.follow, name="requests"),
    path(f"{HERE}requests/list.csv", requests.listed, name="list"),
    path(ONE, requests.one, name="request"),
    path(f"{ONE}cancel/", requests.cancel, name="cancel"),
    path(f"{ONE}answer/", requests.answer, name="answer"),
    path(f"{ONE}answer.<str:kind>", requests.answer_file, name="answer_file"),
    path(f"{HERE}uploads/", uploads.uploads, name="uploads"),
    path(UPLOAD, uploads.one, name="upload"),
    path(f"{UPLOAD}send/", uploads.send, name="send_upload"),
    path(f"{HERE}usage/", usage.show, name="usage"),
    path(f"{HERE}webhooks/", webhooks.webhooks, name="webhooks"),
    path(HOOK, webhooks.one, name="webhook"),
    path(f"{HOOK}rotate/", webhooks.rotate, name="rotate_webhook"),
    path(f"{HOOK}end-old-secret/", webhooks.end_old_secret, name="end_old_secret"),
    path(f"{HOOK}disable/", webhooks.disable, name="disable_webhook"),
    path(f"{HOOK}enable/", webhooks.enable, name="enable_webhook"),
    path(f"{HOOK}test/", webhooks.send_test, name="test_webhook"),
    path(f"{HOOK}remove/", webhooks.remove, name="remove_webhook"),
]
