from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sms_gateway import providers
from tests.fakes import twilio_api
from tests.fakes.twilio_api import FakeTwilio

SERVICE_NUMBER = "+12025550100"


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeTwilio]:
    """The service is configured for Twilio, and Twilio's host is the fake."""
    with twilio_api.running() as running:
        settings.SMS_PROVIDER = "twilio"
        settings.SMS_NUMBER = SERVICE_NUMBER
        settings.PUBLIC_BASE_URL = "https://travelcheck.example"
        settings.TWILIO_ACCOUNT_SID = twilio_api.ACCOUNT
        settings.TWILIO_AUTH_TOKEN = twilio_api.TOKEN
        settings.TWILIO_API_BASE_URL = running.base_url
        settings.TWILIO_HANDLES_KEYWORDS = False
        providers.get.cache_clear()
        yield running
        providers.get.cache_clear()
