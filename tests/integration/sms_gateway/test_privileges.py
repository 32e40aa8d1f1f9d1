"""What the database lets each process do with texts, on connections with its own password."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from tests.integration.sms_gateway.conftest import Queue, Text

Connect = Callable[[str], psycopg.Connection]

FORGED = """
INSERT INTO sms_gateway_inboundmessage (provider, provider_message_id, number_index, key_id,
  problem, is_stop, answered_by_provider, received_at, due_at, enqueued_at, attempts)
VALUES ('sandbox', 'forged', '', gen_random_uuid(), '', false, false, now(), now(), now(), 0)
"""


@pytest.mark.parametrize("role", ["worker", "ingest", "sequencer", "auditor"])
def test_only_the_web_stores_what_came_in(connect_as: Connect, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as(role).execute(FORGED)
    connect_as("web").execute(FORGED)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("web", "SELECT body_sealed FROM sms_gateway_inboundmessage"),
        ("web", "SELECT number_index FROM sms_gateway_inboundmessage"),
        ("web", "UPDATE sms_gateway_inboundmessage SET handled_at = now()"),
        ("web", "DELETE FROM sms_gateway_inboundmessage"),
        ("web", "SELECT body_sealed FROM sms_gateway_outboundmessage"),
        ("web", "SELECT address_sealed FROM sms_gateway_outboundmessage"),
        ("web", "SELECT number_index FROM sms_gateway_outboundmessage"),
        ("web", "SELECT hold_ref FROM sms_gateway_outboundmessage"),
        ("web", "SELECT number_index FROM sms_gateway_unclear"),
        ("web", "UPDATE sms_gateway_providerstate SET share = 0"),
        ("worker", "UPDATE sms_gateway_providercall SET outcome = ''"),
        ("worker", "INSERT INTO sms_gateway_operatoract DEFAULT VALUES"),
        ("worker", "INSERT INTO sms_gateway_inboundpart DEFAULT VALUES"),
        ("web", "INSERT INTO sms_gateway_outboundmessage DEFAULT VALUES"),
        ("web", "SELECT 1 FROM sms_gateway_optout"),
        ("web", "UPDATE sms_gateway_deliveryreport SET status = 'delivered'"),
        ("worker", "UPDATE sms_gateway_inboundmessage SET number_index = ''"),
        ("worker", "UPDATE sms_gateway_inboundmessage SET received_at = now()"),
        ("worker", "UPDATE sms_gateway_inboundmessage SET agrees_to = ''"),
        ("worker", "UPDATE sms_gateway_inboundmessage SET is_stop = false"),
        ("worker", "DELETE FROM sms_gateway_inboundmessage"),
        ("worker", "INSERT INTO sms_gateway_deliveryreport DEFAULT VALUES"),
        ("worker", "UPDATE sms_gateway_deliveryreport SET status = 'delivered'"),
        ("worker", "DELETE FROM sms_gateway_outboundmessage"),
    ],
)
def test_refused(connect_as: Connect, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as(role).execute(statement.encode())


@pytest.mark.parametrize("role", ["ingest", "sequencer", "auditor"])
@pytest.mark.parametrize(
    "table", ["inboundmessage", "outboundmessage", "deliveryreport", "optout", "sandboxtext"]
)
def test_other_processes_see_no_text(connect_as: Connect, role: str, table: str) -> None:
    query = sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(f"sms_gateway_{table}"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as(role).execute(query)


def test_the_gate_sees_who_texted_and_when_and_no_word(
    superuser: psycopg.Connection, text: Text, queue: Queue
) -> None:
    text("TRIP")
    columns = superuser.execute(
        "SELECT column_name FROM information_schema.column_privileges"
        " WHERE table_name = 'sms_gateway_inboundmessage' AND grantee = 'tc_test_gate'"
    ).fetchall()
    assert {name for (name,) in columns} == {"id", "number_index", "received_at", "agrees_to"}
