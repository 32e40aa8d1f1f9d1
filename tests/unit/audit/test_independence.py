"""A verifier on another machine has neither Django nor a database driver."""

import subprocess
import sys

PROGRAM = """
import sys
for name in ("django", "psycopg", "core", "travelcheck"):
    sys.modules[name] = None  # importing it fails
import audit.tree, audit.note, audit.tiles, audit.cosignature, audit.policy, audit.proof
import audit.verify.__main__
import audit.witness.__main__
"""


def test_formats_stand_alone() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
