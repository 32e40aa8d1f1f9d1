"""trackintel: stay-points of its sliding window, each put into the city it lies in."""

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import trackintel as ti

from bench.signaling.one import Job
from signaling.geography import read_places


def run(job: Job) -> None:
    places = read_places(job.folder / "places.geojson.gz")
    codes = np.array([place.code for place in places], dtype=object)
    shapes = np.array([place.geometry for place in places], dtype=object)
    with job.measured.timed():
        rows = (
            duckdb.connect()
            .execute(
                f"""SELECT imsi AS user_id, timestamp AS tracked_at, lon, lat
            FROM read_parquet('{job.glob}') JOIN read_parquet('{job.resolved}') USING (cgi)
            ORDER BY imsi, timestamp"""
            )
            .fetchnumpy()
        )
        frame = pd.DataFrame({"user_id": rows["user_id"]})
        frame["tracked_at"] = pd.to_datetime(rows["tracked_at"], utc=True)
        fixes = gpd.GeoDataFrame(
            frame, geometry=gpd.points_from_xy(rows["lon"], rows["lat"]), crs="EPSG:4326"
        )
        _, stays = ti.Positionfixes(fixes).generate_staypoints(
            method="sliding",
            distance_metric="haversine",
            dist_threshold=30_000,
            time_threshold=240,
            gap_threshold=24 * 60,
            include_last=True,
        )
        area, stay = shapely.STRtree(stays.geometry.to_numpy()).query(shapes, "contains")
        found = pd.DataFrame({"imsi": stays["user_id"].to_numpy()[stay], "city_code": codes[area]})
        found.to_parquet(job.out)
