"""The floor: the same rule compiled to machine code, with nothing around it.

Texts are turned into numbers once per entry of Parquet's dictionaries; person, time and place are
packed into one word, and the words are sorted in pieces that stay in the processor's cache. It
keeps everything in memory, trusts its input, and knows no file but these.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from bench.signaling.one import Job
from bench.signaling.ways.kernel_rule import compile_person

THREADS: Final = 2
PIECE: Final = 1 << 18  # words sorted at a time: 2 MB
TIME_BITS: Final = 32  # 49 days of milliseconds
UNKNOWN: Final = -460  # all cells of this data are in China: the number of its mobile country code
EARLIER: Final = 20 * 86_400_000  # the first event seen need not be the earliest

Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]


@numba.njit(cache=True, nogil=True)
def codes_of(offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8]) -> Words:
    """A number for each text of digits and dashes; two known texts never have the same."""
    out = np.empty(len(offsets) - 1, np.uint64)
    for i in range(len(out)):
        code = np.uint64(1)
        for k in range(offsets[i], offsets[i + 1]):
            code = code * np.uint64(6364136223846793005) + np.uint64(data[k])
        out[i] = code ^ (code >> np.uint64(29))
    return out


@numba.njit(cache=True, nogil=True)
def look_up(table: Words, values: Integers, codes: Words) -> Integers:
    """The value of each code, -1 where it is not in the table."""
    out = np.full(len(codes), -1, np.int64)
    mask = np.uint64(len(table) - 1)
    for i in range(len(codes)):
        at = codes[i] & mask
        while table[at] != 0 and table[at] != codes[i]:
            at = (at + np.uint64(1)) & mask
        if table[at] == codes[i]:
            out[i] = values[at]
    return out


@numba.njit(cache=True, nogil=True)
def insert(table: Words, values: Integers, codes: Words, count: int) -> int:
    """Give the codes that are new the numbers from `count` on; returns the next one."""
    mask = np.uint64(len(table) - 1)
    for i in range(len(codes)):
        at = codes[i] & mask
        while table[at] != 0 and table[at] != codes[i]:
            at = (at + np.uint64(1)) & mask
        if table[at] == 0:
            table[at] = codes[i]
            values[at] = count
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def pack(
    people: Integers,
    person: npt.NDArray[np.int32],
    cells: Integers,
    cell: npt.NDArray[np.int32],
    micros: Integers,
    base: int,
    bits: int,
    out: Words,
) -> int:
    """Words of person, time and place; events of unknown cells are left out."""
    n = 0
    for i in range(len(micros)):
        place = cells[cell[i]]
        if place >= 0:
            t = np.uint64(micros[i] // 1000 - base)
            word = (np.uint64(people[person[i]]) << np.uint64(TIME_BITS)) | t
            out[n] = (word << np.uint64(bits)) | np.uint64(place)
            n += 1
    return n


@numba.njit(cache=True, nogil=True)
def scatter(words: Words, shift: int, fill: Integers, out: Words) -> None:
    """Put words into the piece of their person; `fill`: where each piece goes on."""
    for word in words:
        piece = word >> np.uint64(shift)
        out[fill[piece]] = word
        fill[piece] += 1


@numba.njit(cache=True, nogil=True)
def count_pieces(words: Words, shift: int, counts: Integers) -> None:
    for word in words:
        counts[word >> np.uint64(shift)] += 1


@numba.njit(nogil=True)  # not cached: it contains the rule, which is in another file
def compile_piece(
    words: Words,
    bits: int,
    base: int,
    places: Integers,
    countries: int,
    out: Integers,
) -> int:
    """All stays of the people of a sorted piece, as rows of (person, city, alt, start, end)."""
    mask, rows, first = np.uint64((1 << bits) - 1), 0, 0
    while first < len(words):
        person = words[first] >> np.uint64(TIME_BITS + bits)
        last = first
        while last < len(words) and words[last] >> np.uint64(TIME_BITS + bits) == person:
            last += 1
        t = np.empty(last - first, np.int64)
        place = np.empty(last - first, np.int64)
        for i in range(first, last):
            t[i - first] = np.int64((words[i] >> np.uint64(bits)) & np.uint64(0xFFFFFFFF)) + base
            place[i - first] = np.int64(words[i] & mask)
        rows = compile_person(np.int64(person), t, place, places, countries, out, rows)
        first = last
    return rows


@dataclass(frozen=True)
class _Places:
    """The rule's places in the order of their numbers: countries, which are negative, first."""

    numbers: Integers
    rows: Integers
    countries: int
    unknown: int  # the nth place that cells stand for that are not in the list; -1: nothing


def _places(tables: Path) -> _Places:
    con = duckdb.connect()
    con.execute(
        f"""SELECT place, city, coalesce(partner, 0), country, coalesce(x, 0), coalesce(y, 0),
            coalesce(z, 0), coalesce(reach, -1)
        FROM read_parquet('{tables}/places.parquet') ORDER BY place"""
    )
    rows = np.array(con.fetchall(), dtype=np.int64)
    countries = int(np.count_nonzero(rows[:, 0] < 0))
    home = np.flatnonzero(rows[:, 0] == UNKNOWN)
    return _Places(rows[:, 0], rows[:, 1:].copy(), countries, int(home[0]) if len(home) else -1)


