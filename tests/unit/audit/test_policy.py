"""Policies: what is read, what is refused, and which checkpoints they accept."""

import itertools

import pytest

from audit.cosignature import Cosigner
from audit.note import Checkpoint, NoteError, Signer
from audit.policy import Policy, PolicyError

ORIGIN = "log.example/audit/2026"
LOG = Signer(ORIGIN, b"l" * 32)
COSIGNERS = [Cosigner(f"w{number}.example", bytes([number]) * 32) for number in range(3)]
A, B, C = (cosigner.witness.vkey for cosigner in COSIGNERS)
LINES = f"witness a {A} https://a.example/w\nwitness b {B}\n\twitness  c {C} http://127.0.0.1:1 \n"
NOTE = LOG.sign(Checkpoint(ORIGIN, 5, b"r" * 32).text())
TEXT = NOTE.partition("\n\n")[0] + "\n"


def cosigned(*cosigners: Cosigner) -> str:
    return NOTE + "".join(f"{cosigner.cosign(TEXT, 1).line()}\n" for cosigner in cosigners)


@pytest.mark.parametrize(
    ("end", "quorum", "names"),
    [
        ("quorum none", 0, ""),
        ("quorum b", 1, "b"),
        ("group g any a b\nquorum g", 1, "ab"),
        ("group g all a b c\nquorum g", 3, "abc"),
        ("# two of three\n\ngroup g 2 a b c\nquorum g\n", 2, "abc"),
    ],
)
def test_policies_are_read(end: str, quorum: int, names: str) -> None:
    policy = Policy.parse(f"log {LOG.verifier.vkey}\n{LINES}{end}")
    assert policy.quorum == quorum
    assert [key.vkey for key in policy.keys] == [{"a": A, "b": B, "c": C}[name] for name in names]
    assert policy.logs == (LOG.verifier,)
    assert policy.allows_two_histories == (quorum * 2 <= len(names))


def test_where_witnesses_are_asked() -> None:
    policy = Policy.parse(f"{LINES}group g 2 a b c\nquorum g")
    assert [asked.url for asked in policy.witnesses] == [
        "https://a.example/w", "", "http://127.0.0.1:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        LINES,
        f"{LINES}quorum d",
        f"{LINES}quorum a\nquorum a",
        f"{LINES}group g 4 a b c\nquorum g",
        f"{LINES}group g 0 a b c\nquorum g",
        f"{LINES}group g 02 a b c\nquorum g",
        f"{LINES}group g any\nquorum g",
        f"{LINES}group g any a a\nquorum g",
        f"{LINES}group g any a\ngroup h any g\nquorum h",
        f"{LINES}group a any b\nquorum a",
        f"{LINES}group none any b\nquorum none",
        f"witness a {A}\nwitness b {A}\nquorum a",
        f"witness a {A} ftp://a.example\nquorum a",
        f"witness a {A} https://a https://b\nquorum a",
        f"witness a {LOG.verifier.vkey}\nquorum a",
        f"log {A}\nquorum none",
        f"log {LOG.verifier.vkey}\nlog {LOG.verifier.vkey}\nquorum none",
        "quorum none none",
        "witnesses a",
        f"quorum none\u00a0\nwitness a {A}",
        "\n".join(
            f"witness w{n} {Cosigner(f'w{n}', bytes([n]) * 32).witness.vkey}" for n in range(33)
        )
        + "\nquorum w1",
    ],
)  # fmt: skip
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(PolicyError):
        Policy.parse(text)


def test_a_checkpoint_is_accepted_from_the_quorum_on() -> None:
    for quorum in range(4):
        end = "none" if not quorum else "g"
        group = f"group g {max(quorum, 1)} a b c\n"
        policy = Policy.parse(f"{LINES}{group}quorum {end}")
        for count in range(4):
            for some in itertools.combinations(COSIGNERS, count):
                if count >= quorum:
                    found = policy.accept(cosigned(*some), ORIGIN, [LOG.verifier])
                    assert found.size == 5
                else:
                    with pytest.raises(NoteError, match=f"cosigned by {count} witnesses"):
                        policy.accept(cosigned(*some), ORIGIN, [LOG.verifier])


def test_the_same_witness_twice_and_strangers_do_not_count() -> None:
    policy = Policy.parse(f"{LINES}group g 2 a b\nquorum g")
    stranger = Cosigner("w1.example", b"x" * 32)
    for other in (COSIGNERS[0], stranger, COSIGNERS[2]):
        with pytest.raises(NoteError, match="cosigned by 1"):
            policy.accept(cosigned(COSIGNERS[0], other), ORIGIN, [LOG.verifier])


def test_without_the_logs_own_signature_witnesses_are_worth_nothing() -> None:
    policy = Policy.parse(f"{LINES}group g 2 a b\nquorum g")
    whole = cosigned(*COSIGNERS)
    with pytest.raises(NoteError):
        policy.accept(whole, ORIGIN, [Signer(ORIGIN, b"x" * 32).verifier])
    with pytest.raises(NoteError, match="another log"):
        policy.accept(whole, "log.example/audit/2027", [LOG.verifier])
