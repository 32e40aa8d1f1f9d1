"""Twilio as it calls us and as we call it, for the tests of its provider."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from sms_gateway import providers
from sms_gateway.models import DeliveryReport, InboundMessage
from tests.fakes import twilio_api
from tests.fakes.twilio_api import TOKEN, FakeTwilio
from tests.integration.sms_gateway.conftest import NUMBER

BASE = "https://travelcheck.example"
SERVICE_NUMBER = "+12025550100"
INBOUND = "/sms/twilio/inbound"


@pytest.fixture(autouse=True)
def fake(settings: Settings, transactional_db: None) -> Iterator[FakeTwilio]:
    with twilio_api.running() as running:
        settings.SMS_PROVIDER = "twilio"
        settings.SMS_NUMBER = SERVICE_NUMBER
        settings.PUBLIC_BASE_URL = BASE
        settings.ALLOWED_HOSTS = ["travelcheck.example", "testserver", "evil.example"]
        settings.TWILIO_ACCOUNT_SID = twilio_api.ACCOUNT
        settings.TWILIO_AUTH_TOKEN = TOKEN
        settings.TWILIO_API_BASE_URL = running.base_url
        settings.TWILIO_HANDLES_KEYWORDS = False
        providers.get.cache_clear()
        yield running
        providers.get.cache_clear()


def form(body: str = "TRIP", sid: str = "SM" + "0" * 32, **more: str) -> dict[str, str]:
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": twilio_api.ACCOUNT,
        "From": NUMBER,
        "To": SERVICE_NUMBER,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        **more,
    }


def sign(url: str, params: dict[str, str], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, params))


def post(
    path: str, params: dict[str, str], signature: str | None = None, **extra: Any
) -> HttpResponse:
    given = sign(BASE + path, params) if signature is None else signature
    headers = {"X-Twilio-Signature": given} if given else {}
    return cast(HttpResponse, Client().post(path, params, headers=headers, **extra))


def rows() -> int:
    return InboundMessage.objects.count() + DeliveryReport.objects.count()
