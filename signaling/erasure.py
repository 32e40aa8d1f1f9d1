"""Erased subscribers leave the files too: events, sketches and digests."""

import shutil
import uuid
from pathlib import Path

import duckdb
from django.db.models import QuerySet

from core import clock
from signaling import digests, event_files, reading
from signaling.locks import store_lock
from signaling.store import EventFile, Store, bucket_of
from subscribers.models import Tombstone


def erase_pending() -> int:
    """Rewrite the files that hold something of erased subscribers; the number of subscribers.

    Raises StoreIsBusyError.
    """
    if not _pending().exists():
        return 0
    with store_lock(patience=0):
        where = Store.configured()
        where.prepare()
        return erase_from(where)


def erase_from(where: Store) -> int:
    """The same for who holds the lock of the store.

    Repeating it does nothing, and a crash leaves either the old file or the new one, or both for
    a moment, in which case the next run finishes.
    """
    references = list(_pending().values_list("subscriber_ref", flat=True))
    for bucket in sorted({bucket_of(reference) for reference in references}):
        rewrite_without(where, bucket, [r for r in references if bucket_of(r) == bucket])
    Tombstone.objects.filter(subscriber_ref__in=references).update(files_erased_at=clock.now())
    return len(references)


def _pending() -> QuerySet[Tombstone]:
    return Tombstone.objects.filter(files_erased_at=None)


def rewrite_without(where: Store, bucket: int, references: list[uuid.UUID]) -> int:
    """Remove the subscribers from the bucket's files; the number of event files that held them."""
    work = where.workspace()
    con = reading.connect(spill=work)
    con.execute("CREATE TABLE erased (subscriber UUID)")
    con.executemany("INSERT INTO erased VALUES (?)", [[str(r)] for r in references])
    try:
        digests.forget(where, con, bucket, "erased", work)
        return sum(_rewrite(where, con, file, work) for file in where.files(bucket=bucket))
    finally:
        con.close()
        shutil.rmtree(work)


def _rewrite(where: Store, con: duckdb.DuckDBPyConnection, file: EventFile, work: Path) -> bool:
    rows = event_files.rows_of([file])
    found = con.execute(f"SELECT count(*) FROM {rows} WHERE subscriber IN (FROM erased)").fetchone()
    if not found or not found[0]:
        return False
    made = work / "made.parquet"
    kept = f"SELECT * FROM {rows} WHERE subscriber NOT IN (FROM erased)"
    where.exchange([file], made, event_files.write(con, kept, made, sketch=file.is_sketch))
    return True
