"""The offline verifier, on copies of a real log that a superuser tampered with."""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.cosignature import Cosigner
from audit.note import Checkpoint, Signer, parse
from audit.verify.__main__ import main
from tests.integration.audit.conftest import ORIGIN, SEED, VERIFIER, YEAR, new_sequencer
from tests.integration.audit.stories import lived
from tests.integration.consent.world import World

pytestmark = pytest.mark.django_db(transaction=True)

AsRole = Callable[[str], AbstractContextManager[None]]
Export = Callable[[], Path]
KEY = VERIFIER.vkey
NAMES = ("audit_entry", "audit_leaf", "audit_node", "audit_checkpoint")


@pytest.fixture
def world(superuser: psycopg.Connection) -> World:
    return World(superuser, lambda: new_sequencer().run(once=True))


@pytest.fixture
def export(as_role: AsRole, tmp_path: Path) -> Export:
    """`export()`: the auditor's command, always into the same folder."""

    def run() -> Path:
        with as_role("auditor"):
            call_command("audit_export", str(tmp_path / "copy"), stdout=StringIO())
        return tmp_path / "copy"

    return run


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """`said(folder, option, …)`: the exit code, and the line."""

    def run(folder: object, *options: object, key: str = KEY) -> tuple[int, str]:
        given = ["--key", key] if key else []
        code = main([str(folder), "--jobs", "1", *given, *map(str, options)])
        return code, capsys.readouterr().out.strip()

    return run


Said = Callable[..., tuple[int, str]]


