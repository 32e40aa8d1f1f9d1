"""A supervisor over two small programs, for the tests to kill. Arguments: its folder."""

import sys
from pathlib import Path

from travelcheck.stack.supervisor import Interrupted, Service, Supervisor, say

#: A process with a child of its own; it writes down both, and its environment.
PROGRAM = """
import os, subprocess, sys, time
name, folder = sys.argv[1:]
child = subprocess.Popen(["sleep", "1000"]) if name == "parent" else None
with open(f"{folder}/{name}.seen", "w") as seen:
    print(os.getpid(), child.pid if child else "", file=seen)
print("\\n".join(sorted(os.environ)), flush=True)
time.sleep(1000)
"""


def main(folder: Path) -> None:
    with Supervisor(folder) as supervisor:
        for stage, name in enumerate(("parent", "alone")):
            command = [sys.executable, "-c", PROGRAM, name, str(folder)]
            supervisor.start(Service(name, command, {"ONLY": name}, stage))
        say("started")
        try:
            supervisor.watch_forever()
        except Interrupted:
            say("stopping")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
