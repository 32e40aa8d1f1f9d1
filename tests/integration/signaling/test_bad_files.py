"""Files as they come in on a bad day, through the commands an operator types."""

import gzip
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from core import clock
from core.models import Feed
from tests.factories import signaling as made
from tests.integration.signaling.conftest import Service

Make = Callable[[bytes], bytes]  # from a good CSV's content to the bad file's


def parquet(content: bytes, folder: Path) -> bytes:
    source, target = folder / "whole.csv", folder / "whole.parquet"
    source.write_bytes(content)
    duckdb.execute(
        f"COPY (SELECT * FROM read_csv('{source}', all_varchar = true)) TO '{target}'"
        " (FORMAT parquet)"
    )
    return target.read_bytes()


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data.csv", content)
    return packed.getvalue()


def flipped(content: bytes, at: float) -> bytes:
    """One bit another way, as a bad disk does it."""
    changed = bytearray(content)
    changed[int(len(content) * at)] ^= 4
    return bytes(changed)


def without_header(content: bytes) -> bytes:
    return content.partition(b"\n")[2]


def first_column_twice(content: bytes) -> bytes:
    name = content.split(b",")[0]
    return b"\n".join((name if n == 0 else b"1") + b"," + line for n, line in lines(content))


def lines(content: bytes) -> list[tuple[int, bytes]]:
    return list(enumerate(content.splitlines()))


DAMAGED = "damaged or cut short; have it sent again"
UNREADABLE: dict[str, tuple[Make, str]] = {  # file name -> how it is made, what is said of it
    "empty.csv": (lambda c: b"", "the file is empty; at least a header is expected"),
    "blank.csv": (lambda c: b"\n\n", "the first line must name"),
    "columns.csv": (lambda c: re.sub(rb"^[a-z_]+", b"other", c), "missing column"),
    "headless.csv": (without_header, "the first line must name"),
    "twice.csv": (first_column_twice, "the header repeats a column"),
    "unnamed.csv": (lambda c: c.replace(b"\n", b",\n"), "leaves one without a name"),
    "semicolons.csv": (lambda c: c.replace(b",", b";"), "separated by semicolons, not commas"),
    "tabs.csv": (lambda c: c.replace(b",", b"\t"), "separated by tabs, not commas"),
    "json.csv": (lambda c: b'[{"imsi": "460001", "cgi": 1}]', "the first line must name"),
    "utf16.csv": (lambda c: c.decode().encode("utf-16"), "it is in UTF-16"),
    "latin.csv": (lambda c: b"\xe9" + c, "its first line is not text"),
    "noise.csv": (lambda c: b"\0\xff" * 99_999, "its first line is not text"),
    "nothing.csv": (lambda c: b"\0" * 99_999, "the first line must name"),
    "excel.csv": (zipped, "it is a ZIP archive or an Excel workbook"),
    "zstd.gz": (lambda c: b"\x28\xb5\x2f\xfd" + c, "it is compressed with zstd"),
    "cut.csv.gz": (lambda c: gzip.compress(c)[:-9], DAMAGED),
    "beginning.csv.gz": (lambda c: gzip.compress(c)[:12], DAMAGED),
    "flipped.csv.gz": (lambda c: flipped(gzip.compress(c), 0.6), DAMAGED),
    "parquet.gz": (lambda c: gzip.compress(b"PAR1" + c), "it is Parquet inside gzip"),
    "name.parquet": (lambda c: b"PAR1 and then nothing", "not a whole Parquet file"),
    "quote.csv": (lambda c: c + c.replace(b"\n", b',"\n', 3), "the quote that opens on line"),
}


def good_events(service: Service) -> bytes:
    start = made.noon(service.yesterday, 8)
    legs = [made.Leg(1, start, made.noon(service.yesterday, 16))]
    return service.write("base.csv", made.events_of(0, legs)).read_bytes()


def good_subscriptions(service: Service) -> bytes:
    path = made.write_subscriptions(service.folder / "base.csv", made.open_subscriptions(9))
    return path.read_bytes()


def good_cells(service: Service) -> bytes:
    return made.write_cells(service.folder / "base.csv").read_bytes()


LOADERS = {
    "ingest_events": good_events,
    "load_subscriptions": good_subscriptions,
    "load_cells": good_cells,
}


