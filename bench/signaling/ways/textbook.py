"""Gaps and islands as in any SQL textbook: runs in one city of at least four hours."""

import duckdb

from bench.signaling.one import Job


def run(job: Job) -> None:
    con = duckdb.connect()
    con.execute(f"SET temp_directory = '{job.out.parent}/spill'")
    con.execute(f"CREATE TABLE cells AS FROM read_parquet('{job.resolved}')")
    with job.measured.timed():
        con.execute(
            f"""COPY (
                WITH seen AS (
                    SELECT imsi, timestamp, city_code
                    FROM read_parquet('{job.glob}') JOIN cells USING (cgi)
                ), changes AS (
                    SELECT *, CASE WHEN lag(city_code) OVER person = city_code
                                   THEN 0 ELSE 1 END AS is_new
                    FROM seen WINDOW person AS (PARTITION BY imsi ORDER BY timestamp)
                ), islands AS (
                    SELECT *, sum(is_new) OVER (PARTITION BY imsi ORDER BY timestamp
                        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
                    FROM changes
                )
                SELECT imsi, city_code, min(timestamp) AS "start", max(timestamp) AS "end"
                FROM islands GROUP BY imsi, city_code, island
                HAVING max(timestamp) - min(timestamp) >= INTERVAL 4 HOUR
            ) TO '{job.out}' (FORMAT parquet)"""
        )
