"""What somebody tries who would like another answer, and what a checker is told."""

import base64
import json
import zlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.verification.tokens import (
    ITINERARY,
    KEYS_TEXT,
    NOW,
    OTHER,
    SIGNER,
    STATEMENT,
    decode,
    encode,
    signed,
    status,
)
from verification.claims import STATUS_TYPE, Listed, from_claims, long, short, to_claims
from verification.reading import KeysError, Standing, Verdict, check, read_keys
from verification.signing import LIST_LENGTH, Signer, jwk, packed

KEYS = read_keys(KEYS_TEXT)
TOKEN = signed()
HEADER, PAYLOAD, SIGNATURE = TOKEN.split(".")
LATER = NOW + timedelta(hours=2)
GENUINE, NOT_GENUINE, CANNOT = Verdict


def found(token: str, **given_: Any) -> tuple[Verdict, str]:
    report = check(token, KEYS, now=LATER, **given_)
    return report.verdict, report.finding


def resigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Signed with the real key, whatever stands in it."""
    parts = f"{encode(header)}.{encode(claims)}"
    key = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
    return f"{parts}.{encode(key.sign(parts.encode()))}"


@pytest.mark.parametrize(
    "said",
    [STATEMENT, ITINERARY, replace(ITINERARY, names={}, audience_name="", data_through=None)],
)
def test_what_was_said_is_what_is_read(said: Any) -> None:
    report = check(signed(said), KEYS, now=LATER)
    assert (report.verdict, report.statement) == (GENUINE, said)


def test_line_breaks_of_an_e_mail_do_no_harm() -> None:
    wrapped = "\r\n".join(TOKEN[n : n + 60] for n in range(0, len(TOKEN), 60))
    assert found(f"  {wrapped}\n") == (GENUINE, "genuine")


def test_another_library_reads_it_too() -> None:
    key = jwt.PyJWK(jwk(SIGNER.public_key))
    claims = jwt.decode(
        TOKEN,
        key,
        algorithms=["EdDSA"],
        audience=short(STATEMENT.audience),
        issuer=STATEMENT.issuer,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert from_claims(claims) == STATEMENT
    assert jwt.get_unverified_header(TOKEN) == {
        "alg": "EdDSA",
        "kid": SIGNER.key_id,
        "typ": "answer+jwt",
    }


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="utf-8"))
def test_one_changed_character_is_never_genuine(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    if "".join(changed.split()) != TOKEN:
        assert found(changed)[0] is not GENUINE


@given(st.text(), st.text(), st.text())
def test_no_text_upsets_the_check(first: str, second: str, third: str) -> None:
    assert found(f"{first}.{second}.{third}")[0] is not GENUINE


def changed(**claims: Any) -> str:
    """The answer with another claim, and the signature it had."""
    return f"{HEADER}.{encode({**decode(PAYLOAD), **claims})}.{SIGNATURE}"


@pytest.mark.parametrize(
    "token",
    [
        changed(a="YES"),
        changed(no="99"),
        changed(exp=int(NOW.timestamp()) + 10**6),
        changed(aud=short(uuid4())),
        f"{HEADER}.{PAYLOAD}.{signed(signer=OTHER).split('.')[2]}",
    ],
)
def test_a_changed_answer_is_forged(token: str) -> None:
    report = check(token, KEYS, now=LATER)
    assert (report.verdict, report.finding, report.statement) == (NOT_GENUINE, "forged", None)


PUBLIC = jwk(OTHER.public_key)


@pytest.mark.parametrize(
    ("header", "finding"),
    [
        ({"alg": "none", "kid": SIGNER.key_id, "typ": "answer+jwt"}, "other_kind"),
        ({"alg": "HS256", "kid": SIGNER.key_id, "typ": "answer+jwt"}, "other_kind"),
        ({"alg": "EdDSA", "kid": SIGNER.key_id, "typ": "JWT"}, "other_kind"),
        ({"alg": "EdDSA", "kid": SIGNER.key_id, "typ": "statuslist+jwt"}, "other_kind"),
        ({"alg": "EdDSA", "kid": SIGNER.key_id, "typ": "answer+jwt", "crit": ["x"]}, "other_kind"),
        ({"alg": "EdDSA", "typ": "answer+jwt"}, "unknown_key"),
        ({"alg": "EdDSA", "kid": "other", "typ": "answer+jwt", "jwk": PUBLIC}, "unknown_key"),
        ({"alg": "EdDSA", "kid": ["a"], "typ": "answer+jwt"}, "unknown_key"),
    ],
)
def test_a_header_chooses_neither_key_nor_algorithm(header: dict[str, Any], finding: str) -> None:
    verdict, said = found(resigned(header, decode(PAYLOAD)))
    assert said == finding
    assert verdict is (CANNOT if finding == "unknown_key" else NOT_GENUINE)


def test_the_newer_name_of_the_algorithm_is_understood() -> None:
    header = {"alg": "Ed25519", "kid": SIGNER.key_id, "typ": "answer+jwt"}
    assert found(resigned(header, decode(PAYLOAD))) == (GENUINE, "genuine")


def test_a_member_that_is_named_twice_is_refused() -> None:
    """Two readers could read two answers out of it."""
    twice = b'{"a":"YES",' + json.dumps(decode(PAYLOAD)).encode()[1:]
    parts = f"{HEADER}.{encode(twice)}"
    key = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
    assert found(f"{parts}.{encode(key.sign(parts.encode()))}") == (NOT_GENUINE, "malformed")


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b.c", f"{TOKEN}.", TOKEN[:-1] + "=", f"{HEADER}.{PAYLOAD}.{SIGNATURE[:-1]}",
     f"{HEADER}.{encode([1])}.{SIGNATURE}", f"{HEADER}.{encode(b'[' * 9000)}.{SIGNATURE}",
     "x" * 20_000, "中文.中文.中文"],
)  # fmt: skip
def test_what_is_no_token(token: str) -> None:
    assert found(token)[0] is NOT_GENUINE


@pytest.mark.parametrize(
    "claims",
    [{"v": 9}, {**to_claims(STATEMENT), "a": "PERHAPS"}, {**to_claims(STATEMENT), "w": "soon"}],
)
def test_a_form_of_the_future_cannot_be_checked_rather_than_be_called_forged(
    claims: dict[str, Any],
) -> None:
    header = {"alg": "EdDSA", "kid": SIGNER.key_id, "typ": "answer+jwt"}
    assert found(resigned(header, claims)) == (CANNOT, "other_format")


def test_time() -> None:
    end = STATEMENT.expires_at
    moments = {
        NOW - timedelta(minutes=6): (CANNOT, "clock"),
        NOW - timedelta(minutes=5): (GENUINE, "genuine"),
        end - timedelta(seconds=1): (GENUINE, "genuine"),
        end: (NOT_GENUINE, "expired"),
    }
    for moment, expected in moments.items():
        report = check(TOKEN, KEYS, now=moment)
        assert (report.verdict, report.finding) == expected


def test_an_answer_is_for_one_organisation() -> None:
    assert found(TOKEN, audience=STATEMENT.audience) == (GENUINE, "genuine")
    assert found(TOKEN, audience=uuid4()) == (NOT_GENUINE, "other_audience")


# ------------------------------------------------------------------ status lists


@pytest.mark.parametrize("standing", Standing)
def test_what_has_become_of_it_since(standing: Standing) -> None:
    index = STATEMENT.status_index
    around = {index - 1: Standing.WITHDRAWN, index + 1: Standing.DISPUTED, index: standing}
    report = check(TOKEN, KEYS, now=LATER, status=status(around))
    stands = standing is Standing.STANDS
    assert report.verdict is (GENUINE if stands else NOT_GENUINE)
    assert report.finding == ("genuine" if stands else standing.name.lower())
    assert (report.standing, report.as_of) == (standing, NOW + timedelta(hours=1))


@given(st.dictionaries(st.integers(0, LIST_LENGTH - 1), st.sampled_from(Standing), max_size=5))
def test_every_place_of_a_list_says_what_was_put_there(standings: dict[int, Standing]) -> None:
    token = status(standings)
    for index in {0, LIST_LENGTH - 1, *standings}:
        one = signed(replace(STATEMENT, status_index=index))
        report = check(one, KEYS, now=LATER, status=token)
        assert report.standing is standings.get(index, Standing.STANDS)


def cut_off() -> dict[str, Any]:
    lst = packed({})["lst"]
    return {"bits": 2, "lst": lst[:100]}


def too_long() -> dict[str, Any]:
    return {"bits": 2, "lst": encode(zlib.compress(bytes(20_000_000)))}


@pytest.mark.parametrize(
    ("token", "finding"),
    [
        (status({}, signer=OTHER), "status_unreadable"),
        (status({})[:-4] + "AAAA", "status_unreadable"),
        ("", "status_unreadable"),
        (TOKEN, "status_unreadable"),
        (status({}, status_list={"bits": 1, "lst": "eNo"}), "status_unreadable"),
        (status({}, status_list=cut_off()), "status_unreadable"),
        (status({}, status_list=too_long()), "status_unreadable"),
        (status({}, status_list={"bits": 2, "lst": encode(zlib.compress(b""))}),
         "status_unreadable"),
        (status({}, sub="https://travelcheck.example/answers/status/2026-11-22"),
         "status_of_another"),
        (status({}, made_at=NOW - timedelta(minutes=1)), "status_old"),
        (status({}, exp=int(LATER.timestamp())), "status_old"),
    ],
)  # fmt: skip
def test_a_list_that_says_nothing_about_it_confirms_nothing(token: str, finding: str) -> None:
    assert found(TOKEN, status=token) == (CANNOT, finding)


def test_a_status_list_is_no_answer_and_an_answer_no_list() -> None:
    assert found(status({})) == (NOT_GENUINE, "other_kind")
    assert found(SIGNER.sign(STATUS_TYPE, to_claims(STATEMENT))) == (NOT_GENUINE, "other_kind")


# ------------------------------------------------------------------ keys


def test_keys_of_other_kinds_are_passed_over() -> None:
    rsa = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa"}
    x25519 = {**jwk(OTHER.public_key), "crv": "X25519"}
    keys = read_keys(json.dumps({"keys": [rsa, x25519, jwk(SIGNER.public_key)]}))
    assert list(keys) == [SIGNER.key_id]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"keys": 1}',
        '{"keys": ["a"]}',
        '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AA"}]}',
        json.dumps({"keys": [jwk(SIGNER.public_key), jwk(SIGNER.public_key)]}),
    ],
)
def test_what_is_no_set_of_keys(text: str) -> None:
    with pytest.raises(KeysError):
        read_keys(text)


def test_a_key_set_gives_no_private_key_away() -> None:
    assert set(jwk(SIGNER.public_key)) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert base64.urlsafe_b64encode(b"1" * 32).decode()[:40] not in KEYS_TEXT


def test_the_same_key_has_the_same_id_everywhere() -> None:
    assert Signer(b"1" * 32).key_id == SIGNER.key_id != OTHER.key_id


@given(st.uuids())
def test_a_reference_is_the_same_short_and_long(reference: Any) -> None:
    assert long(short(reference)) == reference
    assert len(short(reference)) == 22


@given(st.sets(st.integers(0, 13), min_size=1))
def test_days_of_a_list_come_back(offsets: set[int]) -> None:
    first = date(2026, 11, 9)
    days = tuple(first + timedelta(days=n) for n in sorted(offsets))
    said = replace(ITINERARY, listed=(Listed(("330100",), days),))
    assert from_claims(to_claims(said)) == said
