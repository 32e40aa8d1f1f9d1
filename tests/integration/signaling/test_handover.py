"""What DuckDB writes as arrays, PostgreSQL reads as the same values."""

import duckdb
import psycopg
from hypothesis import given
from hypothesis import strategies as st

from signaling import handover

# What a place's code may be (signaling/geography.py); no text of PostgreSQL's holds NUL.
CODES = st.text(
    st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), min_size=1, max_size=20
)


def test_codes_arrive_as_they_are(superuser: psycopg.Connection) -> None:
    @given(st.lists(st.none() | CODES | st.sampled_from(['a"b', "c\\d", "e,f", "{}", "NULL"])))
    def arrive(codes: list[str | None]) -> None:
        with duckdb.connect() as con:
            con.execute("CREATE TABLE made AS SELECT unnest(?::TEXT[]) AS code", [codes])
            [written] = handover._arrays(con, "SELECT code FROM made", handover._quoted("code"))
        row = superuser.execute("SELECT %s::text[]", [written]).fetchone()
        assert row == (codes,)

    arrive()
