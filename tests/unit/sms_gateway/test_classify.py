"""What is found wrong with a text before anybody reads it."""

import pytest
from pytest_django import Settings

from core.numbers import parse
from sms_gateway.classify import problem_of
from sms_gateway.models import Problem

MOBILE = "+8613800000001"


def problem(body: str, sender: str = MOBILE, recipient: str = "10086") -> str:
    return problem_of(sender=parse(sender), recipient=recipient, body=body)


@pytest.fixture(autouse=True)
def service_number(settings: Settings) -> None:
    settings.SMS_NUMBER = "10086"


@pytest.mark.parametrize("body", ["TRIP", "行程", "😀", "a" * 1530, "?"])
def test_what_can_be_read_is_left_to_the_conversation(body: str) -> None:
    assert problem(body) == ""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Problem.EMPTY),
        (" \n\t ", Problem.EMPTY),
        ("\N{ZERO WIDTH SPACE}\N{RIGHT-TO-LEFT OVERRIDE}", Problem.EMPTY),
        ("TR\N{REPLACEMENT CHARACTER}P", Problem.UNREADABLE),
        ("TRIP\0", Problem.UNREADABLE),
        ("a" * 1531, Problem.TOO_LONG),
        ("中" * 671, Problem.TOO_LONG),
    ],
)
def test_texts_that_cannot_be_read(body: str, expected: Problem) -> None:
    assert problem(body) == expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("+862112345678", Problem.LANDLINE),
        ("TAXOFFICE", Problem.ALPHANUMERIC),
        ("", Problem.NO_NUMBER),
        ("+1", Problem.NO_NUMBER),
        ("anonymous", Problem.ALPHANUMERIC),
        ("+12025550123", ""),  # could be either in its country: taken
    ],
)
def test_senders(sender: str, expected: str) -> None:
    assert problem("TRIP", sender=sender) == expected


@pytest.mark.parametrize("recipient", ["10086", "1-0086", " 10086 "])
def test_our_number_is_recognised_however_it_is_written(recipient: str) -> None:
    assert problem("TRIP", recipient=recipient) == ""


def test_a_text_to_another_number() -> None:
    assert problem("TRIP", recipient="10087") == Problem.WRONG_NUMBER
    assert problem("TRIP", recipient="") == Problem.WRONG_NUMBER
