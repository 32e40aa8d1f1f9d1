"""The verifier and the witness as others get them: a wheel, and nothing but `cryptography`."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from django.conf import settings

BUILD = "import sys; from flit_core.buildapi import build_wheel; print(build_wheel(sys.argv[1]))"
#: What `cryptography` is made of.
NEEDED = ("cryptography", "cffi", "pycparser", "_cffi_backend*")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment in which the wheel is unpacked."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=settings.BASE_DIR, check=True)
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('platlib'))"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    packages = Path(done.stdout.strip())
    [wheel] = folder.glob("*.whl")
    shutil.unpack_archive(wheel, packages, format="zip")
    for name in NEEDED:
        for found in Path(sysconfig.get_path("platlib")).glob(name):
            (packages / found.name).symlink_to(found)
    return python


def run(python: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """In a folder without our sources, and without our environment."""
    return subprocess.run(
        [python, "-I", *map(str, arguments)],
        cwd=python.parent, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_verifies_and_witnesses(elsewhere: Path, tmp_path: Path) -> None:
    for module in ("django", "psycopg", "core"):
        assert run(elsewhere, "-c", f"import {module}").returncode == 1
    done = run(elsewhere, "-m", "audit.verify", tmp_path)
    assert (done.returncode, done.stdout) == (
        2, f"CANNOT BE VERIFIED: {tmp_path}: there is no log here\n",
    ), done.stderr  # fmt: skip
    done = run(elsewhere, "-m", "audit.witness", "--help")
    assert done.returncode == 0, done.stderr
