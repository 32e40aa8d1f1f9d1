"""`python -m bench.signaling.prepare FOLDER`: the list of cells with cities, for all other ways.

Written beside the data: `resolved.parquet`, a row for each cell, and the small tables that the
rule reads, `tables/*.parquet`.
"""

import sys
from pathlib import Path

from bench.processes import Measured
from signaling import cells, compilation, reading
from signaling.geography import read_places


def main(folder: Path) -> None:
    measured = Measured()
    con = reading.connect()
    with measured.timed():
        cells.read_cells(con, folder / "cells.parquet")
        report = cells.resolve_cells(con, read_places(folder / "places.geojson.gz"))
    measured.facts["cells"] = report.taken
    compilation.number_places(con)
    tables = folder / "tables"
    tables.mkdir(exist_ok=True)
    made = con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    for (name,) in made:
        if name != "raw_cells":
            con.execute(f"COPY {name} TO '{tables / name}.parquet' (FORMAT parquet)")
    con.execute(
        f"""COPY (SELECT c.*, n.city, k.place
            FROM cells c JOIN cities n ON n.code = c.city_code JOIN known_cells k USING (cgi))
        TO '{folder}/resolved.parquet' (FORMAT parquet)"""
    )
    measured.say()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
