"""One person's question, answer and withdrawal, statement by statement on two connections.

The withdrawal comes at a random statement of the rest, and may wait for locks; so every order in
which the database could be asked happens sooner or later. Orders are taken twice. In the client:
when a COMMIT was asked for, and when one was acknowledged. In the database: numbers drawn from a
sequence while the locks are held, which tell the order of the locks themselves.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import AsyncConnection

CRASH = 0.03  # how often a transaction is rolled back instead of committed: its process died

SETUP = """
WITH people AS (
    SELECT gen_random_uuid() AS tenure, sha256(gen_random_uuid()::text::bytea) AS number
    FROM generate_series(1, %(count)s)
), tenures AS (
    INSERT INTO subscribers_tenure (id, msisdn_index, imsi_index, subscriber_ref, subject_ref,
                                    valid_from, language)
    SELECT tenure, number, sha256(number), gen_random_uuid(), gen_random_uuid(),
           now() - interval '1 day', '' FROM people
    RETURNING id, subscriber_ref
), points AS (
    INSERT INTO signaling_staypoint (day, subscriber_ref, stay_id, kind, city_code, started_at,
                                     ended_at)
    SELECT %(day)s, subscriber_ref, 1, 'stay', '110100', now() - interval '5 hours', now()
    FROM tenures
), texts AS (
    INSERT INTO sms_gateway_inboundmessage (provider, provider_message_id, number_index, key_id,
        problem, is_stop, answered_by_provider, received_at, due_at, enqueued_at, attempts)
    SELECT 'test', word || tenure, number, gen_random_uuid(), '', word = 'STOP', false, now(),
           now(), now(), 0
    FROM people, unnest(ARRAY['TRIP', 'OK', 'STOP']) word
    RETURNING id, provider_message_id
)
SELECT p.tenure, trip.id, ok.id, stop.id FROM people p
JOIN texts trip ON trip.provider_message_id = 'TRIP' || p.tenure
JOIN texts ok ON ok.provider_message_id = 'OK' || p.tenure
JOIN texts stop ON stop.provider_message_id = 'STOP' || p.tenure
"""
ASK = """
SELECT consent FROM gate.request(%s, %s,
    '{"purpose": "self_inquiry", "question": "itinerary", "window_days": 14, "valid_days": 30}',
    sha256(%s::text::bytea),
    '{"template": "t", "version": "1", "locale": "en", "segments": 1, "sha256":
      "0000000000000000000000000000000000000000000000000000000000000000",
      "key_id": "00000000-0000-4000-8000-000000000000"}', '')
"""
QUEUE = """
INSERT INTO sms_gateway_outboundmessage (ref, cause, kind, number_index, key_id, segments,
    hold_ref, after_entry, state, reason, error_code, attempts, provider, due_at, enqueued_at,
    created_at, expires_at)
SELECT gen_random_uuid(), %s, 'answer', '', gen_random_uuid(), 1, %s, %s, 'queued', '', '', 0, '',
       now(), now(), now(), now() + interval '1 day'
