"""What a message centre's deliver_sm is: a receipt, and of which text, or a person's text."""

from types import SimpleNamespace
from typing import Any

import pytest

from sms_gateway.providers.smpp import pdus, receipts


def pdu(**fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"short_message": b"", "esm_class": 0x04} | fields)


@pytest.mark.parametrize(
    ("parameter", "text", "message_id"),
    [
        (b"", b"id:abc stat:DELIVRD err:000", "abc"),
        (b"abc", b"", "abc"),
        # A centre that sends no NUL loses its last octet in the library.
        (b"123", b"id:1234 stat:DELIVRD", "1234"),
        # Of two that differ the parameter is the one the standard speaks of.
        (b"7f", b"id:127 stat:DELIVRD", "7f"),
        (b"a\x00b\n", b"", "ab"),
    ],
)
def test_a_receipt_names_its_text(parameter: bytes, text: bytes, message_id: str) -> None:
    told = receipts.told(pdu(short_message=text, receipted_message_id=parameter, message_state=2))
    assert told == receipts.Told(message_id, "DELIVRD", "000" if b"err" in text else "")


def test_words_of_the_person_are_no_fields() -> None:
    assert receipts.told(pdu(short_message=b"id:1 text:stat:DELIVRD")) is None


@pytest.mark.parametrize(
    ("esm_class", "is_text"),
    [(0x00, True), (0x40, True), (0x04, False), (0x08, False), (0x10, False), (0x20, False)],
)
def test_only_what_a_person_wrote_is_a_text(esm_class: int, is_text: bool) -> None:
    assert pdus.is_text(pdu(esm_class=esm_class)) is is_text
