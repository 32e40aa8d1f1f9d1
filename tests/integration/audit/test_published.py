"""The log over HTTP: what a stranger can check, and what he cannot see."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from audit import selectors, services, tree
from audit.note import Checkpoint, Signer, verify_checkpoint
from audit.policy import Policy
from audit.proof import Proof
from audit.tiles import Tile, bundles, decode_bundle, decode_hashes, hash_tiles, node_reader

from .conftest import HOST, SEED, Connect

Answer = Any  # the test client's response, which has no public type
AsRole = Callable[[str], AbstractContextManager[None]]
YEAR = 2031
DAY = datetime(YEAR, 5, 4, 12, tzinfo=UTC)
ORIGIN = f"{HOST}/audit/{YEAR}"
KEY = Signer(ORIGIN, SEED).verifier
ENTRY = "SELECT audit.record('export.made', '{}') FROM generate_series(1, %s)"


def get(client: Client, path: str, token: str | None = None, year: int = YEAR) -> Answer:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.get(f"/audit/{year}/{path}", headers=headers)


@pytest.fixture
def write(
    web: psycopg.Connection,
    sequence: Callable[[], None],
    freeze_database: Callable[[datetime], None],
) -> Callable[[datetime, int], None]:
    def entries(moment: datetime, count: int) -> None:
        freeze_database(moment)
        web.execute(ENTRY, [count])
        web.commit()
        sequence()

    return entries


@pytest.fixture
def token(transactional_db: None, as_role: AsRole) -> str:
    with as_role("owner"):
        return services.add_mirror(name="court.example")


def test_a_stranger_checks_a_receipt_against_what_is_published(
    write: Callable[[datetime, int], None], as_role: AsRole, client: Client
) -> None:
    write(DAY, 100)
    write(DAY, 200)
    write(DAY, 900)
    with as_role("worker"):
        receipt = Proof.parse(selectors.proof(150))
    with as_role("web"):
        # Of today nothing, whatever is asked for.
        assert get(client, "checkpoint").status_code == 404
        assert get(client, "tile/0/000").status_code == 404
    write(DAY + timedelta(days=1), 600)
    with as_role("web"):
        answer = get(client, "checkpoint")
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["Cache-Control"] == "public, max-age=5"
        published = verify_checkpoint(answer.content, ORIGIN, [KEY])
        assert published.size == 1200  # the first checkpoint past 4 whole tiles of yesterday

        def read(tile: Tile) -> list[bytes]:
            answer = get(client, tile.path)
            assert answer.status_code == 200, tile.path
            assert answer["Content-Type"] == "application/octet-stream"
            assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
            return decode_hashes(answer.content, tile.width)

        node = node_reader(read, published.size)
        assert tree.root(node, published.size) == published.root
        old = receipt.verify(node(0, receipt.place), ORIGIN, Policy(), [KEY])
        proof = tree.consistency_proof(node, old.size, published.size)
        tree.verify_consistency(old.size, old.root, published.size, published.root, proof)
        # Not a hash past it, and of the entries nothing.
        for beyond in ("tile/0/004", "tile/0/004.p/177", "tile/0/005.p/1", "tile/1/000.p/5"):
            assert get(client, beyond).status_code == 404
        for bundle in ("tile/entries/000", "tile/entries/000.p/1", "tile/entries/999"):
            answer = get(client, bundle)
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="log"')


def test_few_entries_are_not_shown_day_by_day(
    write: Callable[[datetime, int], None], as_role: AsRole, client: Client
) -> None:
    """On a quiet day the growth of the log would tell who said yes."""
    write(DAY, 300)
    write(DAY + timedelta(days=1), 3)
    write(DAY + timedelta(days=2), 1)
    sizes = []
    for days in range(4):
        write(DAY + timedelta(days=2 + days), 1)
        with as_role("web"):
            sizes.append(Checkpoint.parse(checkpoint_text(get(client, "checkpoint"))).size)
    assert sizes == [300] * 4
    write(datetime(YEAR + 1, 1, 1, 12, tzinfo=UTC), 1)
    with as_role("web"):  # a year that is over is shown whole
        assert Checkpoint.parse(checkpoint_text(get(client, "checkpoint"))).size == 308
        assert get(client, "checkpoint", year=YEAR + 1).status_code == 404


def checkpoint_text(answer: Answer) -> str:
    note: str = answer.content.decode()
    return note.partition("\n\n")[0] + "\n"


def test_a_mirror_reads_all_of_it_at_once_and_leaves_an_entry_a_day(
    write: Callable[[datetime, int], None],
    as_role: AsRole,
    client: Client,
    token: str,
    superuser: psycopg.Connection,
) -> None:
    write(DAY, 300)
    bodies = [bytes(row[0]) for row in superuser.execute("SELECT body FROM audit_entry"
              f" WHERE extract(year FROM recorded_at) = {YEAR} ORDER BY id")]  # fmt: skip
    for _ in range(2):
        with as_role("web"):
            answer = get(client, "checkpoint", token)
            assert answer["Cache-Control"] == "private, max-age=5"
            checkpoint = verify_checkpoint(answer.content, ORIGIN, [KEY])
            assert checkpoint.size == 300
            read: list[bytes] = []
            for bundle in bundles(300):
                answer = get(client, bundle.path, token)
                assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
                read += decode_bundle(answer.content, bundle.width)
            tiles = {tile: get(client, tile.path, token).content for tile in hash_tiles(300)}
    assert read == bodies
    node = node_reader(lambda tile: decode_hashes(tiles[tile], tile.width), 300)
    assert tree.root(node, 300) == checkpoint.root
    count = """SELECT count(*) FROM audit_entry WHERE event = 'export.made'
               AND body LIKE '%"auditor"%' AND body LIKE '%"kind":"log"%'"""
    assert superuser.execute(count).fetchone() == (1,)
    write(DAY + timedelta(days=1), 1)
    with as_role("web"):
        assert get(client, "tile/entries/000", token).status_code == 200
    assert superuser.execute(count).fetchone() == (2,)


def test_tokens_of_nobody_and_of_who_was_one_open_nothing(
    write: Callable[[datetime, int], None], as_role: AsRole, client: Client, token: str
) -> None:
    write(DAY, 300)
    paths = ("checkpoint", "tile/0/000", "tile/entries/000")
    with as_role("web"):
        assert [get(client, path, token).status_code for path in paths] == [200] * 3
        for wrong in ("", token[:-1], token.upper(), f"{token} ", "\u00e9", "x" * 5_000):
            assert [get(client, path, wrong).status_code for path in paths] == [401] * 3
    with as_role("owner"):
        with pytest.raises(ValueError, match="there is a mirror"):
            services.add_mirror(name="court.example")
        services.revoke_mirror(name="court.example")
        with pytest.raises(ValueError, match="no mirror"):
            services.revoke_mirror(name="court.example")
    with as_role("web"):
        assert [get(client, path, token).status_code for path in paths] == [401] * 3


def test_the_web_process_alone_reads_no_entry(
    write: Callable[[datetime, int], None], connect_as: Connect, token: str
) -> None:
    write(DAY, 3)
    for statement in (
        "SELECT audit.read_entries(2031::smallint, 0, 3, NULL)",
        "SELECT audit.read_entries(2031::smallint, 0, 3, '')",
        "SELECT audit.published_size(2031::smallint)",
        "SELECT token_sha256 FROM audit_mirror",
        "SELECT body FROM audit_entry",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect_as("web").execute(statement)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect_as("worker").execute("SELECT audit.read_entries(2031::smallint, 0, 3, %s)", [token])


NOT_THERE = [
    "tile/0/0", "tile/00/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/8/000", "tile/63/000",
    "tile/0/x999/x999/x999/x999/x999/999", "tile/entries/x999/x999/x999/x999/x999/999",
    "tile/../checkpoint", "tile/0/000%00", "checkpoint/", "tile/data/000", "tile/0/000'--",
]  # fmt: skip


def test_what_is_not_there(
    write: Callable[[datetime, int], None], as_role: AsRole, client: Client, token: str
) -> None:
    write(DAY, 2)
    with as_role("web"):
        for path in NOT_THERE:
            assert get(client, path, token).status_code == 404, path
        assert get(client, "checkpoint", token, year=9999).status_code == 404
        assert client.post(f"/audit/{YEAR}/checkpoint").status_code == 405


def test_the_verifier_mirrors_it(
    write: Callable[[datetime, int], None],
    as_role: AsRole,
    token: str,
    live_server: LiveServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    write(DAY, 600)
    folder = tmp_path_factory.mktemp("mirror")
    (folder / "token").write_text(token + "\n")

    def verify() -> subprocess.CompletedProcess[str]:
        arguments = ["--tiles-only", "--key", KEY.vkey, "--token-file", str(folder / "token")]
        return subprocess.run(
            [sys.executable, "-m", "audit.verify", f"{live_server.url}/audit/{YEAR}", *arguments,
             "--mirror", str(folder / "copy"), "--jobs", "1"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    with as_role("web"):
        first = verify()
    assert first.returncode == 0, first.stdout + first.stderr
    write(DAY, 5)
    with as_role("web"):
        second = verify()
    assert second.returncode == 0, second.stdout + second.stderr
    assert "606" in second.stdout, second.stdout  # the first reading is an entry, too
