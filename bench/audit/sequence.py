"""`python -m bench.audit.sequence once|live ADDRESS`: one sequencer; `live` until it is stopped."""

import os
import signal
import sys

from audit.sequencer import Sequencer
from bench.processes import Measured


def main(way: str, address: str) -> Measured:
    measured = Measured()
    sequencer = Sequencer(address, "log.example", os.environ.get("BENCH", "").encode().ljust(32))
    signal.signal(signal.SIGTERM, lambda *_: sequencer.stop.set())
    with measured.timed():
        sequencer.run(once=way == "once")
    return measured


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2]).say()
