"""A file of any size is read, judged and its bad rows named in the same little memory."""

import subprocess
import sys
from pathlib import Path

from travelcheck.stack.folders import ROOT

ROWS = 4_000_000
CEILING_MIB = 2_000  # of address space; DuckDB maps 900 of them before it reads anything

READ = """
import resource, sys
from pathlib import Path
from signaling import events, reading

con = reading.connect(threads=1)
con.execute("CREATE TABLE known_cells (cgi TEXT, place INTEGER)")
ceiling = int(sys.argv[2]) << 20
resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
path = Path(sys.argv[1])
with reading.naming(path):
    source = events.open_events(con, path)
    counted = f"SELECT reason, count(*) FROM ({events.judged(source)}) GROUP BY 1"
    (counts,) = con.execute(counted).fetchall()
    named = events.bad_rows(con, source)
print(counts[1], len(named), named[-1][0])
"""


def test_a_large_file_of_bad_rows_fits_into_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    row = b"460000000000001,1795255200,460-00-1-1,data\n"  # seconds, not milliseconds
    with path.open("wb") as file:
        file.write(b"imsi,timestamp,cgi,event_type\n")
        for _ in range(40):
            file.write(row * (ROWS // 40))
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(CEILING_MIB)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [str(ROWS), "100000", "100001"], done.stderr
