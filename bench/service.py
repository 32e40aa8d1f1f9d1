"""The service's servers for a bench: the real PostgreSQL with its durability on, migrated, in a
folder of its own that is deleted afterwards. Nothing runs in it but what the bench runs."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.results import OUT
from core.roles import OWNER
from travelcheck.stack.folders import remove_server_folder
from travelcheck.stack.launcher import Stack, stack
from travelcheck.stack.local import make_keys, write_secret

FOLDER: Final = OUT / "stack"
SETTINGS: Final = {
    "DEMO": "1",
    "SMS_PROVIDER": "sandbox",
    "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
}


@contextmanager
def service(settings: Mapping[str, str], folder: Path = FOLDER) -> Iterator[Stack]:
    """Start the servers with these settings beside the usual ones."""
    os.environ["STACK_FOLDER"] = str(folder)
    _remove(folder)
    chosen = {**SETTINGS, **settings}
    with stack({**os.environ, **chosen}, "a bench", echo=False) as running:
        make_keys(folder)
        for name, value in {**chosen, "SIGNALING_STORE": str(folder / "signaling")}.items():
            write_secret(folder, name, value)
        running.start_servers()
        running.manage("migrate", "--verbosity=0", role=OWNER)
        yield running
    _remove(folder)


def _remove(folder: Path) -> None:
    for server in ("postgres", "redis"):
        remove_server_folder(folder, server)
    shutil.rmtree(folder, ignore_errors=True)
