"""STOP and START: the last word a number said counts, in whatever order texts are handled."""

from collections.abc import Callable, Sequence

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_gateway import selectors, services
from sms_gateway.models import OptOut
from tests.integration.sms_gateway.conftest import Queue, Text, address

pytestmark = pytest.mark.django_db(transaction=True)

INDEX = address().number_index
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