@pytest.mark.parametrize("command", LOADERS)
def test_unreadable_files_are_named_and_stop_no_other(
    service: Service, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them in one folder, among them whole ones: what is whole goes in."""
    service.subscribe(made.open_subscriptions(1))
    good = LOADERS[command](service)
    folder = service.folder / "batch"
    folder.mkdir()
    for name, (make, _) in UNREADABLE.items():
        (folder / name).write_bytes(make(good))
    whole = parquet(good, service.folder)
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "pages.parquet").write_bytes(
        whole[:4] + bytes(len(whole) // 2) + whole[len(whole) // 2 + 4 :]
    )
    (folder / "disk.csv").symlink_to("/proc/self/mem")  # reading fails, for root too
    (folder / "_SUCCESS.csv").touch()
    (folder / ".half.csv").write_bytes(good[:99])
    (folder / "whole.parquet").write_bytes(whole)
    (folder / "whole.csv.gz").write_bytes(gzip.compress(good))
    missing = service.folder / "missing.csv"

    with pytest.raises(CommandError) as failed:
        call_command(command, str(missing), str(folder), "/dev/null")

    said = dict(line.strip().split(": ", 1) for line in str(failed.value).splitlines()[1:])
    expected = {str(folder / name): reason for name, (_, reason) in UNREADABLE.items()} | {
        str(missing): "no such file",
        "/dev/null": "not a file",
        str(folder / "disk.csv"): "Input/output error",
        str(folder / "cut.parquet"): "not a whole Parquet file",
        str(folder / "pages.parquet"): "have it sent again",
    }
    assert said.keys() == expected.keys()
    assert {path: said[path] for path in said if expected[path] not in said[path]} == {}
    shown = capsys.readouterr().out + str(failed.value)
    assert re.search(r"files taken in +2\n", shown)
    assert not re.search(r"46000\d{10}|154\d{8}", shown)


def test_a_load_with_an_unreadable_file_does_not_make_the_data_fresh(service: Service) -> None:
    whole = made.write_subscriptions(service.folder / "a.csv", made.open_subscriptions(2))
    with pytest.raises(CommandError, match=r"nothing\.csv: no such file"):
        call_command("load_subscriptions", str(whole), str(service.folder / "nothing.csv"))
    assert not Feed.objects.filter(name="subscriptions").exists()
    call_command("load_subscriptions", str(whole))
    assert Feed.objects.get(name="subscriptions").refreshed_at <= clock.now()


def quoted(content: bytes) -> bytes:
    return b"".join(
        b",".join(b'"' + value + b'"' for value in line.split(b",")) + b"\n"
        for line in content.splitlines()
    )


SAME: dict[str, Make] = {  # other ways to write the same file
    "bom": lambda c: b"\xef\xbb\xbf" + c,
    "crlf": lambda c: c.replace(b"\n", b"\r\n"),
    "cr": lambda c: c.replace(b"\n", b"\r"),
    "unended": lambda c: c.rstrip(b"\n"),
    "blank lines": lambda c: c.replace(b"\n", b"\n\n"),
    "quoted": quoted,
    "upper": lambda c: c[:40].upper() + c[40:],
    "packed": gzip.compress,
    "packed in parts": lambda c: gzip.compress(c[:99]) + gzip.compress(c[99:]),
    "one more column": lambda c: c.replace(b"\n", b',"over\ntwo lines, and ""more"""\n').replace(
        b',"over\ntwo lines, and ""more"""\n', b",note\n", 1
    ),
}


def test_the_same_file_written_differently_is_the_same(service: Service) -> None:
    service.subscribe(made.open_subscriptions(1))
    good = good_events(service)
    rows = good.count(b"\n") - 1
    expected = None
    for name, make in SAME.items():
        path = service.folder / "same.csv"
        path.write_bytes(make(good))
        report = service.ingest(path)
        assert (name, report.rows, report.stored, report.rejected) == (name, rows, rows, {})
        expected = expected or service.everything()
        assert service.everything() == expected
    assert len(service.store.files()) == 1


def test_a_header_alone_is_a_file_without_rows(service: Service) -> None:
    service.subscribe(made.open_subscriptions(1))
    for command, good in LOADERS.items():
        path = service.folder / "header.csv"
        path.write_bytes(good(service).partition(b"\n")[0] + b"\n")
        call_command(command, str(path))