class _Reader:
    """Files to words, by several threads; numbering people is done by one at a time."""

    def __init__(self, resolved: Path, places: "_Places", base: int) -> None:
        table = pq.read_table(resolved, columns=["cgi", "place"])
        codes = codes_of(*_texts(table.column("cgi").combine_chunks()))
        self.cells, self.places = _empty_table(len(codes))
        nth = np.searchsorted(places.numbers, table.column("place").to_numpy())
        insert(self.cells, self.places, codes, 0)
        taken = self.places >= 0
        self.places[taken] = nth[self.places[taken]]
        self.unknown = places.unknown
        self.bits = len(places.numbers).bit_length()
        self.base = base
        self.people, self.numbers = _empty_table(2_000_000)
        self.count = 0
        self.lock = threading.Lock()

    def words(self, path: Path) -> list[Words]:
        table = pq.read_table(
            path,
            columns=["imsi", "timestamp", "cgi"],
            read_dictionary=["imsi", "cgi"],
            use_threads=False,
        )
        return [self._words(batch) for batch in table.to_batches()]

    def _words(self, batch: Any) -> Words:
        imsi, moment, cgi = batch.column("imsi"), batch.column("timestamp"), batch.column("cgi")
        codes = codes_of(*_texts(imsi.dictionary))
        with self.lock:
            self.count = insert(self.people, self.numbers, codes, self.count)
        people = look_up(self.people, self.numbers, codes)
        cells = look_up(self.cells, self.places, codes_of(*_texts(cgi.dictionary)))
        cells[cells < 0] = self.unknown
        out = np.empty(len(moment), np.uint64)
        n = pack(
            people,
            imsi.indices.to_numpy(),
            cells,
            cgi.indices.to_numpy(),
            moment.view(pa.int64()).to_numpy(),
            self.base,
            self.bits,
            out,
        )
        return out[:n]


def _empty_table(entries: int) -> tuple[Words, Integers]:
    size = 1 << (2 * entries).bit_length()
    return np.zeros(size, np.uint64), np.full(size, -1, np.int64)


def _texts(array: Any) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return bounds, np.frombuffer(data, np.uint8)


def _first_moment(path: Path) -> int:
    frame = pq.read_table(path, columns=["timestamp"]).slice(0, 1)
    return int(frame.column(0).to_numpy().astype("datetime64[ms]").astype(np.int64)[0])


def compile_stays(files: list[Path], job: Job) -> tuple[Integers, int, _Reader]:
    """Rows of (person's number, city, other city or 0, start, end); the events; who is who."""
    places = _places(job.folder / "tables")
    base = _first_moment(files[0]) - EARLIER
    reader = _Reader(job.resolved, places, base)
    with ThreadPoolExecutor(THREADS) as threads:
        parts = [words for many in threads.map(reader.words, files) for words in many]
        total = sum(map(len, parts))
        people_bits = max(reader.count - 1, 1).bit_length()
        shift = reader.bits + TIME_BITS + max(people_bits - (total // PIECE).bit_length(), 0)
        counts = np.zeros((1 << (people_bits + reader.bits + TIME_BITS - shift)) + 1, np.int64)
        for words in parts:
            count_pieces(words, shift, counts)
        starts = np.concatenate([[0], np.cumsum(counts)])
        fill, sorted_words = starts.copy(), np.empty(total, np.uint64)
        for words in parts:
            scatter(words, shift, fill, sorted_words)
        parts.clear()

        def piece(n: int) -> Integers:
            words = sorted_words[starts[n] : starts[n + 1]]
            words.sort()
            out = np.empty((len(words), 5), np.int64)
            rows = compile_piece(words, reader.bits, base, places.rows, places.countries, out)
            return out[:rows].copy()

        stays = np.concatenate(list(threads.map(piece, range(len(counts)))))
    return stays, total, reader


def run(job: Job) -> None:
    compile_stays(job.events[:1], job)  # compiles the machine code
    with job.measured.timed():
        stays, events, reader = compile_stays(job.events, job)
    job.measured.facts.update(events=events, stays=len(stays))
    _write(job, stays, reader)


def _write(job: Job, stays: Integers, reader: _Reader) -> None:
    """For the comparison of rows and the score; no part of what is measured."""
    con = duckdb.connect()
    con.execute(f"SELECT DISTINCT imsi FROM read_parquet('{job.glob}')")
    imsis = pa.array([imsi for (imsi,) in con.fetchall()])
    numbers = look_up(reader.people, reader.numbers, codes_of(*_texts(imsis)))
    con.register("names", pa.table({"imsi": imsis, "person": numbers}))
    columns = ("person", "city", "alt", "start_ms", "end_ms")
    con.register("stays", pa.table({name: stays[:, k] for k, name in enumerate(columns)}))
    con.execute(f"CREATE TABLE cities AS FROM read_parquet('{job.folder}/tables/cities.parquet')")
    con.execute(
        f"""COPY (
            SELECT imsi, c.code AS city_code, a.code AS alt_city_code, start_ms, end_ms
            FROM stays s JOIN names USING (person) JOIN cities c ON c.city = s.city
            LEFT JOIN cities a ON a.city = s.alt
        ) TO '{job.out}' (FORMAT parquet)"""
    )
