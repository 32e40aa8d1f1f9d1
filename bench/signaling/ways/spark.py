"""Spark on this machine with our own SQL text, and nothing of ours around it."""

import shutil

from pyspark.sql import SparkSession

from bench.signaling.one import Job
from signaling import rule


def run(job: Job) -> None:
    shutil.rmtree(job.out, ignore_errors=True)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "6g")
        .config("spark.sql.shuffle.partitions", "16")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    try:
        for table in sorted((job.folder / "tables").glob("*.parquet")):
            session.read.parquet(str(table)).createOrReplaceTempView(table.stem)
        session.sql("SELECT count(*) FROM places").collect()
        with job.measured.timed():
            session.read.parquet(str(job.folder / "events")).createOrReplaceTempView("noted")
            session.sql(
                """SELECT CAST(imsi AS BIGINT) AS subscriber, unix_millis(timestamp) AS t, place
                FROM noted JOIN known_cells USING (cgi)"""
            ).createOrReplaceTempView("sightings")
            session.sql(rule.sql(rule.Parameters())).createOrReplaceTempView("stays")
            session.sql(
                """SELECT CAST(subscriber AS STRING) AS imsi, c.code AS city_code,
                       a.code AS alt_city_code, start_ms, end_ms
                FROM stays s JOIN cities c ON c.city = s.city
                LEFT JOIN cities a ON a.city = s.alt_city"""
            ).write.parquet(str(job.out))
        job.measured.peak()
    finally:
        session.stop()