def test_bad_cells_and_subscriptions_are_named_with_their_lines(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = service.folder / "bad-cells.csv"
    cells.write_text(
        'cgi,lon,lat,range_m,note\n\n460-00-1-1,100,30,500,"two\nlines"\nnowhere,100,30,500,\n'
        "460-00-1-2,east,30,500,\n460-00-1-3,100,nan,500,\n460-00-1-4,100,30,1e9,\n460-00-1-5\n"
    )
    call_command("load_cells", str(cells))
    shown = capsys.readouterr().out
    assert re.search(r"rows rejected +5\n", shown)
    (reject_file,) = service.store.rejects.glob("cells-*.csv")
    assert str(reject_file) in shown
    named = [line.split(",")[1] for line in reject_file.read_text().splitlines()[1:]]
    assert sorted(named) == ["5", "6", "7", "8", "9"]

    number, since = made.msisdn, "2020-01-01T00:00:00Z"
    service.subscribe(
        [
            (number(0), made.imsi(0), 1577836800, ""),  # seconds would be a day in 1970
            (number(1), made.imsi(1), 1577836800000000, ""),
            (number(2), made.imsi(2), since, "9999-12-31T23:59:59Z"),
            (number(3), made.imsi(3), 1577836800000, 1893456000),
            (number(4), f"{made.imsi(4)}\0", since, ""),
            ("+86 154 00000005", made.imsi(5), since, ""),
        ]
    )
    (reject_file,) = service.store.rejects.glob("subscriptions-*.csv")
    listed = [line.split(",")[1:3] for line in reject_file.read_text().splitlines()[1:]]
    assert listed == [
        ["2", "valid_from is neither ISO 8601 nor epoch milliseconds"],
        ["3", "valid_from is neither ISO 8601 nor epoch milliseconds"],
        ["5", "valid_to is neither ISO 8601 nor epoch milliseconds"],
        ["6", "imsi is not 6 to 15 digits"],
    ]


def place(ring: bytes) -> bytes:
    return (
        b'{"properties": {"code": "1", "name": "A", "country": "CN"},'
        b' "geometry": {"type": "Polygon", "coordinates": [%s]}}' % ring
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a GeoJSON FeatureCollection"),
        (b"[" * 99_999, "not a GeoJSON FeatureCollection"),
        (b"{}\xff", "not text in UTF-8"),
        (b'{"features": [%s]}' % place(b"[[9e5, 4e6], [9e5, 5e6], [8e5, 5e6]]"), "not in degrees"),
        (b'{"features": [%s]}' % place(b"[[1, 1], [1, 1]]"), "feature 1 cannot be used"),
        (b'{"type": "Feature"}', "not a GeoJSON FeatureCollection"),
        (b'{"features": []}', "no places in it"),
        (b'{"features": [{"properties": {"code": "1"}}]}', "feature 1 cannot be used"),
        (b"\x1f\x8b and then nothing", DAMAGED),
    ],
)
def test_bad_places_change_nothing(service: Service, content: bytes, said: str) -> None:
    before = service.store.cities.read_bytes(), service.store.cells.read_bytes()
    path = service.folder / "bad.geojson"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=said):
        call_command("load_cities", str(path))
    assert (service.store.cities.read_bytes(), service.store.cells.read_bytes()) == before


def test_a_store_that_cannot_be_written_is_one_line(service: Service) -> None:
    events = service.folder / "events.csv"
    events.write_bytes(good_events(service))
    in_the_way = service.folder / "file"
    in_the_way.touch()
    with (
        override_settings(SIGNALING_STORE=in_the_way / "store"),
        pytest.raises(CommandError, match=r"Not a directory\. What was taken in is safe"),
    ):
        call_command("ingest_events", str(events))


def test_a_database_that_refuses_is_one_line_without_values(service: Service) -> None:
    service.superuser.execute("ALTER TABLE signaling_ingestedfile RENAME TO gone")
    events = service.folder / "events.csv"
    events.write_bytes(good_events(service))
    with pytest.raises(CommandError, match=r"the database refused \(UndefinedTable\)") as failed:
        call_command("ingest_events", str(events))
    assert "\n" not in str(failed.value)


def test_ctrl_c_says_how_to_go_on(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("signaling.cells.read_cells", interrupted)
    with pytest.raises(CommandError, match="run this again to go on") as failed:
        call_command("load_cells", str(made.write_cells(service.folder / "more.csv")))
    assert failed.value.returncode == 130
