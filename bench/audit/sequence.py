"""`python -m bench.audit.sequence once|live ADDRESS [POLICY]`: one sequencer; `live` until it is
stopped."""

import signal
import sys
from pathlib import Path

from audit.policy import Policy
from audit.sequencer import Sequencer
from bench.processes import Measured

SEED = bytes(32)


def main(way: str, address: str, policy: Path | None = None) -> Measured:
    measured = Measured()
    asked = Policy.parse(policy.read_text()) if policy else None
    sequencer = Sequencer(address, "log.example", SEED, policy=asked)
    signal.signal(signal.SIGTERM, lambda *_: sequencer.stop.set())
    with measured.timed():
        sequencer.run(once=way == "once")
    return measured


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:])).say()
