"""Where the stack keeps its files, and which OS user its PostgreSQL server runs as.

PostgreSQL refuses to run as root. Started by root, it runs as another OS user, who must be able to
reach its data. No parent directory is ever opened for that: when the checkout lies in a closed tree
such as /root, the server's files go to /var/lib instead.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

#: A Unix socket's path has at most 107 bytes; ours end in `/socket/.s.PGSQL.5432`.
LONGEST_FOLDER = 107 - len("/socket/.s.PGSQL.5432")


class StackError(Exception):
    """The stack cannot start. One line that says what is wrong and what to do."""


@dataclass(frozen=True)
class Account:
    """The OS user of the PostgreSQL server."""

    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """What makes `subprocess` run a command as this user."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"}

    def can(self, *command: str | Path) -> bool:
        """Whether the command succeeds for this user."""
        try:
            done = subprocess.run(
                command, capture_output=True, check=False, **self.popen_arguments()
            )
        except OSError:
            return False
        return done.returncode == 0

    def own(self, folder: Path) -> Path:
        """Make the folder private to this user. Its parents stay as they are."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), self.uid):
            raise StackError(f"{folder} belongs to somebody else: remove it")
        if os.geteuid() != self.uid:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)
        return folder


def our_account() -> Account:
    """The user we run as."""
    return Account(os.geteuid(), os.getegid())


@cache
def server_account() -> Account:
    """Ourselves; for root the user `postgres`, or `nobody` where there is none."""
    if os.geteuid() != 0:
        return our_account()
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(user.pw_uid, user.pw_gid)
    raise StackError("PostgreSQL cannot run as root, and there is no user postgres or nobody")


def local_folder() -> Path:
    """The folder of this checkout's stack: `.local`, or `STACK_FOLDER`."""
    return Path(os.environ.get("STACK_FOLDER") or ROOT / ".local").absolute()


def make_private(folder: Path) -> Path:
    """Create the folder for ourselves alone (0700), where it does not exist yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def server_folder(folder: Path, name: str, account: Account) -> Path:
    """The folder of a server whose files must be reachable and whose socket's path must be short.

    That is `folder/name` where it can be; otherwise a folder elsewhere that `folder/name.path`
    remembers. Only the server's own user and root can enter it.
    """
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    remembered = folder / f"{name}.path"
    if remembered.exists():
        return account.own(Path(remembered.read_text().strip()))
    home = folder / name
    if len(os.fsencode(home)) <= LONGEST_FOLDER and account.can("test", "-x", folder):
        return account.own(home)
    number = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    parent = Path("/var/lib" if os.geteuid() == 0 else "/var/tmp")  # noqa: S108  private by own()
    home = parent / f"travelcheck-{name}-{os.getuid()}-{number}"
    # Left over when `folder` was deleted, and useless without the passwords that were in there.
    shutil.rmtree(home, ignore_errors=True)
    account.own(home)
    remembered.write_text(f"{home}\n")
    return home


def remove_server_folder(folder: Path, name: str) -> None:
    """Delete a server's folder, wherever it is. The server must not be running."""
    remembered = folder / f"{name}.path"
    home = Path(remembered.read_text().strip()) if remembered.exists() else folder / name
    shutil.rmtree(home, ignore_errors=True)
    remembered.unlink(missing_ok=True)
