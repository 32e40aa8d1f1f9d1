"""Polars: the same two-phase plan and the same rule, as expressions; the same rows.

The numbers of the steps are those of signaling/rule.sql.
"""

from typing import Any, Final

import polars as pl

from bench.signaling.one import Job
from signaling import rule

RULE: Final = rule.Parameters()
APART: Final = 2**42  # between the times of two boundaries on one line of time
DAY: Final = 24 * rule.HOUR_MS
person = pl.col("subscriber")


def run(job: Job) -> None:
    cells = pl.read_parquet(job.resolved).select("cgi", pl.col("place").cast(pl.Int32))
    tables = job.folder / "tables"
    places = pl.read_parquet(tables / "places.parquet")
    codes = pl.read_parquet(tables / "cities.parquet")
    with job.measured.timed():
        stays = _spells(_presences(_settled(_reached(_runs(_sightings(job.glob, cells)), places))))
        out = stays.join(codes.rename({"code": "city_code"}), on="city").join(
            codes.rename({"code": "alt_city_code", "city": "alt"}), on="alt", how="left"
        )
        out.select(
            person.cast(pl.String).alias("imsi"), "city_code", "alt_city_code", "start_ms", "end_ms"
        ).write_parquet(job.out)


def _same(*columns: str) -> pl.Expr:
    """The row before is of the same subscriber, and alike in these columns."""
    alike = person == person.shift()
    for column in columns:
        alike &= pl.col(column) == pl.col(column).shift()
    return alike.fill_null(value=False)


