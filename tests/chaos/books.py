"""What must be true afterwards of a crowd's rows: counted in the database, by the numbers' indexes
in the temporary table `crowd`."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

OPEN_WORK = """
    SELECT (SELECT count(*) FROM sms_gateway_inboundmessage WHERE handled_at IS NULL)
         + (SELECT count(*) FROM sms_gateway_outboundmessage WHERE state IN ('queued', 'sending'))
         + (SELECT count(*) FROM sms_gateway_deliveryreport WHERE applied_at IS NULL)
         + (SELECT count(*) FROM audit_queue)"""

COUNTS = {
    "texts in": "SELECT count(*) FROM sms_gateway_inboundmessage JOIN crowd USING (number_index)",
    "effects": """
        SELECT count(*) FROM sms_gateway_inboundmessage i JOIN crowd USING (number_index)
        WHERE (SELECT count(*) FROM consent_consent c WHERE c.cause = 'inbound:' || i.id)
            + (SELECT count(*) FROM consent_release r WHERE r.cause = 'inbound:' || i.id) = 1""",
    "replies": """
        SELECT count(*) FROM sms_gateway_outboundmessage o JOIN crowd USING (number_index)
        WHERE o.state IN ('sent', 'delivered') AND o.kind IN ('notice', 'answer')""",
    "answers": """
        SELECT count(*) FROM sms_gateway_outboundmessage o JOIN crowd USING (number_index)
        WHERE o.state IN ('sent', 'delivered') AND o.kind = 'answer'""",
    "releases": """
        SELECT count(*) FROM audit_entry e JOIN consent_consent c ON c.id = e.consent_id
            JOIN crowd USING (number_index) WHERE e.event = 'access.released'""",
    "reports": """
        SELECT count(*) FROM sms_gateway_outboundmessage o JOIN crowd USING (number_index)
        WHERE o.state = 'delivered'""",
}

#: Each counts what must not be.
NEVER = {
    "a release without a signed checkpoint over its entry": """
        SELECT count(*) FROM audit_entry e
        WHERE e.event = 'access.released' AND NOT audit.checkpointed(e.id)""",
    "a claim that came to nothing": """
        SELECT count(*) FROM consent_release r WHERE r.state <> 'released'""",
    "a use counted without an answer, or an answer without a use": """
        SELECT count(*) FROM consent_consent c JOIN crowd USING (number_index) WHERE c.uses <>
            (SELECT count(*) FROM consent_release r JOIN sms_gateway_outboundmessage o
                 ON o.cause = 'release:' || r.id
             WHERE r.consent_id = c.id AND o.state IN ('sent', 'delivered'))""",
    "an access in the log without its release": """
        SELECT count(*) FROM audit_entry e WHERE e.event = 'access.released'
            AND NOT EXISTS (SELECT FROM consent_release r WHERE r.release_entry = e.id)""",
    "a text that was given up": """
        SELECT count(*) FROM sms_gateway_inboundmessage WHERE problem = 'given_up'""",
}
#: The same, where all moments are those of one clock.
NEVER_BEFORE = {
    "an answer on its way before the checkpoint": """
        SELECT count(*) FROM sms_gateway_outboundmessage o JOIN audit_leaf l
            ON l.entry_id = o.after_entry JOIN crowd USING (number_index)
        WHERE o.kind = 'answer' AND o.sending_at <
            (SELECT min(c.made_at) FROM audit_checkpoint c WHERE c.log = l.log
              AND c.size > l.seq)""",
    "rows fetched before the claim was under a checkpoint": """
        SELECT count(*) FROM consent_release r JOIN audit_entry f ON f.id = r.fetch_entry
            JOIN audit_leaf l ON l.entry_id = r.claim_entry
            JOIN consent_consent x ON x.id = r.consent_id
            JOIN crowd ON crowd.number_index = x.number_index
        WHERE f.recorded_at <
            (SELECT min(c.made_at) FROM audit_checkpoint c WHERE c.log = l.log
              AND c.size > l.seq)""",
}


def name_crowd(connection: psycopg.Connection, indexes: Iterable[bytes]) -> None:
    connection.execute("CREATE TEMPORARY TABLE crowd (number_index bytea PRIMARY KEY)")
    with connection.cursor() as cursor, cursor.copy("COPY crowd FROM STDIN") as copy:
        for index in indexes:
            copy.write_row((index,))
    connection.execute("ANALYZE crowd")


def count(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def wrong(connection: psycopg.Connection, *, one_clock: bool) -> list[str]:
    """What must never be and was found."""
    queries = NEVER | (NEVER_BEFORE if one_clock else {})
    return [
        f"{what}: {found}" for what, query in queries.items() if (found := count(connection, query))
    ]
