"""Which texts are a moment: those that every engine reads alike, whatever else one takes."""

from pathlib import Path

import pytest

from signaling import reading

MOMENTS = {  # all on 2026-11-08, within the same 24 hours
    "1794132000123": 1794132000123,
    "+1794132000123": 1794132000123,
    " 2026-11-08T10:00:00Z ": 1794132000000,
    "2026-11-08 10:00": 1794132000000,
    "2026-11-8 9:5:1 UTC": 1794128701000,
    "2026-11-08T10:00:00.Z": 1794132000000,
    "2026-11-08T10:00:00.0005Z": 1794132000001,
    "2026-11-08T10:00:00.0004994Z": 1794132000000,
    "2026-11-08T18:00:00.5+0800": 1794132000500,
    "2026-11-08T18:00:00.5+08": 1794132000500,
    "2026-11-08": 1794096000000,
    "  2026-11-8 ": 1794096000000,
}
NO_MOMENTS = [
    "1.795e12",
    "1795255200000.6",
    "1_795_255_200_000",
    "0x1A1FB2A3C4D",
    "2026-11-08 10:00:00 Europe/Berlin",
    "2026-11-08T10:00:00.1 NZ",
    "2026-11-08T10:00:00UTC",
    "2026-11-08T10:00Z",
    "2026-11-08T24:00:00Z",
    "2026-11-08T10:00:60Z",
    "2026-11-08T10:00:00+18:00",
    "2026-02-29T10:00:00Z",
    "2026/11/08",
    "2026-11-08 (BC)",
    "infinity",
]


def read(text: str) -> int | None:
    source = reading.Source(Path(), "csv", "", {"timestamp": "VARCHAR"})
    con = reading.connect()
    row = con.execute(
        f'SELECT {reading.milliseconds(source, "timestamp")} FROM (SELECT ? AS "timestamp")', [text]
    ).fetchone()
    assert row is not None
    return None if row[0] is None else int(row[0])


@pytest.mark.parametrize(("text", "moment"), MOMENTS.items())
def test_moments(text: str, moment: int) -> None:
    assert read(text) == moment


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_one_engine_alone_would_take_is_no_moment(text: str) -> None:
    assert read(text) is None
