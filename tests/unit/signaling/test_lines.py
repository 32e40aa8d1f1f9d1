"""A bad row is named by the line it stands on, whatever stands around it."""

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signaling import events, reading
from signaling.reading import UnreadableFileError

HEADER = b"imsi,timestamp,cgi,event_type"
GOOD = b"460000000000001,1795255200000,460-00-1-1,data"
BAD = {  # a record, and whether it is one bad row of it
    b"460000000000001,yesterday,460-00-1-1,data": "timestamp is neither ISO 8601 nor epoch ms",
    b"460000000000001,1795255200,460-00-1-1,data": "timestamp is not in milliseconds",
    b"460000000000001,1795255200000000,460-00-1-1,data": "timestamp is not in milliseconds",
    b"4600\x0000000000001,1795255200000,460-00-1-1,data": "imsi is not 6 to 15 digits",
    b"460000000000001,1795255200000,460-00-1,data": "cgi is not MCC-MNC-LAC-CI",
    b'"","",""," "': "imsi is not 6 to 15 digits",
    b"too,few": "line has fewer columns than the header",
    b"460000000000001,1795255200000,460-00-1-1,data,more": "line has more columns",
    b"46000000000000\xe9,1795255200000,460-00-1-1,data": "line is not UTF-8",
    b'460000000000001,1795255200000,460-00-1-1,"d"ata': "line has a quote",
    b"460000000000001,1795255200000,460-00-1-1," + b"x" * 70_000: "line is longer than",
}
FINE = (
    GOOD,
    b"",  # a blank line is no row
    b'"460000000000001","1795255200000","460-00-1-1","da,ta"',
    b'460000000000001,2026-11-20T10:00:00Z,460-00-1-1,"over\ntwo ""lines"""',
    b'460000000000001,2026-11-20 10:00:00.5+08:00,460-00-1-1,da"ta',
)


def judge(path: Path) -> list[tuple[int, str]]:
    con = reading.connect()
    con.execute("CREATE TABLE known_cells (cgi TEXT, place INTEGER)")
    with reading.naming(path):
        source = events.open_events(con, path)
        con.execute(f"SELECT count(*), min(reason) FROM ({events.judged(source)})").fetchall()
        return events.bad_rows(con, source)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.one_of(st.sampled_from(FINE), st.sampled_from(list(BAD)))),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_lines_are_the_lines_of_the_file(
    tmp_path: Path,
    rows: list[bytes],
    end: bytes,
    packed: bool,
    bom: bool,
    ended: bool,
) -> None:
    records = [record.replace(b"\n", end) for record in (HEADER, *rows)]
    content = end.join(records) + (end if ended or not rows or not rows[-1] else b"")
    content = (b"\xef\xbb\xbf" if bom else b"") + content
    path = tmp_path / "events.csv"
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    expected, line = [], 1
    for record in (HEADER, *rows):
        if record in BAD:
            expected.append((line, BAD[record]))
        line += record.count(b"\n") + 1
    found = judge(path)
    assert [n for n, _ in found] == [n for n, _ in expected]
    for (_, reason), (_, begin) in zip(found, expected, strict=True):
        assert reason.startswith(begin.removesuffix(" ms"))


def test_an_open_quote_that_swallows_lines_is_named_and_nothing_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(b"\n".join([HEADER, GOOD, GOOD[:-4] + b'"data', *[GOOD] * 9]))
    with pytest.raises(UnreadableFileError, match="quote that opens on line 3 never closes"):
        judge(path)


def test_at_most_so_many_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_NAMED", 10)
    path = tmp_path / "events.csv"
    path.write_bytes(HEADER + b"\n" + b"x,y,z,w\n" * 100)
    assert [line for line, _ in judge(path)] == list(range(2, 12))


def test_a_file_of_broken_lines_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BROKEN", 50)
    path = tmp_path / "events.csv"
    path.write_bytes(HEADER + b"\n" + b"x,y\n" * 100)
    with pytest.raises(UnreadableFileError, match=r"events\.csv: too many lines do not have"):
        judge(path)
