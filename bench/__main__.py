"""`python -m bench [NAME]`: measure, and write bench/out/NAME.json and NAME.svg and a table.

Every folder in here with a function `measure(quick: bool) -> Iterator[Result]` is a NAME. QUICK=1
in the environment asks for small sizes, which prove that it works and say little about speed.
"""

import importlib
import os
import sys
from pathlib import Path

from bench import results

HERE = Path(__file__).parent


def names() -> list[str]:
    return sorted(path.parent.name for path in HERE.glob("*/__init__.py"))


def main(arguments: list[str]) -> int:
    unknown = [name for name in arguments if name not in names()]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there is {', '.join(names())}")
        return 2
    quick = os.environ.get("QUICK", "") not in ("", "0")
    for name in arguments or names():
        module = importlib.import_module(f"bench.{name}")
        found: list[results.Result] = []
        try:
            for result in module.measure(quick):
                print(result.line(), file=sys.stderr, flush=True)
                found.append(result)
        finally:
            # What was measured before something broke is not lost.
            results.write(found, results.OUT, name)
        print(results.table(found))
        print(f"written: {results.OUT / name}.json and .svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
