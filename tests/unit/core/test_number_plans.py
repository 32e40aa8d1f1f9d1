"""The fast way to a number says what the library says, or nothing."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from core.number_plans import e164_of_mobile
from core.numbers import Number, SenderKind, _ask_the_library, parse

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)
DIGITS = st.text("0123456789", min_size=3, max_size=13)
international = st.builds(
    "{}{}{}".format, st.sampled_from(["+", ""]), st.sampled_from(CODES), DIGITS
)
chinese = st.builds("+86{}{}".format, st.sampled_from(["1", "10", "0", "179", ""]), DIGITS)


@given(st.one_of(international, chinese, st.text("+0123456789 ()-.x;=", max_size=20)))
@example("+3906123456780")  # an Italian leading zero belongs to the number
@example("+4407911123456")  # a British one does not
@example("+8617911138001380")  # a carrier's code before a Chinese number
@example("+80012345678")  # a calling code of no country
@example("+１２０２５５５０１００")  # full-width digits
@example("13800138000\n")
def test_what_is_decided_fast_is_what_the_library_says(text: str) -> None:
    fast = e164_of_mobile(text)
    if fast is not None:
        assert _ask_the_library(text) == Number(fast, SenderKind.MOBILE)


@pytest.mark.parametrize(
    "number", ["+8613800138000", "8615400000001", "+85261234567", "+447911123456"]
)
def test_usual_numbers_are_decided_fast(number: str) -> None:
    assert e164_of_mobile(number) is not None


@pytest.mark.parametrize("number", ["+861058887777", "+861234", "10086", "+862134567890"])
def test_landlines_and_what_is_no_number_are_left_to_the_library(number: str) -> None:
    assert e164_of_mobile(number) is None
    assert parse(number).kind is not SenderKind.MOBILE
