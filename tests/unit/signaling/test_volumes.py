"""The operator is told when events lie on a disk in plain text."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks

from core.roles import INGEST
from signaling import checks
from signaling.volumes import is_seen_encrypted


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A /proc and a /sys that say nothing of encryption."""
    device = tmp_path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(
        f"24 1 0:99 / /x rw - fuse.gocryptfs x rw\n25 1 {number} / / rw - ext4 /dev/x rw\n"
    )
    (tmp_path / "sys/dev/block" / number / "slaves").mkdir(parents=True)
    return tmp_path


def block(machine: Path) -> Path:
    return next((machine / "sys/dev/block").iterdir())


def test_a_plain_disk(machine: Path) -> None:
    assert not is_seen_encrypted(machine / "not" / "yet", root=machine)


def test_luks_below_a_logical_volume(machine: Path) -> None:
    for name, uuid in (("dm", "LVM-1"), ("slaves/dm-1/dm", "CRYPT-LUKS2-0a1b-store\n")):
        (block(machine) / name).mkdir(parents=True)
        (block(machine) / name / "uuid").write_text(uuid)
    assert is_seen_encrypted(machine, root=machine)


def test_a_file_system_that_encrypts(machine: Path) -> None:
    mounts = machine / "proc/self/mountinfo"
    mounts.write_text(mounts.read_text().replace("ext4", "ecryptfs"))
    assert is_seen_encrypted(machine, root=machine)


@pytest.mark.parametrize(
    ("role", "demo", "declared", "seen", "warned"),
    [
        (INGEST, False, False, False, True),
        (INGEST, False, False, True, False),
        (INGEST, False, True, False, False),
        (INGEST, True, False, False, False),
        ("web", False, False, False, False),
    ],
)
def test_the_warning(
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    demo: bool,
    declared: bool,
    seen: bool,
    warned: bool,
) -> None:
    settings.SERVICE_ROLE, settings.DEMO = role, demo
    settings.SIGNALING_STORE_ENCRYPTED = declared

    def is_seen(folder: Path, **_: Any) -> bool:
        return seen

    monkeypatch.setattr(checks, "is_seen_encrypted", is_seen)
    found = [message.id for message in run_checks(tags=["security"])]
    assert ("signaling.W001" in found) is warned
