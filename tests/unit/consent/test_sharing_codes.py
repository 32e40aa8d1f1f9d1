"""Sharing codes: told over a counter, written on paper, typed by somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.sharing_codes import ALPHABET, SharingCodeError, digest, new_code, read

CODES = st.builds(new_code)


@given(CODES, st.sampled_from([str, str.lower, lambda c: f" {c.replace('-', ' ')} "]))
def test_a_code_is_read_in_any_spelling(code: str, spelled: "type[str]") -> None:
    assert read(spelled(code)) == code.replace("-", "")
    assert digest(spelled(code)) == digest(code)


@given(CODES, st.integers(0, 9), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code: str, place: int, wrong: str) -> None:
    right = read(code)
    changed = right[:place] + wrong + right[place + 1 :]
    if changed == right:
        return
    with pytest.raises(SharingCodeError):
        read(changed)


@pytest.mark.parametrize("text", ["", "K7M2Q", "0OIL1-00000", "K7M2Q-X9TBR-2", "行程"])
def test_what_is_no_code(text: str) -> None:
    with pytest.raises(SharingCodeError):
        read(text)
