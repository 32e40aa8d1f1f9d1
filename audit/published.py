"""What is handed out of the log over HTTP, as bytes. Who may see what the database decides."""

from typing import Any

from django.db import DatabaseError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from audit.selectors import cosigned
from audit.tiles import ENTRIES, Tile, encode_bundle, encode_hashes


class NotAllowedError(Exception):
    """The token is nobody's, or one is needed."""


def checkpoint(log: int, token: str | None) -> str | None:
    """The newest checkpoint that the bearer may see, cosigned; None when there is none.

    Raises NotAllowedError.
    """
    rows = _read("SELECT * FROM audit.read_checkpoint(%s::smallint, %s)", [log, token])
    return cosigned(*rows[0]) if rows else None


def logs(token: str | None) -> list[int]:
    """The years whose log the bearer may see something of, the oldest first. Raises
    NotAllowedError."""
    query = """SELECT y.log FROM audit.logs() AS y (log)
               WHERE audit.visible_size(y.log, %s) > 0 ORDER BY y.log"""
    return [row[0] for row in _read(query, [token])]


def is_pruned(log: int) -> bool:
    """Whether only the end of a year's log is left."""
    return bool(_read("SELECT audit.is_pruned(%s::smallint)", [log])[0][0])


def tile(log: int, asked: Tile, token: str | None) -> bytes | None:
    """The bytes of a hash tile or an entry bundle; None when the bearer may not see all of it.

    Raises NotAllowedError.
    """
    if asked.level == ENTRIES:
        if token is None:
            raise NotAllowedError("entries need a token")
        query = "SELECT audit.read_entries(%s::smallint, %s, %s, %s)"
        rows = _read(query, [log, asked.index, asked.width, token])
        return encode_bundle(bytes(row[0]) for row in rows) if rows else None
    query = "SELECT audit.read_hashes(%s::smallint, %s::smallint, %s, %s, %s)"
    rows = _read(query, [log, asked.level, asked.index, asked.width, token])
    return encode_hashes([bytes(row[0]) for row in rows]) if rows else None


def _read(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
    except DatabaseError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise NotAllowedError("not a mirror's token") from error
        raise
    return rows
