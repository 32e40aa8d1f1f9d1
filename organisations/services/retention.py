"""What is kept of people who did not come to belong: ninety days, then nothing."""

from datetime import timedelta

from django.db import connection, transaction

from audit.services import record_purge
from core import clock

KEPT = timedelta(days=90)


@transaction.atomic
def forget() -> int:
    """Delete old invitations, and applications that were declined or never decided; how many.

    Plain statements: Django would first read rows of tables that are not the worker's to read.
    """
    before = clock.now() - KEPT
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM organisations_invitation WHERE created_at < %s", [before])
        gone = cursor.rowcount
        cursor.execute(
            "DELETE FROM organisations_organisation"
            " WHERE approved_at IS NULL AND coalesce(closed_at, applied_at) < %s",
            [before],
        )
        return record_purge(kind="organisation", rows=gone + cursor.rowcount)
