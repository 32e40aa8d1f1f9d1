from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.failures import BACKOFF_SECONDS, JITTER, backoff, describe
from sms_gateway.messages import Address, OutboundText


@given(st.integers(0, 10_000))
def test_waits_grow_to_a_limit_and_are_never_shorter(attempts: int) -> None:
    longest = timedelta(seconds=BACKOFF_SECONDS[-1] * (1 + JITTER))
    assert timedelta(seconds=BACKOFF_SECONDS[0]) <= backoff(attempts) <= longest
    assert backoff(attempts + 10) >= timedelta(seconds=BACKOFF_SECONDS[-1])


def test_an_error_is_told_without_its_message() -> None:
    try:
        raise ValueError("+8613800000001 wrote TRIP")
    except ValueError as error:
        told = describe(error)
    assert told.startswith("ValueError at test_failures.py:")
    assert "138" not in told
    assert "TRIP" not in told


def test_what_carries_numbers_and_words_does_not_show_them() -> None:
    import uuid
    from datetime import UTC, datetime

    text = OutboundText(uuid.uuid4(), "+8613800000001", "your cities", datetime.now(UTC))
    for shown in (repr(text), repr(Address("+8613800000001", b"index"))):
        assert "138" not in shown
        assert "cities" not in shown
