import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from core.numbers import Number, SenderKind, number_index, parse


@pytest.mark.parametrize(
    ("raw", "address", "kind"),
    [
        ("+8615400000001", "+8615400000001", SenderKind.MOBILE),  # possible, not assigned
        ("8613800138000", "+8613800138000", SenderKind.MOBILE),
        (" +86 138 0013 8000 ", "+8613800138000", SenderKind.MOBILE),
        ("+861058887777", "+861058887777", SenderKind.LANDLINE),
        ("+14155552671", "+14155552671", SenderKind.MOBILE),  # may be either: not surely fixed
        ("BANK", "BANK", SenderKind.ALPHANUMERIC),
        ("Taxi 24", "Taxi 24", SenderKind.ALPHANUMERIC),
        ("10086", "10086", SenderKind.INVALID),
        ("", "", SenderKind.INVALID),
        ("+", "+", SenderKind.INVALID),
    ],
)
def test_kinds_of_senders(raw: str, address: str, kind: SenderKind) -> None:
    assert parse(raw) == Number(address, kind)


@given(st.text(max_size=60))
def test_no_sender_makes_it_raise(raw: str) -> None:
    assert parse(raw).kind in SenderKind


def test_a_number_does_not_show_itself() -> None:
    number = parse("+8615400000001")
    assert "154" not in f"{number} {number!r}"


def test_the_index_is_keyed(settings: Settings) -> None:
    before = number_index("+8615400000001")
    assert len(before) == 32
    assert before == number_index("+8615400000001") != number_index("+8615400000002")
    settings.DATA_KEY = bytes(32)
    assert number_index("+8615400000001") != before