def free(superuser: psycopg.Connection) -> None:
    """What a superuser can do to append-only tables."""
    for name in NAMES:
        superuser.execute(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
    superuser.execute("ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER enqueue")


# ---------------------------------------------------------------------- intact
def test_a_real_log_is_intact_and_may_grow(
    world: World, export: Export, said: Said, tmp_path: Path
) -> None:
    lived(world)
    memory = tmp_path / "memory"
    code, line = said(export(), "--remember", memory)
    assert (code, line.split(":")[0]) == (0, "intact"), line
    assert f"{ORIGIN} " in line
    assert "entries wait for a checkpoint" in line
    [first] = json.loads(memory.read_text()).values()
    world.sequence()
    for _ in range(70):
        world.agreed()
    world.sequence()
    code, line = said(export(), "--remember", memory, "--jobs", "2")
    assert code == 0, line
    [second] = json.loads(memory.read_text()).values()
    assert second["size"] > 256 > first["size"]
    partial = sorted(p.parent.name for p in (tmp_path / "copy").rglob("*.p/*"))
    assert partial == ["000.p", "001.p", "001.p", "001.p", "001.p"], "outgrown files are removed"


def test_an_export_is_an_entry_and_a_killed_one_goes_on(
    world: World, export: Export, said: Said, superuser: psycopg.Connection
) -> None:
    lived(world)
    folder = export()
    made = superuser.execute("SELECT count(*) FROM audit_entry WHERE event = 'export.made'")
    assert made.fetchone() == (1,)
    # Killed before its end: some files are there, the checkpoint is not.
    (folder / str(YEAR) / "checkpoint").unlink()
    next((folder / str(YEAR) / "checkpoints").rglob("*.p/*")).unlink()
    (folder / str(YEAR) / ".checkpoint.1.tmp").write_text("half a ch")
    assert said(export())[0] == 0


def test_without_a_key_nothing_is_proved(
    world: World, export: Export, said: Said, tmp_path: Path
) -> None:
    lived(world)
    folder = export()
    code, line = said(folder, key="")
    assert code == 2
    assert "no key was given" in line
    other = Signer(ORIGIN, bytes(32)).verifier.vkey
    assert said(folder, key=other)[0] == 2
    assert "not given" in said(folder, key=other)[1]
    elsewhere = Signer("other.example/audit/2026", SEED).verifier.vkey
    assert said(folder, key=elsewhere)[0] == 2
    assert said(folder, key="no key")[0] == 2
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    code, line = said(folder, key=str(binary))
    assert (code, line.count("\n"), "the verifier failed" in line) == (2, 0, True), line


def test_a_served_copy_is_mirrored_piece_by_piece(
    world: World, export: Export, said: Said, tmp_path: Path
) -> None:
    lived(world)
    folder = export()
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_request(self, *_: object) -> None:
            asked.append(self.path)

        def log_error(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        url, mirror = f"http://127.0.0.1:{server.server_port}", tmp_path / "mirror"
        found = said(url, "--mirror", mirror)
        assert found == said(folder)
        assert found[0] == 0, found
        assert said(f"{url}/{YEAR}", "--tiles-only")[0] == 0
        asked.clear()
        assert said(url, "--mirror", mirror) == found
        assert sorted(asked) == sorted(["/logs", f"/{YEAR}/checkpoint", "/uncovered"])
        assert said(f"{url}/nothing")[0] == 2
        (mirror / "logs").write_text(f"{YEAR - 1}\n{YEAR}\n")
        code, line = said(url, "--mirror", mirror)
        assert (code, f"it had the log of {YEAR - 1} before" in line) == (1, True), line
    finally:
        server.shutdown()
        server.server_close()


# ---------------------------------------------------------------------- tampered in the database
SOME = "(SELECT l.entry_id FROM audit_leaf l WHERE l.seq = 3)"
REHASH = """UPDATE audit_leaf l SET leaf_hash = sha256('\\x00'::bytea || e.body)
            FROM audit_entry e WHERE e.id = l.entry_id"""
IN_THE_DATABASE = {
    "edited": (
        f"UPDATE audit_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
        f" 'person', 'system'), 'UTF8') WHERE id = {SOME}",
        "entry 3: it is not what was hashed",
    ),
    "edited, and the leaf with it": (
        f"UPDATE audit_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
        f" 'person', 'system'), 'UTF8') WHERE id = {SOME}; {REHASH}",
        "it was signed for other entries than these",
    ),
    "a column": (
        f"UPDATE audit_entry SET event = 'consent.refused' WHERE id = {SOME}",
        "entry 3: its columns are not those of its body",
    ),
    "columns of two swapped": (
        "UPDATE audit_entry e SET subject_ref = o.subject_ref, recorded_at = o.recorded_at"
        " FROM audit_entry o WHERE e.event = 'consent.withdrawn' AND o.event = 'erasure.done'",
        "its columns are not those of its body",
    ),
    "deleted": (f"DELETE FROM audit_entry WHERE id = {SOME}", "entry 3: it is not what was hashed"),
    "leaf deleted": ("DELETE FROM audit_leaf WHERE seq = 3", "entry 3: it is not what was hashed"),
    "reordered": (
        "UPDATE audit_leaf SET entry_id = -entry_id WHERE seq IN (3, 4);"
        "UPDATE audit_leaf l SET entry_id = -o.entry_id FROM audit_leaf o"
        f" WHERE l.seq IN (3, 4) AND o.seq = 7 - l.seq; {REHASH}",
        "it was signed for other entries than these",
    ),
    "a forged access": (
        "INSERT INTO audit_entry (entry_uuid, recorded_at, event, org_ref, subject_ref,"
        " consent_id, body) SELECT u, recorded_at, event, org_ref, subject_ref, consent_id,"
        " convert_to(replace(convert_from(body, 'UTF8'), entry_uuid::text, u::text), 'UTF8')"
        " FROM audit_entry, gen_random_uuid() u WHERE event = 'access.released' LIMIT 1",
        "access.released of a release that is delivered",
    ),
    "taken out of the queue": ("DELETE FROM audit_queue", "it is lost"),
    "deleted while it waited": (
        "DELETE FROM audit_entry WHERE id = (SELECT max(entry_id) FROM audit_queue)",
        "it is gone",
    ),
    "the last checkpoint deleted": (
        "DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)",
        "it is beyond the last checkpoint",
    ),
    "a root replaced": (
        "UPDATE audit_checkpoint SET root = sha256('')"
        " WHERE size = (SELECT min(size) FROM audit_checkpoint)",
        "its columns are not those of its note",
    ),
    "an older checkpoint in place of a newer one": (
        "UPDATE audit_checkpoint c SET note = o.note FROM audit_checkpoint o"
        " WHERE o.size = (SELECT min(size) FROM audit_checkpoint)"
        " AND c.size = (SELECT size FROM audit_checkpoint ORDER BY size OFFSET 1 LIMIT 1)",
        "columns are not",
    ),
}


def test_what_was_done_in_the_database_shows(
    world: World, export: Export, said: Said, superuser: psycopg.Connection
) -> None:
    lived(world)
    free(superuser)
    tables = (*NAMES, "audit_queue")
    for table in tables:
        superuser.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
    for how, (statement, finding) in IN_THE_DATABASE.items():
        superuser.execute(statement)
        copy = export()
        code, line = said(copy)
        assert (code, finding in line) == (1, True), f"{how}: {line}"
        shutil.rmtree(copy)
        with superuser.transaction():
            superuser.execute("SET LOCAL session_replication_role = replica")
            superuser.execute("DELETE FROM audit_queue")
            for table in tables:
                superuser.execute(f"DELETE FROM {table}")
                superuser.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table}")
    assert said(export())[0] == 0, "all of it was put back"
    for table in tables:
        superuser.execute(f"DROP TABLE kept_{table}")


def test_a_cut_log_shows_to_who_remembers_it(
    world: World, export: Export, said: Said, superuser: psycopg.Connection, tmp_path: Path
) -> None:
    lived(world)
    memory = tmp_path / "memory"
    copy = export()
    assert said(copy, "--remember", memory)[0] == 0
    free(superuser)
    kept = "(SELECT min(size) FROM audit_checkpoint)"
    superuser.execute("DELETE FROM audit_queue")
    superuser.execute(
        "DELETE FROM audit_entry WHERE id NOT IN"
        f" (SELECT entry_id FROM audit_leaf WHERE seq < {kept})"
    )
    superuser.execute(f"DELETE FROM audit_leaf WHERE seq >= {kept}")
    superuser.execute(f"DELETE FROM audit_node WHERE (idx + 1) << level > {kept}")
    superuser.execute(f"DELETE FROM audit_checkpoint WHERE size > {kept}")
    with pytest.raises(CommandError, match="the log was cut"):
        export()  # the folder itself remembers
    shutil.rmtree(copy)
    assert said(export())[0] == 0, "with nothing from outside, nothing shows"
    code, line = said(copy, "--remember", memory)
    assert code == 1
    assert "the log was longer when it was seen before" in line


def test_a_log_rewritten_with_the_stolen_key_shows_to_who_has_an_old_checkpoint(
    world: World, export: Export, said: Said, superuser: psycopg.Connection, tmp_path: Path
) -> None:
    lived(world)
    copy, outside = export(), tmp_path / "outside"
    shutil.copyfile(copy / str(YEAR) / "checkpoint", outside)
    assert said(copy, "--checkpoint", outside)[0] == 0
    free(superuser)
    sizes = superuser.execute("SELECT size FROM audit_checkpoint ORDER BY size").fetchall()
    order = superuser.execute("SELECT entry_id FROM audit_leaf ORDER BY seq").fetchall()
    superuser.execute("DELETE FROM audit_queue")
    for table in NAMES[1:]:
        superuser.execute(f"DELETE FROM {table}")
    superuser.execute(
        "UPDATE audit_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
        ' \'"reason":"stop"\', \'"reason":"drop"\'), \'UTF8\')'
    )
    superuser.execute("DELETE FROM audit_queue")
    begun = 0
    for (size,) in sizes:  # signed again, in the same steps
        for row in order[begun:size]:
            superuser.execute("INSERT INTO audit_queue VALUES (%s)", row)
        new_sequencer().run(once=True)
        begun = size
    superuser.execute(
        "DELETE FROM audit_entry e WHERE NOT EXISTS"
        " (SELECT FROM audit_leaf l WHERE l.entry_id = e.id)"
    )
    shutil.rmtree(copy)
    assert said(export())[0] == 0, "with nothing from outside, nothing shows"
    code, line = said(copy, "--checkpoint", outside)
    assert code == 1
    assert "the log had other entries when it was seen before" in line


# ---------------------------------------------------------------------- tampered in the copy
@pytest.fixture
def copy(world: World, export: Export) -> Path:
    lived(world)
    return export()


def test_what_was_done_to_the_copy_shows(copy: Path, said: Said, tmp_path: Path) -> None:
    note = (copy / str(YEAR) / "checkpoint").read_text()
    said_of = Checkpoint.parse(parse(note).text)
    thief, stranger = Signer(ORIGIN, bytes(32)), Signer("other.example/audit/2026", SEED)
    unsigned = (
        note.rpartition("\n\n")[0] + "\n\n" + stranger.sign(said_of.text()).rpartition("\n\n")[2]
    )
    empty = Signer(ORIGIN, SEED).sign(Checkpoint(ORIGIN, 0, bytes(32)).text())
    longer = Signer(ORIGIN, SEED).sign(Checkpoint(ORIGIN, said_of.size + 1, said_of.root).text())
    log = f"{YEAR}"
    cases: dict[str, tuple[str, bytes | None, int, str]] = {
        "unsigned": (f"{log}/checkpoint", unsigned.encode(), 1, "not signed by the log"),
        "wrong key": (f"{log}/checkpoint", thief.sign(said_of.text()).encode(), 2, "not given"),
        "no note": (f"{log}/checkpoint", b"{}", 1, "its checkpoint"),
        "no log": (f"{log}/checkpoint", None, 2, "no checkpoint"),
        "empty": (f"{log}/checkpoint", empty.encode(), 2, "a log of 0 entries"),
        "longer": (f"{log}/checkpoint", longer.encode(), 2, "the copy lacks"),
        "no logs": ("logs", b"", 2, "not a list of logs"),
        "outside": ("logs", b"../etc\n", 2, "not a list of logs"),
        "no queue": ("uncovered", None, 2, "does not say what waits"),
        "no bundle": (f"{log}/tile/entries/000.p/{said_of.size}", None, 2, "the copy lacks tile"),
        "cut bundle": (f"{log}/tile/entries/000.p/{said_of.size}", b"\x00\x09abc", 1, "bundle"),
        "no columns": (f"{log}/columns/000.p/{said_of.size}", None, 2, "the copy lacks columns"),
        "odd columns": (f"{log}/columns/000.p/{said_of.size}", b"\xff", 1, "utf-8"),
        "no hashes": (f"{log}/tile/0/000.p/{said_of.size}", b"", 1, "entry 0"),
        "odd history": (f"{log}/checkpoints/000.p/{said_of.size}", b"[[]]\n", 1, "no checkpoint"),
    }
    for name, (path, content, expected, finding) in cases.items():
        changed = tmp_path / name
        shutil.copytree(copy, changed)
        if content is None:
            (changed / path).unlink()
        else:
            (changed / path).write_bytes(content)
        code, line = said(changed)
        assert (code, finding in line) == (expected, True), f"{name}: {line}"


def test_cosignatures_are_held_to_the_policy(
    copy: Path, said: Said, superuser: psycopg.Connection, export: Export, tmp_path: Path
) -> None:
    city, court = (
        Cosigner(f"{name}.example", bytes([n]) * 32) for n, name in enumerate(["a", "b"])
    )
    policy = tmp_path / "policy"
    policy.write_text(
        f"log {KEY}\nwitness one {city.witness.vkey}\nwitness two {court.witness.vkey}\n"
        "group both 2 one two\nquorum both\n"
    )
    code, line = said(copy, "--policy", policy, key="")
    assert code == 2
    assert "no checkpoint has the 2 cosignatures" in line
    rows = superuser.execute(
        "SELECT log, size, note FROM audit_checkpoint ORDER BY size"
    ).fetchall()
    for log, size, note in rows[:-1]:
        for cosigner in (city, court):
            value = cosigner.cosign(parse(note).text, 1_800_000_000).value
            superuser.execute(
                "INSERT INTO audit_cosignature (log, size, witness, signature, made_at)"
                " VALUES (%s, %s, %s, %s, core.now())",
                [log, size, cosigner.witness.vkey, value],
            )
    shutil.rmtree(copy)
    code, line = said(export(), "--policy", policy, key="")
    assert code == 0, line
    assert "newer than the last accepted checkpoint" in line
    # A witness that says it saw them an hour before they happened.
    superuser.execute("ALTER TABLE audit_cosignature DISABLE TRIGGER ALL")
    log, size, note = rows[-1]
    value = city.cosign(parse(note).text, int(time.time()) - 3600).value
    superuser.execute(
        "INSERT INTO audit_cosignature (log, size, witness, signature, made_at)"
        " VALUES (%s, %s, %s, %s, core.now())",
        [log, size, city.witness.vkey, value],
    )
    shutil.rmtree(copy)
    code, line = said(export(), "--policy", policy, key="")
    assert (code, "from after it was cosigned" in line) == (1, True), line
    superuser.execute("DELETE FROM audit_cosignature WHERE size = %s", [size])
    shutil.rmtree(copy)
    export()
    history = next((copy / str(YEAR) / "checkpoints").rglob("*.p/*"))
    lines = history.read_text().splitlines()
    row = json.loads(lines[0])
    body, _, tail = row["note"].rpartition("\n\n")
    other = json.loads(lines[1])["note"].rpartition("\n\n")[2].splitlines()
    mixed = [tail.splitlines()[0], *other[1:]]
    row["note"] = body + "\n\n" + "\n".join(mixed) + "\n"
    history.write_text("\n".join([json.dumps(row), *lines[1:]]) + "\n")
    code, line = said(copy, "--policy", policy, key="")
    assert code == 1
    assert "a signature of" in line
