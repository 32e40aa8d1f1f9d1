"""What explain_rule says is what the rule does."""

from dataclasses import asdict, replace
from io import StringIO

import pytest
from django.core.management import call_command

from signaling import rule
from signaling.explanation import duration, explain
from signaling.rule import HOUR_MS, MINUTE_MS, Parameters
from travel import RULE_VERSION
from travel.itinerary import MINIMUM_STAY

OTHER = {
    "max_silence": 27 * HOUR_MS,
    "max_speed": 987,
    "near_window": 5 * HOUR_MS,
    "near_percent": 71,
    "wide_window": 11 * HOUR_MS,
    "wide_percent": 61,
    "alone": 9 * HOUR_MS,
    "padding": 29 * MINUTE_MS,
    "padding_part": 4,
    "max_padding": 97 * MINUTE_MS,
    "max_absence": 171 * MINUTE_MS,
    "minimum_stay": 239 * MINUTE_MS,
}


def test_the_command_prints_the_rule_in_force() -> None:
    out = StringIO()
    call_command("explain_rule", stdout=out)
    assert out.getvalue().startswith(f"Rule {rule.VERSION}\n")
    assert explain(Parameters()) in out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= 100


@pytest.mark.parametrize("name", asdict(Parameters()))
def test_every_parameter_is_said(name: str) -> None:
    assert explain(replace(Parameters(), **{name: OTHER[name]})) != explain(Parameters())


@pytest.mark.parametrize("name", asdict(Parameters()))
def test_every_parameter_is_done(name: str) -> None:
    changed = rule.sql(replace(Parameters(), **{name: OTHER[name]}))
    assert (changed != rule.sql(Parameters())) == (name != "minimum_stay")


def test_answers_name_this_rule_and_its_minimum() -> None:
    assert RULE_VERSION == rule.VERSION
    assert MINIMUM_STAY.total_seconds() * 1000 == Parameters().minimum_stay


def test_durations_are_read_as_people_do() -> None:
    found = [duration(n) for n in (HOUR_MS, 90 * MINUTE_MS, 30 * MINUTE_MS, 5)]
    assert found == ["1 h", "1 h 30 min", "30 min", "5 ms"]
