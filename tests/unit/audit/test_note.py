"""Notes to the byte: published examples, an independent reading, and what must be refused."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from audit import note

SEED = bytes(range(32))
ORIGIN = "log.example/audit/2026"
SIGNER = note.Signer(ORIGIN, SEED)
CHECKPOINT = note.Checkpoint(ORIGIN, 20_852_163, sha256(b"root").digest())
SIGNED = SIGNER.sign(CHECKPOINT.text())

# The example of Go's golang.org/x/mod/sumdb/note, which the format comes from.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgK"
    "vqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_published_note_verifies() -> None:
    opened = note.verify(GO_NOTE, [note.Verifier.parse(GO_KEY)])
    assert opened.text == GO_NOTE.partition("\n\n")[0] + "\n"


@pytest.mark.parametrize(
    "vkey", [GO_KEY, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"]
)
def test_published_keys_are_written_as_they_were_read(vkey: str) -> None:
    assert note.Verifier.parse(vkey).vkey == vkey


def test_an_independent_reading_of_our_checkpoint() -> None:
    text, _, tail = SIGNED.encode().rpartition(b"\n\n")
    text += b"\n"
    origin, size, root = text.decode().split("\n")[:3]
    assert (origin, size) == (ORIGIN, "20852163")
    assert base64.b64decode(root) == sha256(b"root").digest()
    dash, name, blob = tail.decode().removesuffix("\n").split(" ")
    assert (dash, name) == ("\u2014", ORIGIN)
    key = SIGNER.verifier.public_key
    signature = base64.b64decode(blob)
    assert signature[:4] == sha256(ORIGIN.encode() + b"\x0a\x01" + key).digest()[:4]
    Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], text)


def test_a_checkpoint_comes_back() -> None:
    assert note.verify_checkpoint(SIGNED, ORIGIN, [SIGNER.verifier]) == CHECKPOINT
    assert note.verify_checkpoint(SIGNED.encode(), ORIGIN, [SIGNER.verifier]) == CHECKPOINT


def test_unknown_signatures_are_passed_over_also_of_our_name() -> None:
    others = [note.Signer("witness.example/w", b"w" * 32), note.Signer(ORIGIN, b"x" * 32)]
    lines = [other.sign(CHECKPOINT.text()).rpartition("\n\n")[2] for other in others]
    assert note.verify(SIGNED + "".join(lines), [SIGNER.verifier])
    with pytest.raises(note.NoteError, match="without a signature of a known key"):
        note.verify(SIGNED, [other.verifier for other in others])


def test_a_false_signature_of_a_known_key_spoils_the_note() -> None:
    witness = note.Signer("witness.example/w", b"w" * 32)
    false = witness.sign("another text\n").rpartition("\n\n")[2]
    with pytest.raises(note.NoteError, match="not its own"):
        note.verify(SIGNED + false, [SIGNER.verifier, witness.verifier])


def test_another_log_is_refused_though_the_key_is_right() -> None:
    with pytest.raises(note.NoteError, match="another log"):
        note.verify_checkpoint(SIGNED, "log.example/audit/2027", [SIGNER.verifier])


@given(at=st.integers(0, len(SIGNED.encode()) - 1), bit=st.integers(0, 7))
def test_every_changed_bit_is_refused(at: int, bit: int) -> None:
    changed = bytearray(SIGNED.encode())
    changed[at] ^= 1 << bit
    with pytest.raises(note.NoteError):
        note.verify_checkpoint(bytes(changed), ORIGIN, [SIGNER.verifier])


@given(st.binary() | st.text() | st.text().map(lambda text: SIGNED + text))
def test_garbage_is_refused_and_never_crashes(content: bytes | str) -> None:
    if content in (SIGNED, SIGNED.encode()):
        return
    raw = content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
    with pytest.raises(note.NoteError):
        note.verify(raw, [SIGNER.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n01\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n-1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n+1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n\u0661\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(32)).decode().rstrip('=')}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(32)).decode()}",
        f"\n1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(32)).decode()}\n\nextension\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(note.NoteError):
        note.Checkpoint.parse(text)


def test_extension_lines_are_passed_over() -> None:
    assert note.Checkpoint.parse(CHECKPOINT.text() + "extension\n") == CHECKPOINT


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "wide\u3000space"])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(note.NoteError):
        note.Signer(name, SEED)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("Peter", "Paul"),
        GO_KEY[:-4],
        GO_KEY.replace("+ARpc", "+AxRpc"),
    ],
)
def test_malformed_keys_are_refused(vkey: str) -> None:
    with pytest.raises(note.NoteError):
        note.Verifier.parse(vkey)


@pytest.mark.parametrize("text", ["no newline at the end", "tab\there\n", "bell\x07\n"])
def test_texts_that_could_not_be_read_back_are_not_signed(text: str) -> None:
    with pytest.raises(note.NoteError):
        SIGNER.sign(text)


def test_a_note_of_too_many_signatures_or_bytes_is_refused() -> None:
    line = SIGNED.rpartition("\n\n")[2]
    with pytest.raises(note.NoteError, match="100 signatures"):
        note.verify(SIGNED + line * 100, [SIGNER.verifier])
    with pytest.raises(note.NoteError, match="bytes"):
        note.verify("x" * (note.MAX_BYTES + 1), [SIGNER.verifier])


def test_only_the_seed_of_32_bytes_makes_a_key() -> None:
    with pytest.raises(note.NoteError):
        note.Signer(ORIGIN, b"short")
    with pytest.raises(note.NoteError):
        note.Verifier(ORIGIN, b"short")
