"""What texts and addresses are sealed for: each value opens only as what it was sealed as."""

import uuid

from core import person_keys
from core.sealing import UnsealError

Sealed = bytes | memoryview | None  # as a row has it


def inbound_sender(provider: str, message_id: str) -> str:
    return f"sms-inbound-sender:{provider}:{message_id}"


def inbound_body(provider: str, message_id: str) -> str:
    return f"sms-inbound-body:{provider}:{message_id}"


def outbound_address(ref: uuid.UUID) -> str:
    return f"sms-outbound-address:{ref}"


def outbound_body(ref: uuid.UUID) -> str:
    return f"sms-outbound-body:{ref}"


def unclear_body(ref: uuid.UUID) -> str:
    return f"sms-unclear-body:{ref}"


def reseal(key_id: uuid.UUID, plaintext: str, context: str) -> bytes | None:
    """Under the same person key, as something else; None when the key is gone."""
    key = person_keys.get(key_id)
    return key.seal(plaintext, context) if key is not None else None


def unseal(key_id: uuid.UUID, *values: tuple[Sealed, str]) -> list[str] | None:
    """Values (sealed, context) under one person key; None when the key or one of them is gone."""
    if any(value is None for value, _ in values):
        return None
    key = person_keys.get(key_id)
    if key is None:
        return None
    try:
        return [key.unseal(bytes(value), context) for value, context in values if value is not None]
    except UnsealError:
        return None
