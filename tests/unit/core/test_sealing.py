import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sealing import UnsealError, seal, unseal

KEY = bytes(range(32))


@given(st.binary(max_size=2000), st.binary(max_size=40))
def test_what_was_sealed_comes_back(plaintext: bytes, context: bytes) -> None:
    sealed = seal(KEY, plaintext, context)
    assert unseal(KEY, sealed, context) == plaintext
    assert len(plaintext) < 4 or plaintext not in sealed


def test_sealing_twice_looks_different() -> None:
    assert seal(KEY, b"same", b"") != seal(KEY, b"same", b"")


@given(st.integers(min_value=0))
def test_any_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(seal(KEY, b"Beijing", b"message:1"))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises(UnsealError):
        unseal(KEY, bytes(sealed), b"message:1")


def test_another_key_or_another_context_opens_nothing() -> None:
    sealed = seal(KEY, b"Beijing", b"message:1")
    for key, context in ((bytes(32), b"message:1"), (KEY, b"message:2")):
        with pytest.raises(UnsealError):
            unseal(key, sealed, context)
    with pytest.raises(UnsealError):
        unseal(KEY, b"", b"message:1")
