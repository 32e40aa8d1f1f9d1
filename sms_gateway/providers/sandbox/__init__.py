"""The phone simulator's provider: texts go to `SandboxText` rows instead of the air."""

from sms_gateway.providers import Provider


def provider() -> Provider:
    from sms_gateway.providers.sandbox.provider import SandboxProvider

    return SandboxProvider()
