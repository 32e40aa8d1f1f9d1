"""The gateway as it runs: web, worker and beat, each its own process with its own role."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import requests

from core.roles import SECRETS_OF_ROLE, database_variable
from tests import database
from tests.machine import free_port
from travelcheck.stack.folders import ROOT
from travelcheck.stack.supervisor import child_arguments


@dataclass
class Service:
    """Starts and kills processes. Each gets its own role's address and secrets and no others."""

    folder: Path
    redis_url: str
    settings: str = "tests.fakes.gateway_settings"
    extra: dict[str, str] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, role: str) -> dict[str, str]:
        names = SECRETS_OF_ROLE.get(role, ())
        given = {name: database.KEYS[name] for name in names if name in database.KEYS}
        if role != "none":
            given[database_variable(role)] = database.plan().addresses[role]
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SERVICE_ROLE": role,
            "DEMO": "1",
            "DJANGO_SETTINGS_MODULE": self.settings,
            "PUBLIC_BASE_URL": self.base_url,
            "REDIS_URL": self.redis_url,
            **given,
            **self.extra,
        }

    def start(self, name: str) -> None:
        role, command = {
            "web": (
                "web",
                [
                    "gunicorn",
                    "travelcheck.wsgi",
                    "-b",
                    f"127.0.0.1:{self.port}",
                    "--threads",
                    "8",
                    "--no-control-socket",
                ],
            ),
            "worker": (
                "worker",
                [
                    "celery",
                    "-A",
                    "travelcheck",
                    "worker",
                    "-c",
                    "2",
                    "--without-gossip",
                    "--without-mingle",
                ],
            ),
            "beat": (
                "none",
                ["celery", "-A", "travelcheck", "beat", "-s", str(self.folder / "beat")],
            ),
            "smpp-sender": ("none", ["django", "smpp_sender"]),
            "smpp-receiver": ("web", ["django", "smpp_receiver"]),
        }[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self.environment(role),
                stdout=log,
                stderr=subprocess.STDOUT,
                **child_arguments(signal.SIGKILL),
            )

    def kill(self, name: str) -> None:
        """As a failing machine does it: the process and its children, without a word."""
        process = self.running.pop(name)
        os.killpg(process.pid, 9)
        process.wait()

    def end(self, name: str) -> int:
        """As a supervisor ends it: asked, and waited for."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(30)

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def is_answering(self) -> bool:
        try:
            return requests.get(f"{self.base_url}/livez", timeout=5).ok
        except requests.RequestException:
            return False

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()
