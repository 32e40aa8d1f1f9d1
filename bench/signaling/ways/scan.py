"""A floor: DuckDB reads the files, looks up the cells and groups by person and day; no rule."""

import duckdb

from bench.signaling.one import Job


def run(job: Job) -> None:
    con = duckdb.connect()
    con.execute(f"CREATE TABLE cells AS FROM read_parquet('{job.resolved}')")
    with job.measured.timed():
        con.execute(
            f"""CREATE TABLE days AS
            SELECT imsi, epoch_ms(timestamp) // 86400000 AS day, min(timestamp) AS first_seen,
                   max(timestamp) AS last_seen, min(place) AS low, max(place) AS high
            FROM read_parquet('{job.glob}') JOIN cells USING (cgi) GROUP BY ALL"""
        )
