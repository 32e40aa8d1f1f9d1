"""scikit-mobility: its stay locations, each put into the city it lies in.

Its releases need older libraries than ours, so this runs in an environment of its own, and reads
nothing of ours but the job.
"""

import gzip
import json
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import shape
from skmob import TrajDataFrame
from skmob.preprocessing import detection

from bench.signaling.one import Job


def run(job: Job) -> None:
    features = _features(job)
    codes = np.array([feature["properties"]["code"] for feature in features], dtype=object)
    shapes = np.array([shape(feature["geometry"]).buffer(0) for feature in features], dtype=object)
    with job.measured.timed():
        con = duckdb.connect()
        con.execute(
            f"""SELECT imsi AS uid, timestamp AS datetime, lon AS lng, lat
            FROM read_parquet('{job.glob}') JOIN read_parquet('{job.resolved}') USING (cgi)
            ORDER BY imsi, timestamp"""
        )
        rows = con.fetchnumpy()
        rows["datetime"] = rows["datetime"].astype("datetime64[ns]")
        track = TrajDataFrame(pd.DataFrame(rows), datetime="datetime", user_id="uid")
        stays = detection.stay_locations(
            track,
            stop_radius_factor=1,
            spatial_radius_km=30.0,
            minutes_for_a_stop=240.0,
            no_data_for_minutes=24 * 60,
            leaving_time=True,
        )
        points = shapely.points(stays["lng"].to_numpy(), stays["lat"].to_numpy())
        area, stay = shapely.STRtree(points).query(shapes, "contains")
        imsi = stays["uid"].to_numpy()[stay].astype(str).astype(object)
        con.register("found", {"imsi": imsi, "city_code": codes[area]})
        con.execute(f"COPY (FROM found) TO '{job.out}' (FORMAT parquet)")


def _features(job: Job) -> list[dict[str, Any]]:
    with gzip.open(job.folder / "places.geojson.gz", "rt", encoding="utf-8") as file:
        return list(json.load(file)["features"])
