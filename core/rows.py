"""One row of one statement, for the statements that every text costs: Django's query sets build
each query anew, which takes several times as long as asking it."""

from collections.abc import Sequence
from typing import Any

from django.db import connection


def first(query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The first row, or None."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def value(query: str, values: Sequence[Any] = ()) -> Any:
    """The first column of the first row; None when there is no row."""
    row = first(query, values)
    return None if row is None else row[0]


def run(query: str, values: Sequence[Any] = ()) -> int:
    """How many rows the statement changed."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return int(cursor.rowcount)
