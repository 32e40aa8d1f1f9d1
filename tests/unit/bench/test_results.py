"""Figures are shown as they are, missed bars too, and written in the agreed form."""

import json
from pathlib import Path

import duckdb
import pytest

from bench import results
from bench.results import Result, against
from bench.signaling.scorer import MINIMUM_MS, score


@pytest.mark.parametrize(
    ("value", "least", "most", "holds"),
    [(5.0, 0.5, None, True), (4.9, 0.5, None, False), (11.0, None, 1.1, True),
     (11.1, None, 1.1, False), (3.0, None, None, None)],
)  # fmt: skip
def test_a_bar_holds_up_to_its_edge(
    value: float, least: float | None, most: float | None, holds: bool | None
) -> None:
    assert against("one", value, "s", 10.0, least=least, most=most).holds is holds


def test_a_missed_bar_is_shown_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_plot", lambda *_: None)  # needs a library that only benches have
    found = [against("one / other", 1.23456, "M events/s", 10.0, least=0.5), Result("two", 3, "s")]
    results.write(found, tmp_path, "some")
    assert json.loads((tmp_path / "some.json").read_text()) == [
        {"name": "one / other", "value": 1.235, "unit": "M events/s", "floor": 10, "ratio": 0.1235,
         "holds": False},
        {"name": "two", "value": 3, "unit": "s", "floor": None, "ratio": None, "holds": None},
    ]  # fmt: skip
    assert "MISSED" in results.table(found)


def test_the_score_counts_pairs_of_those_who_were_seen(tmp_path: Path) -> None:
    con = duckdb.connect()
    truth = tmp_path / "truth.parquet"
    con.execute(
        f"""COPY (SELECT * FROM (VALUES
            ('a', '1', 0, {MINIMUM_MS}, false), ('a', '2', 0, {MINIMUM_MS - 1}, true),
            ('b', '1', 0, {MINIMUM_MS}, false), ('unseen', '1', 0, {MINIMUM_MS}, false)
        ) rows(imsi, city_code, start_ms, end_ms, border)) TO '{truth}' (FORMAT parquet)"""
    )
    con.execute("CREATE TABLE seen AS SELECT unnest(['a', 'b']) AS imsi")
    con.execute(
        "CREATE TABLE reported AS SELECT * FROM (VALUES ('a', '1'), ('a', '2'), ('a', '2'))"
        " rows(imsi, city_code)"
    )
    found = score(con, truth)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.border_f1 == pytest.approx(2 / 3)
