"""Twilio Programmable Messaging (API 2010-04-01), through Twilio's own library."""

from sms_gateway.providers import Provider


def provider() -> Provider:
    from sms_gateway.providers.twilio.provider import TwilioProvider

    return TwilioProvider()
