"""`make chaos` in small: every scenario once, with the real processes.

CONVERSATIONS=5000 runs larger crowds; `make chaos` writes the table of docs/reliability.md.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chaos.scenarios import SCENARIOS
from travelcheck.stack.folders import ROOT

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]

EACH = os.environ.get("CONVERSATIONS", "10")


def test_every_text_has_one_effect_and_every_reply_goes_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.reliability", "--each", EACH, "--together"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    for scenario in SCENARIOS:
        assert f"| {scenario.name} |" in done.stdout
