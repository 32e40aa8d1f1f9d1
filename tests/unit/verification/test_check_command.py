"""The offline check as somebody runs it who has five files, Python and one library."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings

from tests.unit.verification.tokens import (
    ITINERARY,
    KEYS_TEXT,
    NOW,
    OTHER,
    STATEMENT,
    signed,
    status,
)
from verification.check import main
from verification.claims import to_claims
from verification.reading import Standing
from verification.signing import jwk

FILES = ("__init__.py", "check.py", "reading.py", "claims.py", "wording.py", "words.py")
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def keys(tmp_path: Path) -> str:
    path = tmp_path / "keys.json"
    path.write_text(KEYS_TEXT)
    return str(path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> "Run":
    return Run(capsys)


class Run:
    """The command, two hours after the answer was issued."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        with time_machine.travel(LATER, tick=False):
            code = main(arguments)
        return code, self.capsys.readouterr().out


def test_it_stands_on_five_files_and_one_library(tmp_path: Path) -> None:
    """Neither Django, nor a database, nor what signs."""
    (tmp_path / "verification").mkdir()
    for name in FILES:
        shutil.copy(Path(settings.BASE_DIR) / "verification" / name, tmp_path / "verification")
    (tmp_path / "keys.json").write_text(KEYS_TEXT)
    blocked = ("django", "psycopg", "joserfc", "qrcode", "core", "travel", "travelcheck")
    program = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "runpy.run_module('verification.check', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "-", "--keys", "keys.json"],
        cwd=tmp_path,
        input=signed(replace(STATEMENT, expires_at=NOW)),
        capture_output=True,
        text=True,
        env={},
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("No longer valid. https://travelcheck.example signed this")


def test_a_genuine_answer_in_plain_words(run: Run, keys: str) -> None:
    code, text = run(signed(), "--keys", keys)
    assert code == 0
    assert (
        text
        == """\
Genuine. https://travelcheck.example signed this answer, and nothing in it was changed.

  Given to:    River Works Ltd (6f1c2b9e-0d7a-4c35-9f6a-2f4f0b8d1c11)
  About:       the phone number that ends in 34; the number, not a person
  Days:        2026-11-09 to 2026-11-22 (14)
  Question:    Was the phone for 4 hours or more in any of: Wuhan (420100), Thailand (TH)?
  Answer:      NO
  Seen:        data on 14 of 14 days, 13 of them well covered, 211 hours in all; data through \
2026-11-22
  Rule:        version 1, stays of 4 hours or more
  Issued:      2026-11-23 08:15, valid until 2026-11-25 08:15 (UTC)
  References:  answer 0b0e3a54-7a55-4c1e-8a40-0c63a5c5a1d2, consent \
3f9d4f0e-46c5-4f76-b5b5-5d9a6a0a7e01, log entry \
5c1f7a60-3b1e-4d0c-9a57-7d1c2f0e9b34, nonce q83vEjRWeJASNFZ4kBI0Vg

Not checked: whether it was withdrawn or disputed since. That needs the status list: \
https://travelcheck.example/answers/status/2026-11-23
Not checked: whose phone it is. Compare the last two digits with the number of the person in \
front of you.
Not checked: whether it was given to you. If you are not River Works Ltd, it is not for you.
"""
    )


def test_an_itinerary_with_its_borders_and_holes(run: Run, keys: str) -> None:
    _, text = run(signed(ITINERARY), "--keys", keys)
    assert "Hangzhou (330100): 2026-11-21/2026-11-22\n" in text
    assert "Shanghai (310000) or Suzhou (320500): 2026-11-09/2026-11-10, 2026-11-12\n" in text
    _, bare = run(signed(replace(ITINERARY, names={}, audience_name="")), "--keys", keys)
    assert " 310000 or 320500: 2026-11-09/2026-11-10, 2026-11-12\n" in bare
    assert "Given to:    6f1c2b9e" in bare


@pytest.mark.parametrize("standing", Standing)
def test_with_a_status_list(run: Run, keys: str, tmp_path: Path, standing: Standing) -> None:
    path = tmp_path / "status"
    path.write_text(status({STATEMENT.status_index: standing}))
    code, text = run(signed(), "--keys", keys, "--status", str(path))
    if standing is Standing.STANDS:
        assert code == 0
        assert "Neither withdrawn nor disputed as of 2026-11-23 09:15 (UTC)." in text
    else:
        assert code == 1
        assert text.startswith(f"{standing.name.capitalize()}. ")
        assert "Not checked" not in text


def test_who_it_is_for(run: Run, keys: str) -> None:
    code, text = run(signed(), "--keys", keys, "--audience", str(STATEMENT.audience))
    assert code == 0
    assert "whether it was given to you" not in text
    code, text = run(signed(), "--keys", keys, "--audience", str(uuid4()))
    assert code == 1
    assert text.startswith("Not for you.")


def test_without_keys_nothing_is_believed_and_nothing_repeated(run: Run) -> None:
    code, text = run(signed())
    assert code == 2
    assert "/.well-known/jwks.json" in text
    assert "travelcheck.example" not in text


def test_what_cannot_be_checked(run: Run, keys: str, tmp_path: Path) -> None:
    others = tmp_path / "others.json"
    others.write_text(json.dumps({"keys": [jwk(OTHER.public_key)]}))
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"\xff\xfe")
    for arguments in (
        ["--keys", str(others)],
        ["--keys", str(nonsense)],
        ["--keys", str(tmp_path / "missing")],
        ["--keys", "http://travelcheck.example/.well-known/jwks.json"],
        ["--keys", keys, "--status", str(tmp_path / "missing")],
        ["--keys", keys, "--status", keys],
    ):
        code, text = run(signed(), *arguments)
        assert (code, text[:17]) == (2, "Cannot be checked")


def test_a_forged_answer_says_nothing_else(run: Run, keys: str) -> None:
    genuine = signed()
    forged = ".".join([*genuine.split(".")[:2], signed(ITINERARY).split(".")[2]])
    code, text = run(forged, "--keys", keys)
    assert code == 1
    assert text.count("\n") == 1
    assert text.startswith("Not genuine.")


def test_in_chinese(run: Run, keys: str) -> None:
    code, text = run(signed(), "--keys", keys, "--lang", "zh")
    assert code == 0
    assert text.startswith("真实。")
    assert "签发给" in text


class Published(BaseHTTPRequestHandler):
    """The service's keys, on this machine."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(KEYS_TEXT.encode())

    def log_message(self, *_: object) -> None:
        """Nothing into the test's output."""


def test_keys_from_an_address(run: Run) -> None:
    server = HTTPServer(("127.0.0.1", 0), Published)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        here = f"http://127.0.0.1:{server.server_port}"
        assert run(signed(), "--keys", f"{here}/keys")[0] == 0
    finally:
        server.shutdown()
        server.server_close()


def test_the_example_of_the_docs(run: Run, tmp_path: Path) -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "answers.md").read_text()
    token = page.split("```text\n")[1].split("```")[0]
    keys = tmp_path / "documented.json"
    keys.write_text(page.split("```json\n")[1].split("```")[0])
    code, text = run(token, "--keys", str(keys))
    assert code == 0
    assert "Wuhan (420100), Thailand (TH)" in text
    claims = to_claims(STATEMENT) | to_claims(ITINERARY)
    assert [claim for claim in claims if f"`{claim}`" not in page] == []
    assert claims["aud"] in page
