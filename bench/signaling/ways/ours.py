"""The product: `compile_files`, from files to files, as `manage.py compile_stays` calls it.

Building the list of cells is done once a month, not for every batch, and no other way here is
asked to do it: its seconds are left out and shown on their own.
"""

import shutil

from bench.signaling.one import Job
from signaling import files, rule
from signaling.geography import read_places


def run(job: Job) -> None:
    measured = job.measured
    shutil.rmtree(job.out, ignore_errors=True)
    places = read_places(job.folder / "places.geojson.gz")
    with measured.wrapped(files, "prepare_cells", "cells"), measured.timed():
        summary = files.compile_files(
            event_files=job.events,
            cell_files=[job.folder / "cells.parquet"],
            places=places,
            out=job.out,
            parameters=rule.Parameters(),
        )
    measured.seconds -= measured.parts["cells"]
    measured.facts.update(
        events=summary.events,
        unknown_cells=summary.unknown_cells,
        **summary.stays,
    )
