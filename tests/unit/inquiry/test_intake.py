"""What is noted of a text as it is stored: the worker acts on nothing else as an OK, or as STOP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import codes
from inquiry import intents
from inquiry.intake import marks
from inquiry.parse import parse
from sms_gateway.messages import Marks

NUMBER = b"n" * 32


@pytest.mark.parametrize("text", ["ok 482913", "ＯＫ：４８２９１３", "同意482913", "OK <482 913>"])
def test_an_ok_is_noted_with_its_code(text: str) -> None:
    assert marks(NUMBER, text) == Marks(agrees_to=codes.digest(NUMBER, "482913"))


@pytest.mark.parametrize(
    "text", ["NO 482913", "OK", "482913", "OK 482913?", "TRIP", "", "YES 482913"]
)
def test_nothing_else_agrees(text: str) -> None:
    assert marks(NUMBER, text) == Marks()


@pytest.mark.parametrize("text", ["STOP", "stop it", "退订谢谢", "STOP OK 482913"])
def test_stop_is_noted(text: str) -> None:
    assert marks(NUMBER, text) == Marks(is_stop=True)


@given(st.text() | st.from_regex(r"(OK|NO|STOP|ok|同意|退订)? ?[0-9]{5,7}.?", fullmatch=True))
def test_the_marks_are_what_the_conversation_understands(text: str) -> None:
    intent, noted = parse(text), marks(NUMBER, text)
    assert noted.is_stop == isinstance(intent, intents.Stop)
    assert (noted.agrees_to is not None) == isinstance(intent, intents.Grant)
