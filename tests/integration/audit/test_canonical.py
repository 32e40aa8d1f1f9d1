"""The database's canonical JSON against the `rfc8785` package."""

import json
from typing import Any

import psycopg
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# What JSON in PostgreSQL can hold: no NUL, no lone surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
EDGES = st.sampled_from(
    [
        '"\\/',
        "\b\t\n\f\r",
        "\x01\x1f\x7f\x80",
        "\u2028\u2029",
        "é\u0301",
        "行程",
        "🛫\U0010ffff",
        "",
    ]
)
NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS | EDGES,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)


def canonical(connection: psycopg.Connection, value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    row = connection.execute("SELECT audit.canonical(%s::jsonb)", [text]).fetchone()
    assert row is not None
    return str(row[0])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=VALUES)
def test_the_same_bytes_as_the_standard(superuser: psycopg.Connection, value: Any) -> None:
    assert canonical(superuser, value).encode() == rfc8785.dumps(value)


def test_every_character_beside_surrogates_in_one_string(superuser: psycopg.Connection) -> None:
    text = "".join(chr(code) for code in range(1, 0x11_0000) if not 0xD800 <= code < 0xE000)
    assert canonical(superuser, text).encode() == rfc8785.dumps(text)


@pytest.mark.parametrize(
    "text", ["1.5", "0.1", "1e-7", "1.0", "9007199254740992", "-9007199254740992", "1e30"]
)
def test_numbers_with_more_than_one_spelling_are_refused(
    superuser: psycopg.Connection, text: str
) -> None:
    with pytest.raises(psycopg.DataError, match="not an integer"):
        superuser.execute("SELECT audit.canonical(%s::jsonb)", [text])


@pytest.mark.parametrize("text", ["9007199254740991", "-9007199254740991", "-0", "1e3"])
def test_integers_to_the_edge_are_taken(superuser: psycopg.Connection, text: str) -> None:
    row = superuser.execute("SELECT audit.canonical(%s::jsonb)", [text]).fetchone()
    assert row == (str(int(float(text)) if "e" in text else int(text)),)


@pytest.mark.parametrize("name", ["é", "城市", "\n", "\U0001f6eb", "\uffff"])
def test_names_that_sort_differently_in_utf_16_are_refused(
    superuser: psycopg.Connection, name: str
) -> None:
    with pytest.raises(psycopg.DataError, match="printable ASCII"):
        canonical(superuser, {"a": [{name: 1}]})
