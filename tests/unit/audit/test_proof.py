"""Proofs as texts, and the codes that stand for entries in messages."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import tree
from audit.cosignature import Cosigner
from audit.note import Checkpoint, NoteError, Signer
from audit.policy import Policy
from audit.proof import ALPHABET, Proof, receipt_code, same_code
from audit.tree import ProofError

ORIGIN = "log.example/audit/2026"
LOG = Signer(ORIGIN, b"l" * 32)
COSIGNER = Cosigner("w.example", b"w" * 32)
POLICY = Policy.parse(f"log {LOG.verifier.vkey}\nwitness w {COSIGNER.witness.vkey}\nquorum w\n")
LEAVES = [tree.hash_leaf(bytes([number])) for number in range(100)]


def proof_of(index: int, size: int) -> Proof:
    grown = tree.Frontier()
    nodes = {(node.level, node.place): node.hash for node in grown.extend(LEAVES[:size])}
    nodes.update({(0, place): hash_ for place, hash_ in enumerate(LEAVES[:size])})
    path = tree.inclusion_proof(lambda level, place: nodes[level, place], index, size)
    text = Checkpoint(ORIGIN, size, grown.root()).text()
    note = f"{LOG.sign(text)}{COSIGNER.cosign(text, 1).line()}\n"
    return Proof(index, tuple(path), note)


def test_the_text_is_that_of_the_specification() -> None:
    proof = proof_of(2, 5)
    lines = [base64.b64encode(hash_).decode() for hash_ in proof.path]
    text = "c2sp.org/tlog-proof@v1\nindex 2\n" + "".join(f"{line}\n" for line in lines)
    assert proof.text() == f"{text}\n{proof.checkpoint}"
    assert proof._replace(extra=b"more").text() == proof.text().replace(
        "@v1\n", "@v1\nextra bW9yZQ==\n"
    )


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (2, 5), (99, 100), (64, 100)])
def test_it_is_read_back_and_holds(index: int, size: int) -> None:
    text = proof_of(index, size)._replace(extra=b"e").text()
    proof = Proof.parse(text)
    assert proof.text() == text
    assert proof.verify(LEAVES[index], ORIGIN, POLICY).size == size
    with pytest.raises(ProofError):
        proof.verify(LEAVES[index - 1] if index else b"x" * 32, ORIGIN, POLICY)
    with pytest.raises(NoteError):
        proof.verify(LEAVES[index], "log.example/audit/2027", POLICY)


@given(st.data())
def test_one_changed_character_never_proves_another_thing(data: st.DataObject) -> None:
    text = proof_of(41, 77).text()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda char: char != text[at]))
    try:
        proof = Proof.parse(text[:at] + other + text[at + 1 :])
        checkpoint = proof.verify(LEAVES[41], ORIGIN, POLICY)
    except (NoteError, ProofError):
        return
    # Only what is not covered may have changed: another name or key in a line that is passed over.
    raise AssertionError(f"{other!r} at {at} passed as {checkpoint}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\nno checkpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n\n" + proof_of(0, 1).checkpoint,
        "c2sp.org/tlog-proof@v1\nindex -1\n\n" + proof_of(0, 1).checkpoint,
        "c2sp.org/tlog-proof@v1\nindex \u0661\n\n" + proof_of(0, 1).checkpoint,
        "c2sp.org/tlog-proof@v1\n\n" + proof_of(0, 1).checkpoint,
        "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n" + proof_of(0, 1).checkpoint,
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + proof_of(0, 1).checkpoint,
        "c2sp.org/tlog-proof@v1\nindex 0\n"
        + (base64.b64encode(bytes(32)).decode() + "\n") * 64
        + "\n"
        + proof_of(0, 1).checkpoint,
        "x" * 300_000,
    ],
)
def test_what_is_no_proof(text: str) -> None:
    with pytest.raises(NoteError):
        Proof.parse(text)


def test_codes_are_the_first_50_bits_and_forgive_misreading() -> None:
    assert receipt_code(bytes(32)) == "0000000000"
    assert receipt_code(b"\xff" * 32) == "ZZZZZZZZZZ"
    leaf = bytes.fromhex("0443214c74254b635cf84653a56d7c675be77df1") + bytes(12)
    code = receipt_code(leaf)
    bits = "".join(f"{ALPHABET.index(char):05b}" for char in code)
    assert int(bits, 2) == int.from_bytes(leaf[:7]) >> 6
    assert same_code(code.lower(), code)
    assert same_code(f" {code[:5]}-{code[5:]}", code)
    assert same_code("oOiIlL0123", "0011110123")
    assert not same_code(code[:-1], code)
