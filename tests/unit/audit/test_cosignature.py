"""Cosignatures to the byte, written down from the specification; and what is none."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from audit import note
from audit.cosignature import Cosigner, Witness, cosigned_at
from audit.note import NoteError

NAME = "witness.example.com/w1"
SEED = bytes(range(32))
COSIGNER = Cosigner(NAME, SEED)
TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
AT = 1679315147


def test_the_bytes_are_those_of_the_specification() -> None:
    line = COSIGNER.cosign(TEXT, AT).line()
    dash, name, encoded = line.split(" ")
    raw = base64.b64decode(encoded)
    key = COSIGNER.witness.public_key
    assert (dash, name) == ("\u2014", NAME)
    assert raw[:4] == sha256(NAME.encode() + b"\n\x04" + key).digest()[:4]
    assert raw[4:12] == AT.to_bytes(8, "big")
    message = f"cosignature/v1\ntime {AT}\n{TEXT}".encode()
    Ed25519PublicKey.from_public_bytes(key).verify(raw[12:], message)
    assert len(raw) == 4 + 8 + 64
    assert base64.b64decode(COSIGNER.witness.vkey.split("+", 2)[2]) == b"\x04" + key
    assert cosigned_at(raw[4:]) == AT


def test_the_example_of_the_specification_is_read() -> None:
    """Its key is not published: what can be checked is the form."""
    text = TEXT + (
        "\n\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe"
        "4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\u2014 witness.example.com/w1 jWbPPwAAAABk"
        "GFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBI"
        "fZ+qnA==\n"
    )
    parsed = note.parse(text)
    assert parsed.text == TEXT
    assert cosigned_at(parsed.signatures[1].value) == AT


def test_a_note_is_verified_by_the_log_and_by_its_witness() -> None:
    signed = note.Signer("example.com/behind-the-sofa", b"l" * 32).sign(TEXT)
    whole = f"{signed}{COSIGNER.cosign(TEXT, AT).line()}\n"
    for key in (note.Signer("example.com/behind-the-sofa", b"l" * 32).verifier, COSIGNER.witness):
        assert note.verify(whole, [key]).text == TEXT
    # The same key as a log's is another key: types do not mix.
    as_log = note.Verifier(NAME, COSIGNER.witness.public_key)
    assert as_log.key_id != COSIGNER.witness.key_id
    with pytest.raises(NoteError):
        note.verify(whole, [as_log])
    with pytest.raises(NoteError, match="another kind"):
        note.Verifier.parse(COSIGNER.witness.vkey)
    with pytest.raises(NoteError, match="another kind"):
        Witness.parse(as_log.vkey)
    assert Witness.parse(COSIGNER.witness.vkey) == COSIGNER.witness


@given(st.integers(0, 75), st.integers(1, 255))
def test_one_changed_byte_is_no_cosignature(index: int, change: int) -> None:
    signature = COSIGNER.cosign(TEXT, AT)
    raw = bytearray(signature.key_id + signature.value)
    raw[index] ^= change
    line = note.Signature(NAME, bytes(raw[:4]), bytes(raw[4:])).line() + "\n"
    with pytest.raises(NoteError):
        COSIGNER.witness.find(TEXT, line)


def test_another_text_time_or_length_is_no_cosignature() -> None:
    good = COSIGNER.cosign(TEXT, AT)
    witness = COSIGNER.witness
    assert witness.find(TEXT, good.line() + "\n") == good.value
    assert not witness.signed(TEXT.replace("20852163", "20852164"), good)
    for value in (good.value[:-1], good.value + b"\0", b"", b"\x80" + good.value[1:]):
        assert not witness.signed(TEXT, note.Signature(NAME, good.key_id, value))


def test_lines_of_strangers_are_passed_over() -> None:
    stranger = Cosigner(NAME, b"s" * 32)
    mine, theirs = COSIGNER.cosign(TEXT, AT), stranger.cosign(TEXT, AT)
    found = COSIGNER.witness.find(TEXT, f"{theirs.line()}\n{mine.line()}\n")
    assert found == mine.value
    for answer in (f"{theirs.line()}\n", "", "\n", f"{mine.line()}", f"x{mine.line()}\n"):
        with pytest.raises(NoteError):
            COSIGNER.witness.find(TEXT, answer)
