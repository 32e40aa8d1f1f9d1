"""Advisory locks of PostgreSQL on something that has no row of its own."""

from django.db import connection


def lock(space: int, name: bytes) -> None:
    """Wait for the lock on a name (its first four bytes) and hold it until the transaction ends.

    `space` keeps one use apart from others.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [space, key(name)])


def try_share(space: int, name: bytes) -> bool:
    """Share the same lock with others who share it. False when somebody holds it alone; never
    waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s, %s)", [space, key(name)])
        row = cursor.fetchone()
    return bool(row and row[0])


def key(name: bytes) -> int:
    """The four bytes as PostgreSQL's integer."""
    return int.from_bytes(name[:4], "big", signed=True)