RETURNING id
"""


@dataclass(slots=True)
class Case:
    """One interleaving: who, the texts they sent, and what was seen of it."""

    tenure: uuid.UUID
    trip: int
    ok: int
    stop: int
    consent: uuid.UUID
    #: Statement of the conversation before which STOP is handled.
    stop_before: int = 0
    reached: int = 0
    release: uuid.UUID | None = None
    rows_seen: int = 0
    fetch_asked: int | None = None
    stop_done: int | None = None
    stop_drew: int | None = None
    sending_asked: int | None = None
    sending_drew: int | None = None
    turn: asyncio.Event = field(default_factory=asyncio.Event)

    def problems(self) -> list[str]:
        """What must never be seen."""
        found = []
        if self.sending_asked is not None and self.stop_done is not None:
            if self.sending_asked > self.stop_done:
                found.append("sending was committed after the withdrawal was")
            if self.sending_drew is None or self.stop_drew is None:
                found.append("an order was not taken")
            elif self.sending_drew > self.stop_drew:
                found.append("sending held the consent although the withdrawal had it before")
        late = (self.fetch_asked or 0) > (self.stop_done or float("inf"))
        if self.rows_seen and late:
            found.append("a journey was fetched after the withdrawal was committed")
        return found


class Run:
    """Interleavings on `lanes` pairs of connections, each with the worker's own credentials."""

    def __init__(self, address: str, seed: int) -> None:
        self.address, self.random = address, random.Random(seed)
        self.ticks = itertools.count(1)
        self.deadline = 60.0

    async def all(self, cases: list[Case], lanes: int) -> None:
        waiting = iter(cases)
        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(self._lane(waiting))

    async def _lane(self, waiting: Iterator[Case]) -> None:
        async with (
            await AsyncConnection.connect(self.address, autocommit=True) as one,
            await AsyncConnection.connect(self.address, autocommit=True) as other,
        ):
            for case in waiting:
                await asyncio.wait_for(
                    asyncio.gather(self._conversation(case, one), self._withdrawal(case, other)),
                    self.deadline,
                )

    # ------------------------------------------------------------------ the one who stops
    async def _withdrawal(self, case: Case, connection: AsyncConnection) -> None:
        await case.turn.wait()
        await connection.execute("BEGIN")
        await connection.execute("SELECT gate.withdraw_all(%s)", [case.stop])
        case.stop_drew = await number(connection, "SELECT nextval('order_of_locks')")
        await connection.execute("COMMIT")
        case.stop_done = next(self.ticks)

    # ------------------------------------------------------------------ the one who answers
    async def _conversation(self, case: Case, connection: AsyncConnection) -> None:
        try:
            await self._converse(case, connection)
        finally:
            case.turn.set()

    async def _say(
        self, case: Case, connection: AsyncConnection, statement: str, *arguments: object
    ) -> list[tuple[Any, ...]]:
        """One statement; STOP starts beside it when its turn has come."""
        if case.reached == case.stop_before:
            case.turn.set()
            for _ in range(self.random.randrange(4)):
                await asyncio.sleep(0)
        case.reached += 1
        cursor = await connection.execute(statement, arguments)
        return await cursor.fetchall() if cursor.description else []

    async def _commit(self, case: Case, connection: AsyncConnection) -> bool:
        crashed = self.random.random() < CRASH
        await self._say(case, connection, "ROLLBACK" if crashed else "COMMIT")
        return not crashed

    async def _converse(self, case: Case, connection: AsyncConnection) -> None:
        if not await self._agree(case, connection) or not await self._claim(case, connection):
            return
        outbound = await self._answer(case, connection)
        while outbound is not None and not await self._send(case, connection, outbound):
            pass

    async def _agree(self, case: Case, connection: AsyncConnection) -> bool:
        while True:
            await self._say(case, connection, "BEGIN")
            [(outcome,)] = await self._say(
                case,
                connection,
                "SELECT outcome FROM gate.grant(%s)",
                case.ok,
            )
            if await self._commit(case, connection):
                return bool(outcome == "granted")

    async def _claim(self, case: Case, connection: AsyncConnection) -> bool:
        while True:
            await self._say(case, connection, "BEGIN")
            [(outcome, release)] = await self._say(
                case,
                connection,
                "SELECT outcome, release FROM gate.claim(%s, %s)",
                case.consent,
                f"inbound:{case.ok}",
            )
            if await self._commit(case, connection):
                case.release = release
                return bool(outcome == "claimed")

    async def _until(self, connection: AsyncConnection, query: str, argument: object) -> object:
        """Ask until the answer is another one than that the sequencer has not been there yet."""
        while True:
            row = await (await connection.execute(query, [argument])).fetchone()
            if row is not None and row[0] not in ("waiting", False):
                return row[0]
            await asyncio.sleep(0.002)

    async def _answer(self, case: Case, connection: AsyncConnection) -> object:
        """The queued answer's id, once the log has the claim; None when there is to be none."""
        while await self._until(connection, "SELECT gate.settle(%s)", case.release) == "ready":
            await self._say(case, connection, "BEGIN")
            fetch_asked = next(self.ticks)
            rows = await self._say(case, connection, "SELECT * FROM gate.fetch(%s)", case.release)
            if not rows:
                await self._say(case, connection, "COMMIT")
                continue
            case.rows_seen += len(rows)
            case.fetch_asked = fetch_asked
            [(entry,)] = await self._say(
                case, connection, "SELECT gate.release(%s, sha256('x'))", case.release
            )
            [(outbound,)] = await self._say(
                case, connection, QUEUE, str(case.release), case.consent, entry
            )
            if await self._commit(case, connection):
                await self._until(connection, "SELECT audit.checkpointed(%s)", entry)
                return outbound
        return None

    async def _send(self, case: Case, connection: AsyncConnection, outbound: object) -> bool:
        """What the gateway does to mark a text `sending`. False when its process died."""
        await self._say(case, connection, "BEGIN")
        await self._say(
            case,
            connection,
            "SELECT after_entry FROM sms_gateway_outboundmessage WHERE id = %s FOR UPDATE",
            outbound,
        )
        [(upheld,)] = await self._say(case, connection, "SELECT gate.hold(%s)", case.consent)
        [(drew,)] = await self._say(case, connection, "SELECT nextval('order_of_locks')")
        await self._say(
            case,
            connection,
            "UPDATE sms_gateway_outboundmessage SET state = %s WHERE id = %s",
            "sending" if upheld else "suppressed",
            outbound,
        )
        asked = next(self.ticks)
        if not await self._commit(case, connection):
            return False
        if upheld:
            case.sending_asked, case.sending_drew = asked, drew
        return True


async def number(connection: AsyncConnection, query: str) -> int:
    row = await (await connection.execute(query)).fetchone()
    assert row is not None
    return int(row[0])


def prepare(superuser: psycopg.Connection, worker: psycopg.Connection, count: int) -> list[Case]:
    """People with a journey who were asked and have texted OK and STOP; nothing handled yet."""
    superuser.execute("CREATE SEQUENCE IF NOT EXISTS order_of_locks")
    superuser.execute("GRANT USAGE ON order_of_locks TO tc_test_worker")
    superuser.execute(
        "INSERT INTO core_feed (name, refreshed_at) VALUES ('subscriptions', core.now())"
        " ON CONFLICT DO NOTHING"
    )
    day = superuser.execute("SELECT core.service_day(core.now()) - 1").fetchone()
    assert day is not None
    superuser.execute("SELECT signaling.ensure_days(%s, %s)", [day[0], day[0]])
    people = superuser.execute(SETUP, {"count": count, "day": day[0]}).fetchall()
    cases = []
    for tenure, trip, ok, stop in people:
        row = worker.execute(ASK, [tenure, trip, trip]).fetchone()
        assert row is not None
        cases.append(Case(tenure, trip, ok, stop, row[0]))
    worker.commit()
    # The texts came after the question, as texts do.
    superuser.execute("UPDATE sms_gateway_inboundmessage SET received_at = core.now()")
    with superuser.cursor() as cursor:
        cursor.executemany(
            "UPDATE sms_gateway_inboundmessage SET agrees_to = sha256(%s::text::bytea)"
            " WHERE id = %s",
            [(case.trip, case.ok) for case in cases],
        )
    return cases
