"""Erased subscribers leave the event files too."""

import uuid

from core import clock
from signaling import events, intake, reading
from signaling.locks import store_lock
from signaling.services import store
from signaling.store import Store, bucket_of
from subscribers.models import Tombstone


def erase_pending() -> int:
    """Rewrite the files that hold events of erased subscribers; the number of subscribers.

    Repeating it does nothing, and a crash leaves either the old file or the new one, or both for
    a moment, in which case the next run finishes. Raises StoreIsBusyError.
    """
    pending = list(
        Tombstone.objects.filter(files_erased_at=None, subscriber_ref__isnull=False).values_list(
            "imsi_index", "subscriber_ref"
        )
    )
    if not pending:
        return 0
    with store_lock(patience=0):
        where = store()
        where.prepare()
        references = [reference for _, reference in pending if reference is not None]
        for bucket in sorted({bucket_of(reference) for reference in references}):
            rewrite_without(where, bucket, [r for r in references if bucket_of(r) == bucket])
    for index, reference in pending:
        Tombstone.objects.filter(imsi_index=index, subscriber_ref=reference).update(
            files_erased_at=clock.now()
        )
    return len(pending)


def rewrite_without(where: Store, bucket: int, references: list[uuid.UUID]) -> int:
    """Remove the subscribers from the bucket's files; the number of files that held them."""
    con = reading.connect()
    work = where.workspace()
    con.execute("CREATE TABLE erased (subscriber UUID)")
    con.executemany("INSERT INTO erased VALUES (?)", [[str(r)] for r in references])
    rewritten = 0
    try:
        for file in where.files(bucket=bucket):
            rows = events.in_list([file.path])
            found = con.execute(
                f"SELECT count(*) FROM {rows} WHERE subscriber IN (FROM erased)"
            ).fetchone()
            if not found or not found[0]:
                continue
            made = work / "made.parquet"
            kept = f"SELECT * FROM {rows} WHERE subscriber NOT IN (FROM erased)"
            name = intake.write_sorted(con, kept, made)
            where.exchange(file, made, name)
            rewritten += 1
    finally:
        con.close()
    return rewritten
