"""`python -m bench.audit.write WAY CONNECTIONS TRANSACTIONS ADDRESS`: many connections, each doing
some other work and then what WAY says, in one transaction and one round trip."""

import sys
import threading
import time
import uuid
from typing import Final

import psycopg

from bench.processes import Measured

#: Row 1 of `bench_tip` is the end of the chain: everybody waits for it.
CHAIN: Final = """
WITH tip AS (SELECT hash FROM bench_tip WHERE id = 1 FOR UPDATE),
     row AS (INSERT INTO bench_chain (body, hash)
             SELECT {body}, sha256(tip.hash || {body}) FROM tip RETURNING hash)
UPDATE bench_tip SET hash = row.hash FROM row WHERE id = 1
"""
BODY: Final = "convert_to('{fields}', 'UTF8')"
BEFORE: Final = "INSERT INTO bench_work (said) VALUES ('{fields}'); SELECT pg_sleep(0.005);"


def statement(way: str) -> str:
    """One transaction."""
    fields = (
        f'{{"by":"organisation","kind":"setting","rows":{uuid.uuid4().int % 10**12},'
        f'"org_ref":"{uuid.uuid4()}","account_ref":"{uuid.uuid4()}","channel":"web",'
        f'"request_id":"{uuid.uuid4()}","through":"2026-11-23","days":14}}'
    )
    work = BEFORE.format(fields=fields)
    if way == "chain":
        # The lock is held while the work is done, or the order of the chain would not be the order
        # of what it tells of.
        return f"BEGIN; {CHAIN.format(body=BODY.format(fields=fields))}; {work} COMMIT"
    written = f"SELECT audit.record('config.changed', '{fields}');" if way == "log" else ""
    return f"BEGIN; {work} {written} COMMIT"


def main(way: str, connections: int, transactions: int, address: str) -> Measured:
    """`facts`: transactions a second, the median and the 99th percentile of one, in ms."""
    measured = Measured()
    opened = [psycopg.connect(address, autocommit=True) for _ in range(connections)]
    took: list[float] = []

    def work(connection: psycopg.Connection) -> None:
        for _ in range(transactions // connections):
            text = statement(way)
            began = time.perf_counter()
            connection.execute(text)
            took.append(time.perf_counter() - began)

    for connection in opened:
        connection.execute(statement(way))  # plans are made before anything is timed
    threads = [threading.Thread(target=work, args=(one,)) for one in opened]
    with measured.timed():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    took.sort()
    measured.facts = {
        "rate": len(took) / measured.seconds,
        "p50_ms": took[len(took) // 2] * 1e3,
        "p99_ms": took[len(took) * 99 // 100] * 1e3,
    }
    return measured


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]).say()