def _sightings(files: str, cells: pl.DataFrame) -> pl.DataFrame:
    """Days in one place as two rows, all events of the others."""
    events = (
        pl.scan_parquet(files)
        .select(
            pl.col("imsi").cast(pl.Int64).alias("subscriber"),
            pl.col("timestamp").dt.epoch("ms").alias("t"),
            "cgi",
        )
        .join(cells.lazy(), on="cgi", how="left")
        .select(
            "subscriber",
            "t",
            (pl.col("t") // DAY).alias("day"),
            pl.col("place").fill_null(-pl.col("cgi").str.slice(0, 3).cast(pl.Int32)),
        )
    )
    days = (
        events.group_by("subscriber", "day")
        .agg(
            pl.col("t").min().alias("first"),
            pl.col("t").max().alias("last"),
            pl.col("place").min().alias("place"),
            (pl.col("place").max() != pl.col("place").min()).alias("mixed"),
        )
        .collect(engine="streaming")
    )
    mixed = days.filter("mixed").select("subscriber", "day")
    others = events.join(mixed.lazy(), on=["subscriber", "day"], how="semi")
    plain = days.filter(~pl.col("mixed"))
    return pl.concat(
        [
            plain.select("subscriber", pl.col("first").alias("t"), "place"),
            plain.select("subscriber", pl.col("last").alias("t"), "place"),
            others.select("subscriber", "t", "place").collect(engine="streaming"),
        ]
    ).sort("subscriber", "t", "place")


def _joined(rows: pl.DataFrame, goes_on: pl.Expr) -> pl.DataFrame:
    """Rows that go on with the one before become one: its beginning, the last one's end."""
    marked = rows.with_columns(goes_on.fill_null(value=False).alias("goes_on"))
    ends = marked.filter(~pl.col("goes_on").shift(-1, fill_value=False))["last"]
    return marked.filter(~pl.col("goes_on")).drop("goes_on").with_columns(ends)


def _runs(sightings: pl.DataFrame) -> pl.DataFrame:
    """1. Runs of one place; those of a country end with their block."""
    t, before = pl.col("first"), pl.col("first").shift()
    goes_on = _same("place") & (t - before <= RULE.max_silence)
    goes_on &= (pl.col("place") >= 0) | (t - t % DAY <= before)
    rows = sightings.rename({"t": "first"}).with_columns(pl.col("first").alias("last"))
    return _joined(rows, goes_on)


def _reached(runs: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """2. and 3. Without countries of which a city was seen, and without jumps."""
    rows = runs.join(places, on="place")
    block = [(pl.col(t) - pl.col(t) % DAY).alias("block") for t in ("first", "last")]
    alone = rows.filter(pl.col("place") < 0)
    known = rows.filter(pl.col("place") >= 0)
    beside = known.join(alone.select("subscriber").unique(), on="subscriber", how="semi")
    seen = pl.concat([beside.select("subscriber", "country", one) for one in block])
    key = ["subscriber", "country", "block"]
    alone = alone.with_columns(block[0]).join(seen, on=key, how="anti").drop("block")
    rows = pl.concat([known, alone]).sort("subscriber", "first", "last", "place")
    silence = pl.col("first") - pl.col("last").shift()
    rows = _joined(rows, _same("place") & (silence <= RULE.max_silence))
    return rows.filter(~_is_jump().fill_null(value=False))


def _is_jump() -> pl.Expr:
    def beyond(one: int, other: int, gap: pl.Expr) -> pl.Expr:
        """Whether no vehicle gets from one row to the other in that time."""
        far2: Any = sum((pl.col(x).shift(one) - pl.col(x).shift(other)) ** 2 for x in "xyz")
        room = pl.col("reach").shift(one) + pl.col("reach").shift(other)
        limit = 360 * room + RULE.max_speed * (gap // 1000)
        return pl.lit(129_600, pl.Int64) * far2 > limit * limit

    first, last, city = pl.col("first"), pl.col("last"), pl.col("city")
    before, after, span = last.shift(1), first.shift(-1), last - first
    return (
        (person == person.shift(1))
        & (person == person.shift(-1))
        & (city != city.shift(1))
        & (city != city.shift(-1))
        & (span <= span.shift(1))
        & (span <= span.shift(-1))
        & (after - before <= RULE.max_silence)
        & beyond(0, 1, first - before)
        & beyond(0, -1, after - last)
        & ~beyond(-1, 1, after - before)
    )


def _settled(rows: pl.DataFrame) -> pl.DataFrame:
    """4. Runs beside a boundary, all that are over one of them asked together."""
    first, last, most = pl.col("first"), pl.col("last"), 2 * RULE.padding

    def half_gap(gap: pl.Expr, step: int) -> pl.Expr:
        is_other = (pl.col("place") != pl.col("place").shift(step)) | (gap > RULE.max_silence)
        cut = pl.when((gap > most) & is_other).then(most).otherwise(gap)
        return pl.when(person == person.shift(step)).then(cut).otherwise(0)

    a = pl.min_horizontal("city", "partner").alias("a")
    b = pl.max_horizontal("city", "partner").alias("b")
    before, after = half_gap(first - last.shift(1), 1), half_gap(first.shift(-1) - last, -1)
    rows = rows.with_columns((2 * last + after - (2 * first - before)).alias("own"), a, b)
    sides = rows.filter(pl.col("partner").is_not_null())
    weight = pl.min_horizontal(pl.col("own"), 2 * RULE.wide_window)
    sides = sides.with_columns(
        pl.when(pl.col("city") == pl.col("a")).then(weight).otherwise(0).alias("in_a"),
        pl.when(pl.col("city") == pl.col("b")).then(weight).otherwise(0).alias("in_b"),
    ).sort("subscriber", "a", "b", "first")
    sides = sides.with_columns(*_around(sides, "near", RULE.near_window))
    sides = sides.with_columns(*_around(sides, "wide", RULE.wide_window))
    answers = sides.with_columns(_firm().alias("firm"), _lean().alias("lean2"))
    is_firm = pl.col("firm") > 0
    none = pl.lit(0, pl.Int64)
    settled = answers.select(
        "subscriber",
        "first",
        "last",
        pl.when(is_firm).then("firm").otherwise("a").cast(pl.Int32).alias("city"),
        pl.when(is_firm).then(0).otherwise("b").cast(pl.Int32).alias("alt"),
        pl.when(is_firm).then(none).otherwise("lean2").cast(pl.Int64).alias("lean2"),
    )
    plain = rows.filter(pl.col("partner").is_null()).select(
        "subscriber",
        "first",
        "last",
        pl.col("city").cast(pl.Int32),
        pl.lit(0, pl.Int32).alias("alt"),
        none.alias("lean2"),
    )
    return pl.concat([plain, settled]).sort("subscriber", "first", "last", "city", "alt")


def _around(sides: pl.DataFrame, name: str, window: int) -> list[pl.Series]:
    """Sums over the runs of one boundary that began within the window before or after."""
    boundary = sides.select(pl.struct("subscriber", "a", "b").rle_id().cast(pl.Int64)).to_series()
    line = boundary * APART + sides["first"]
    begin = line.search_sorted(line - window, side="left")
    end = line.search_sorted(line + window, side="right")
    found = []
    for side in ("a", "b"):
        sums = pl.concat([pl.Series([0]), sides[f"in_{side}"].cum_sum()])
        found.append((sums.gather(end) - sums.gather(begin)).alias(f"{name}_{side}"))
    return found


def _firm() -> pl.Expr:
    near_a, near_b, wide_a, wide_b = map(pl.col, ("near_a", "near_b", "wide_a", "wide_b"))
    near, wide = RULE.near_percent * (near_a + near_b), RULE.wide_percent * (wide_a + wide_b)
    return (
        pl.when((pl.col("own") >= 2 * RULE.alone) | (near_a + near_b == 0))
        .then("city")
        .when(100 * near_a >= near)
        .then("a")
        .when(100 * near_b >= near)
        .then("b")
        .when((near_a >= near_b) & (100 * wide_a >= wide))
        .then("a")
        .when((near_b >= near_a) & (100 * wide_b >= wide))
        .then("b")
        .otherwise(0)
    )


def _lean() -> pl.Expr:
    near_a, near_b, wide_a, wide_b = map(pl.col, ("near_a", "near_b", "wide_a", "wide_b"))
    lean = (near_a - near_b) * (wide_a + wide_b) + (wide_a - wide_b) * (near_a + near_b)
    return pl.when(lean >= 0).then("own").otherwise(-pl.col("own"))


def _presences(settled: pl.DataFrame) -> pl.DataFrame:
    """5. and 6. What follows one another with the same answer, padded."""
    first, last = pl.col("first"), pl.col("last")
    goes_on = _same("city", "alt") & (first - last.shift() <= RULE.max_silence)
    rows = (
        settled.with_columns((~goes_on).cum_sum().alias("presence"))
        .group_by("presence", maintain_order=True)
        .agg(
            pl.col("subscriber", "city", "alt").first(),
            first.min(),
            last.max(),
            pl.col("lean2").sum(),
        )
    )
    most = (2 * (last - first) // RULE.padding_part).clip(2 * RULE.padding, 2 * RULE.max_padding)
    before = pl.min_horizontal(first - last.shift(), most)
    after = pl.min_horizontal(first.shift(-1) - last, most)
    return rows.with_columns(
        (2 * first - pl.when(person == person.shift()).then(before).otherwise(0)).alias("lo2"),
        (2 * last + pl.when(person == person.shift(-1)).then(after).otherwise(0)).alias("hi2"),
    )


def _spells(padded: pl.DataFrame) -> pl.DataFrame:
    """7. and 8. Absences that are bridged; nested spells go."""
    lo2, hi2, lean2 = pl.col("lo2"), pl.col("hi2"), pl.col("lean2")
    away, length = lo2 - hi2.shift(), hi2 - lo2
    goes_on = _same("city", "alt") & (away <= 2 * RULE.max_absence)
    goes_on &= 2 * away <= length + length.shift()
    spells = (
        padded.sort("subscriber", "city", "alt", "first")
        .with_columns((~goes_on.fill_null(value=False)).cum_sum().alias("spell"))
        .group_by("spell", maintain_order=True)
        .agg(pl.col("subscriber", "city", "alt").first(), lo2.min(), hi2.max(), lean2.sum())
        .sort("subscriber", lo2, -hi2, "alt", "city")
    )
    reach = hi2.cum_max().shift().over("subscriber")
    city, alt = pl.col("city"), pl.col("alt")
    return spells.filter((reach < hi2).fill_null(value=True) & (lo2 < hi2)).select(
        "subscriber",
        pl.when(lean2 >= 0).then(city).otherwise(alt).alias("city"),
        pl.when(lean2 >= 0).then(alt).otherwise(city).alias("alt"),
        (lo2 // 2).alias("start_ms"),
        (hi2 // 2).alias("end_ms"),
    )
