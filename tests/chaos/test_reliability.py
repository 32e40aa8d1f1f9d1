"""`make chaos` in small: the scenarios that can share a service, at once, with real processes.

CONVERSATIONS=5000 runs larger crowds; `make chaos` writes the table of docs/reliability.md.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chaos.scenarios import SCENARIOS
from travelcheck.stack.folders import ROOT
from travelcheck.stack.local import SYSTEM_VARIABLES

pytestmark = [pytest.mark.serial, pytest.mark.xdist_group("whole machine")]

EACH = os.environ.get("CONVERSATIONS", "10")


def test_every_text_has_one_effect_and_every_reply_goes_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.reliability", "--each", EACH, "--together"],
        cwd=ROOT,
        # Its servers are its own: with an address of these tests' it would start none.
        env={name: value for name, value in os.environ.items() if name in SYSTEM_VARIABLES},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    for scenario in SCENARIOS:
        if not scenario.needs_all:
            assert f"| {scenario.name} |" in done.stdout
