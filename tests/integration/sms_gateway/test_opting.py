"""STOP and START: the last word a number said counts, in whatever order texts are handled."""

import itertools
from collections.abc import Callable, Sequence

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_gateway import clock, providers, selectors, services
from sms_gateway.messages import OutboundText
from sms_gateway.models import OptOut, OutboundMessage
from sms_gateway.providers import Accepted, Failure, FailureKind
from sms_gateway.services import opting
from tests.integration.sms_gateway.conftest import Queue, Text, address, send_text

pytestmark = pytest.mark.django_db(transaction=True)

INDEX = address().number_index
NUMBERS = itertools.count(1)
SAID: dict[str, Callable[[int], bool]] = {
    "STOP": lambda text: services.opt_out(number_index=INDEX, word="STOP", inbound_id=text),
    "START": lambda text: services.opt_in(number_index=INDEX, inbound_id=text),
}


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    """Words in the order they came, and the order in which they are handled."""
    words = draw(st.lists(st.sampled_from(list(SAID)), min_size=1, max_size=6))
    return words, draw(st.permutations(range(len(words))))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(conversations())
def test_the_last_word_counts_in_any_order_of_handling(
    transactional_db: None, said: tuple[Sequence[str], Sequence[int]]
) -> None:
    words, order = said
    with transaction.atomic():
        for position in order:
            SAID[words[position]](position + 1)
        assert selectors.is_opted_out(number_index=INDEX) == (words[-1] == "STOP")
        transaction.set_rollback(True)


class Phone:
    """A number, what it said last, and what reaches it."""

    def __init__(self, queue: Queue) -> None:
        self.number, self.queue = f"+861380{next(NUMBERS):07d}", queue
        self.index = address(self.number).number_index
        self.is_out, self.said, self.written, self.got = False, 0, 0, list[str]()

    def write(self, body: str, kind: str) -> None:
        self.written += 1
        send_text(body, number=self.number, kind=kind, cause=f"{self.number}:{self.written}")

    def send(self, text: OutboundText) -> Accepted:
        """Where the provider stands. What it is to get again later it refuses for now, as it does
        what is left of phones before."""
        if text.to != self.number:
            raise OSError
        assert text.body == "confirmed" or not self.is_out
        if text.body == "again":
            raise OSError
        self.got.append(text.body)
        return Accepted(str(text.ref))

    def reply(self) -> None:
        self.write("again" if self.written % 3 == 0 else "reply", "reply")

    def stop(self) -> None:
        self.said, self.is_out = self.said + 1, True
        if services.opt_out(number_index=self.index, word="STOP", inbound_id=self.said):
            self.write("confirmed", "stop")

    def start(self) -> None:
        self.said, self.is_out = self.said + 1, False
        services.opt_in(number_index=self.index, inbound_id=self.said, provider="sandbox")

    def block(self) -> None:
        with transaction.atomic():
            opting.is_blocked_by(number_index=self.index, provider="sandbox", code="21610")
        self.is_out = True

    def sweep(self) -> None:
        OutboundMessage.objects.filter(number_index=self.index).update(due_at=clock.now())
        services.sweep()

    def lose(self) -> None:
        self.queue.lose()

    def work(self) -> None:
        self.queue.run()


MOVES = (Phone.reply, Phone.stop, Phone.start, Phone.block, Phone.sweep, Phone.lose, Phone.work)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(MOVES), min_size=3, max_size=14))
def test_nothing_but_confirmations_goes_to_a_number_that_said_stop(
    transactional_db: None, queue: Queue, moves: list[Callable[[Phone], None]]
) -> None:
    """Whatever is queued, tried, lost and tried again, before and after STOP and START, and
    whatever a provider knows of it."""
    phone = Phone(queue)
    provider = providers.get("sandbox")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(provider, "send", phone.send)
        patched.setattr(provider, "classify", lambda _: Failure(FailureKind.TEMPORARY))
        for move in (*moves, Phone.work):
            move(phone)
    assert phone.got.count("confirmed") <= moves.count(Phone.stop)


def test_each_says_whether_it_changed_anything(transactional_db: None) -> None:
    stop, start = SAID["STOP"], SAID["START"]
    with transaction.atomic():
        assert stop(2)
        assert not stop(3), "it was stopped already"
        assert not start(1), "said before STOP, handled after it"
        assert start(4)
        assert not start(5)
        assert not stop(1)
        assert not selectors.is_opted_out(number_index=INDEX)


def test_what_the_provider_knows_of_a_stop_is_undone_by_a_later_start_only(
    text: Text, queue: Queue
) -> None:
    """The provider's word has no text: it counts as said after all that has come in so far."""
    before = text("START")
    with transaction.atomic():
        services.opt_out(number_index=INDEX, word="21610")
    after = text("START")
    with transaction.atomic():
        services.opt_in(number_index=INDEX, inbound_id=before - 1)
        assert selectors.is_opted_out(number_index=INDEX)
        services.opt_in(number_index=INDEX, inbound_id=after)
        assert not selectors.is_opted_out(number_index=INDEX)
    assert OptOut.objects.count() == 1
