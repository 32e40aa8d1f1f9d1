"""Polars: the same two-phase plan and the same steps, as far as they need no geography.

That is an advantage: borders, jumps and cells of countries are not looked at.
"""

from typing import Final

import polars as pl

from bench.signaling.one import Job

HOUR: Final = 3_600_000
SILENCE, PADDING, ABSENCE, STAY = 24 * HOUR, HOUR // 2, 3 * HOUR, 4 * HOUR


def run(job: Job) -> None:
    cells = pl.read_parquet(job.resolved).select("cgi", pl.col("city").cast(pl.Int32))
    with job.measured.timed():
        stays = _stays(_sightings(job.glob, cells))
        codes = (
            pl.read_parquet(job.resolved)
            .select(pl.col("city").cast(pl.Int32), "city_code")
            .unique()
        )
        out = stays.join(codes, on="city").with_columns(
            imsi=pl.col("subscriber").cast(pl.String),
            start=(pl.col("lo2") // 2).cast(pl.Datetime("ms")),
            end=(pl.col("hi2") // 2).cast(pl.Datetime("ms")),
        )
        out.select("imsi", "city_code", "start", "end").write_parquet(job.out)


def _sightings(files: str, cells: pl.DataFrame) -> pl.DataFrame:
    """Days in one city as two rows, all events of the others."""
    events = (
        pl.scan_parquet(files)
        .select(
            pl.col("imsi").cast(pl.Int64).alias("subscriber"),
            pl.col("timestamp").dt.epoch("ms").alias("t"),
            "cgi",
        )
        .join(cells.lazy(), on="cgi")
        .select("subscriber", "t", "city", (pl.col("t") // (24 * HOUR)).alias("day"))
    )
    days = (
        events.group_by("subscriber", "day")
        .agg(
            pl.col("t").min().alias("first"),
            pl.col("t").max().alias("last"),
            pl.col("city").min().alias("city"),
            (pl.col("city").max() != pl.col("city").min()).alias("mixed"),
        )
        .collect(engine="streaming")
    )
    mixed = days.filter("mixed").select("subscriber", "day")
    others = events.join(mixed.lazy(), on=["subscriber", "day"], how="semi")
    plain = days.filter(~pl.col("mixed"))
    return pl.concat(
        [
            plain.select("subscriber", pl.col("first").alias("t"), "city"),
            plain.select("subscriber", pl.col("last").alias("t"), "city"),
            others.select("subscriber", "t", "city").collect(engine="streaming"),
        ]
    ).sort("subscriber", "t", "city")


def _stays(sightings: pl.DataFrame) -> pl.DataFrame:
    t, city, same = (
        pl.col("t"),
        pl.col("city"),
        pl.col("subscriber").eq_missing(pl.col("subscriber").shift()),
    )
    goes_on = same & (city == city.shift()) & (t - t.shift() <= SILENCE)
    runs = (
        sightings.with_columns((~goes_on).fill_null(value=True).cum_sum().alias("run"))
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("subscriber", "city").first(),
            t.first().alias("first"),
            t.last().alias("last"),
        )
    )
    first, last = pl.col("first"), pl.col("last")
    before = pl.when(same).then(first - last.shift()).otherwise(0)
    after = pl.when(same.shift(-1)).then(first.shift(-1) - last).otherwise(0)
    padded = runs.with_columns(
        (2 * first - pl.min_horizontal(before, 2 * PADDING)).alias("lo2"),
        (2 * last + pl.min_horizontal(after.fill_null(0), 2 * PADDING)).alias("hi2"),
    ).sort("subscriber", "city", "first")
    lo2, hi2 = pl.col("lo2"), pl.col("hi2")
    close = same & (city == city.shift()) & (lo2 - hi2.shift() <= 2 * ABSENCE)
    spells = (
        padded.with_columns((~close).fill_null(value=True).cum_sum().alias("spell"))
        .group_by("spell", maintain_order=True)
        .agg(
            pl.col("subscriber", "city").first(),
            lo2.min(),
            hi2.max(),
            (hi2 - lo2).sum().alias("seen2"),
        )
        .filter(2 * pl.col("seen2") > hi2 - lo2)
        .sort("subscriber", "lo2", -hi2)
    )
    reach = hi2.cum_max().shift().over("subscriber")
    return spells.filter((reach < hi2).fill_null(value=True), hi2 - lo2 >= 2 * STAY)
