"""Sending over a bind, to a message centre that somebody else wrote."""

import threading
import uuid
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock, segments
from sms_gateway.messages import OutboundText
from sms_gateway.providers import FailureKind
from sms_gateway.providers.smpp import alphabet
from tests.contract.smpp.conftest import Sending
from tests.contract.smpp.smsc import Smsc

GSM = "".join(sorted(segments.GSM_BASIC | segments.GSM_EXTENSION))


def nobody(message_id: str) -> bool:
    return False


def text(body: str, ref: uuid.UUID | None = None) -> OutboundText:
    return OutboundText(ref or uuid.uuid4(), "+8613800000001", body, clock.now())


def failure_of(sending: Sending, sent: OutboundText) -> tuple[FailureKind, str]:
    with pytest.raises(Exception) as raised:  # noqa: PT011 (any: it is classified)
        sending.provider.send(sent)
    failure = sending.provider.classify(raised.value)
    return failure.kind, failure.code


def test_a_bind_is_made_watched_and_ended(smsc: Smsc) -> None:
    sending = Sending(idle_seconds=0.1)
    assert smsc.wait("bind", kind="transceiver", good=True)["version"] == 0x34
    smsc.wait("enquire", 2)
    smsc.ask("enquire")
    smsc.wait("alive")
    smsc.ask("strange")  # a request we do not take is answered, and changes nothing
    smsc.wait("enquire", 4)
    sending.stop()
    smsc.wait("unbind")
    smsc.wait("closed")
    assert len(smsc.all("bind")) == 1


def test_a_text_arrives_as_it_is(smsc: Smsc, sending: Sending) -> None:
    for body in ("Reply OK 482913", GSM, "行程 😀"):
        accepted = sending.provider.send(text(body))
        seen = smsc.wait("submit", id=accepted.provider_message_id)
        assert seen["text"] == body
        assert (seen["to"], seen["ton"], seen["from"], seen["source_ton"]) == (
            "8613800000001", 1, "10086", 3,
        )  # fmt: skip
        assert seen["receipt"] == 1


def test_a_long_text_goes_in_parts_that_a_phone_puts_together(smsc: Smsc, sending: Sending) -> None:
    body = "出行" * 60 + "😀"
    sent = text(body)
    accepted = sending.provider.send(sent)
    parts = smsc.all("submit")
    assert [part["id"] for part in parts] == [
        accepted.provider_message_id, *accepted.other_ids,
    ]  # fmt: skip
    assert "".join(part["text"] for part in parts) == body
    reference = sent.ref.bytes[:1].hex()
    assert [part["udh"] for part in parts] == [
        [f"0003{reference}02{number:02x}"] for number in (1, 2)
    ]
    # Handed over again, by a worker that did not hear the answer, it does not go again.
    assert sending.provider.send(sent) == accepted
    assert sending.provider.find(sent, nobody) == accepted
    assert len(smsc.all("submit")) == 2


def test_a_long_text_goes_as_one_payload_where_the_carrier_wants_that(
    smsc: Smsc, sending: Sending
) -> None:
    sending.sender.long_texts = "payload"
    body = "x" * 400
    accepted = sending.provider.send(text(body))
    seen = smsc.wait("submit")
    assert (seen["text"], seen["payload"], accepted.other_ids) == (body, True, ())
    sending.provider.send(text("short"))
    assert smsc.wait("submit", 2)["payload"] is False


def test_throttling_is_waited_out_and_then_told(smsc: Smsc, sending: Sending) -> None:
    smsc.ask("throttle", statuses=[0x58, 0x14])
    assert sending.provider.send(text("hello")).provider_message_id
    assert [line["status"] for line in smsc.all("submit")] == [0x58, 0x14, 0]
    smsc.ask("throttle", statuses=[0x58] * 9)
    assert failure_of(sending, text("no")) == (FailureKind.TEMPORARY, "0x00000058")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(0x0B, FailureKind.PERMANENT), (0x08, FailureKind.TEMPORARY), (0x0A, FailureKind.TECHNICAL)],
)
def test_refusals_are_told_apart(
    smsc: Smsc, sending: Sending, status: int, kind: FailureKind
) -> None:
    smsc.ask("throttle", statuses=[status])
    sent = text("hello")
    assert failure_of(sending, sent)[0] == kind
    assert sending.provider.find(sent, nobody) is None
    assert sending.provider.send(sent)  # tried again, it goes


def test_a_link_that_breaks_is_bound_again_and_doubt_is_told(smsc: Smsc) -> None:
    sending = Sending()
    sending.wait_until_bound()
    smsc.ask("silent", on=True)
    sent, kinds = text("hello"), []
    worker = threading.Thread(target=lambda: kinds.append(failure_of(sending, sent)[0]))
    worker.start()
    smsc.wait("submit")
    smsc.ask("drop")
    worker.join()
    assert kinds == [FailureKind.UNKNOWN]
    smsc.ask("silent", on=False)
    smsc.wait("bind", 2)
    sending.wait_until_bound()
    assert sending.provider.find(sent, nobody) is None  # as far as can ever be known
    assert sending.provider.send(sent)
    sending.stop()


def test_without_a_bind_nothing_goes_and_it_is_tried_later(smsc: Smsc) -> None:
    sent = text("hello")
    sending = Sending(password="wrong")
    smsc.wait("bind", 2, good=False)  # it goes on trying
    assert failure_of(sending, sent) == (FailureKind.TEMPORARY, "unbound")
    sending.stop()
    assert failure_of(sending, sent) == (FailureKind.TEMPORARY, "unbound")
    assert smsc.all("submit") == []


def test_the_window_is_kept_and_used(smsc: Smsc) -> None:
    sending = Sending(window=3, answer_seconds=30)
    sending.wait_until_bound()
    smsc.ask("silent", on=True)
    workers = [
        threading.Thread(target=lambda: failure_of(sending, text("hello"))) for _ in range(5)
    ]
    for worker in workers:
        worker.start()
    smsc.wait("submit", 3)
    smsc.ask("enquire")
    smsc.wait("alive")
    assert len(smsc.all("submit")) == 3
    smsc.ask("drop")
    for worker in workers:
        worker.join()
    sending.stop()


def test_a_text_the_sender_has_forgotten_is_in_doubt(
    smsc: Smsc, sending: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    older = OutboundText(uuid.uuid4(), "+8613800000001", "x", clock.now() - timedelta(minutes=5))
    assert sending.provider.find(text("never handed over"), nobody) is None
    assert caplog.records == []
    assert sending.provider.find(older, nobody) is None
    assert "may have taken" in caplog.text


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=500))
def test_what_goes_out_reads_the_same(body: str) -> None:
    read: list[str] = []
    for piece in alphabet.pieces(body, uuid.uuid4()):
        assert len(piece.data) <= (160 if piece.data_coding == 0 else 140)
        data = piece.data
        if piece.esm_class & alphabet.HAS_HEADER:
            data, part = alphabet.without_header(data)
            assert part is not None
            assert part.number == len(read) + 1
        read.append(alphabet.decode(data, piece.data_coding))
    assert "".join(read) == body


@given(st.binary(max_size=20), st.integers(0, 255))
def test_whatever_comes_in_is_read_somehow(data: bytes, coding: int) -> None:
    body, _ = alphabet.without_header(data)
    alphabet.decode(body, coding)
    alphabet.decode(data, coding)
