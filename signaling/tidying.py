"""Fewer and smaller files: sealed days become sketches, many small files one.

Every step leaves the same stays behind it, whatever breaks in between, so it can stop anywhere.
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Final

from signaling import event_files
from signaling.progress import Progress
from signaling.publication import Publisher, stored_rows
from signaling.sketch import sketch_sql
from signaling.store import EventFile, Store

MERGED: Final = 8  # files of about the same size become one: each row is rewritten a few times


def tidy(publisher: Publisher, sealed: list[date]) -> None:
    """Whatever there is to do, with the connection of the publisher, which knows the cells."""
    where = publisher.where
    sealing, merging = list(unsketched(where, sealed)), list(mergeable(where, sealed))
    with Progress("Sealing days", len(sealing)) as progress:
        for files in sealing:
            sketch(publisher, files)
            progress.advance()
    for files in merging:
        merge(publisher, files)


def unsketched(where: Store, sealed: list[date]) -> Iterator[list[EventFile]]:
    """Files of sealed days that are to become one sketch, by day and bucket."""
    for group in _groups(where):
        if group[0].day in sealed and not (len(group) == 1 and group[0].is_sketch):
            yield group


def mergeable(where: Store, sealed: list[date]) -> Iterator[list[EventFile]]:
    """Files of open days that are to become one."""
    for group in _groups(where):
        if group[0].day in sealed:
            continue
        by_size: dict[int, list[EventFile]] = {}
        for file in group:
            by_size.setdefault(file.rows.bit_length() // 3, []).append(file)
        yield from (files for files in by_size.values() if len(files) >= MERGED)


def sketch(publisher: Publisher, files: list[EventFile]) -> None:
    """Replace the files of one day and bucket by one sketch.

    Most people spend a day in one place: its first and last event are its sketch, and need no
    sorting. A country is no such place: it is judged by blocks of 24 hours.
    """
    con = publisher.con
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE raw AS
        SELECT s.subscriber, s.t, s.cell, p.place, s.hours
        FROM ({stored_rows(files, publisher.days.zone)}) s LEFT JOIN place_of_cell p USING (cell)"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP TABLE seen AS
        SELECT subscriber, bit_or(hours) AS hours, min(t) AS first_t, max(t) AS last_t,
               min(place) = max(place) AND min(place) > 0 AND count(place) = count(*)
                   AS in_one_place
        FROM raw GROUP BY subscriber"""
    )
    con.execute(
        """CREATE OR REPLACE TEMP VIEW moving AS
        SELECT r.subscriber, r.t, r.cell FROM raw r JOIN seen s USING (subscriber)
        WHERE s.in_one_place IS NOT TRUE"""
    )
    rows = f"""
        SELECT e.subscriber, e.t, e.cell, s.hours FROM (
            SELECT r.subscriber, r.t, r.cell FROM raw r JOIN seen s USING (subscriber)
            WHERE s.in_one_place AND r.t IN (s.first_t, s.last_t)
            UNION ALL ({sketch_sql("moving", "place_of_cell")})
        ) e JOIN seen s USING (subscriber)"""
    made = publisher.work / "made.parquet"
    publisher.where.exchange(files, made, event_files.write(con, rows, made, sketch=True))


def merge(publisher: Publisher, files: list[EventFile]) -> None:
    """Replace raw files of one day and bucket by one with the same events."""
    made = publisher.work / "made.parquet"
    name = event_files.write(publisher.con, event_files.rows_of(files), made)
    publisher.where.exchange(files, made, name)


def _groups(where: Store) -> Iterator[list[EventFile]]:
    """Files whose stays are published, by day and bucket."""
    done = [file for file in where.files() if not file.is_new]
    for _, group in groupby(sorted(done, key=_place), key=_place):
        yield list(group)


def _place(file: EventFile) -> tuple[date, int]:
    return file.day, file.bucket
