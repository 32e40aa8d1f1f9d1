"""What the bench times is there: a part whose name has changed would seem to cost nothing."""

import pytest

from bench.signaling.ingest import PARTS, owner_of


@pytest.mark.parametrize("function", [one for many in PARTS.values() for one in many])
def test_what_is_timed_exists(function: str) -> None:
    owner, name = owner_of(function)
    assert callable(getattr(owner, name))
