"""The sweep itself: it sees what is planted, in every form, and nothing else."""

import gzip
import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from tests.e2e import sweep
from tests.e2e.canaries import CITY_CODE, IMSI, NUMBER, Canary, needles

PHONE = "+8615400000777"
PLANTED = needles(
    [Canary(NUMBER, PHONE), Canary(IMSI, "460001540000777"), Canary(CITY_CODE, "532800")]
)


def kinds(content: bytes) -> set[str]:
    return {find.kind for find in sweep.in_bytes(content, "here", PLANTED)}


@pytest.mark.parametrize(
    "content",
    [
        b"from +8615400000777 to",
        b"from 15400000777 to",
        b"body=%2B8615400000777",
        PHONE.encode().hex().encode(),
        PHONE.encode("utf-16-le"),
        b64encode(json.dumps({"to": PHONE}).encode()),
        b64encode(b"x" + PHONE.encode()),
        b64encode(b"xy" + PHONE.encode()),
        sha256(PHONE.encode()).hexdigest().encode(),
        sha256(b"15400000777").digest(),
    ],
)
def test_a_number_is_found_in_every_form(content: bytes) -> None:
    assert kinds(content) == {NUMBER}


def test_other_numbers_are_not_found() -> None:
    assert kinds(b"+8615400000778 460001540000778 1532800 532800x") == set()


def test_a_city_code_is_found_as_a_word() -> None:
    assert kinds(b"|532800|") == {CITY_CODE}


def test_a_dump_is_searched_by_table_and_column() -> None:
    sealed = "\\\\x" + b"..460001540000777..".hex()
    dump = f"COPY public.a (id, body, kept) FROM stdin;\n1\t{sealed}\t+8615400000777\n\\.\n"
    places = {(find.kind, find.place) for find in sweep.in_dump(dump, PLANTED)}
    assert places == {(IMSI, "public.a.body"), (NUMBER, "public.a.kept")}


def test_packed_files_and_file_names_are_searched(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"460001540000777"))
    (tmp_path / "of 15400000777").write_text("")
    with duckdb.connect(":memory:") as con:
        rows = "SELECT '532800' AS city FROM range(9)"
        con.execute(f"COPY ({rows}) TO '{tmp_path}/c.parquet' (FORMAT parquet)")
    places = {(find.kind, find.place) for find in sweep.in_files(tmp_path, PLANTED)}
    assert places == {
        (IMSI, "a.gz"),
        (NUMBER, "name of of 15400000777"),
        (CITY_CODE, "c.parquet"),
    }


def test_the_allow_list_decides_both_ways() -> None:
    here, there = sweep.Find(IMSI, "a.b", "plain"), sweep.Find(IMSI, "a.c", "plain")
    allowed = [sweep.Allowed(IMSI, "a.b", must=True), sweep.Allowed(NUMBER, "a.*", must=True)]
    assert sweep.outside([here, there], allowed) == [there]
    assert sweep.missed([here, there], allowed) == [allowed[1]]


def test_every_entry_of_the_committed_list_has_a_reason() -> None:
    assert sweep.read_allow_list()
