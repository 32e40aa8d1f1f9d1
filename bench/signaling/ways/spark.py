"""Spark on this machine: `compile_stays --engine spark`, with our own SQL text.

Starting Java and Spark, and building the list of cells, is left out.
"""

import shutil

from bench.signaling.one import Job
from signaling import files, rule
from signaling.geography import read_places
from signaling.spark import engine
from signaling.spark.session import spark_session


def run(job: Job) -> None:
    measured = job.measured
    shutil.rmtree(job.out, ignore_errors=True)
    places = read_places(job.folder / "places.geojson.gz")
    with spark_session("local[2]") as session:
        session.sql("SELECT 1").collect()
        with measured.wrapped(files, "prepare_cells", "cells"), measured.timed():
            engine.compile_files(
                event_files=[str(path) for path in job.events],
                cell_files=[job.folder / "cells.parquet"],
                places=places,
                out=str(job.out),
                parameters=rule.Parameters(),
                master="local[2]",
            )
        measured.seconds -= measured.parts["cells"]
        measured.peak()
