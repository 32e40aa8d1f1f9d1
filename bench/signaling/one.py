"""`python -m bench.signaling.one WAY FOLDER OUT`: one way over the data in a folder, once."""

import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import Measured


@dataclass
class Job:
    """What a way is given. `resolved`: cgi, city_code, alt_city_code, lon, lat, range_m."""

    folder: Path
    out: Path
    measured: Measured = field(default_factory=Measured)

    @property
    def events(self) -> list[Path]:
        return sorted((self.folder / "events").glob("*.parquet"))

    @property
    def resolved(self) -> Path:
        return self.folder / "resolved.parquet"

    @property
    def glob(self) -> str:
        return f"{self.folder}/events/*.parquet"


def main(way: str, folder: str, out: str) -> None:
    target = Path(out)
    target.parent.mkdir(parents=True, exist_ok=True)
    job = Job(Path(folder), target)
    importlib.import_module(f"bench.signaling.ways.{way}").run(job)
    job.measured.say()


if __name__ == "__main__":
    main(*sys.argv[1:])
