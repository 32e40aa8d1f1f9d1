"""What anybody may fetch, as the web process: it has the published halves and nothing else."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from django.test import Client

from core import clock
from tests.integration.verification.answers import issue
from verification.check import main
from verification.reading import Standing
from verification.services.issuing import mark, publish_lists

AsRole = Callable[[str], AbstractContextManager[None]]


def visible(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_keys(as_role: AsRole, client: Client) -> None:
    issue()
    with as_role("web"):
        response = client.get("/.well-known/jwks.json")
        assert response.status_code == 200
        assert response["Content-Type"] == "application/jwk-set+json"
        assert response["Cache-Control"] == "public, max-age=3600"
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in response
        (key,) = response.json()["keys"]
        assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
        assert client.post("/.well-known/jwks.json").status_code == 405


def test_before_the_first_answer_there_is_an_empty_set(as_role: AsRole, client: Client) -> None:
    with as_role("web"):
        assert client.get("/.well-known/jwks.json").json() == {"keys": []}


def test_what_is_published_is_enough_to_check_offline(
    as_role: AsRole, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = issue()
    keys, status = tmp_path / "keys.json", tmp_path / "status"
    publish_lists()
    with as_role("web"):
        keys.write_bytes(client.get("/.well-known/jwks.json").content)
        response = client.get(f"/answers/status/{clock.now().date()}")
        assert response["Content-Type"] == "application/statuslist+jwt"
        assert response["Cache-Control"] == "public, max-age=60"
        status.write_bytes(response.content)
    assert main([signed.token, "--keys", str(keys), "--status", str(status)]) == 0
    assert "Neither withdrawn nor disputed" in capsys.readouterr().out


@pytest.mark.parametrize("day", ["2020-01-01", "2026-13-01", "2026-02-30", "today", ""])
def test_a_day_without_answers(as_role: AsRole, client: Client, day: str) -> None:
    with as_role("web"):
        assert client.get(f"/answers/status/{day}").status_code == 404


def paste(client: Client, text: str, language: str = "en") -> str:
    response = client.post(f"/verify/?lang={language}", {"answer": text})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert "Set-Cookie" not in response
    return visible(response.content.decode())


def test_the_page_reads_what_is_pasted(as_role: AsRole, client: Client) -> None:
    signed, withdrawn = issue(), issue()
    mark(answers=[withdrawn.id], standing=Standing.WITHDRAWN)
    publish_lists()
    with as_role("web"):
        genuine = paste(client, f"\n {signed.token} \n")
        assert "Genuine. " in genuine
        assert "Wuhan (420100), Thailand (TH)" in genuine
        assert "ends in 34" in genuine
        assert "Neither withdrawn nor disputed" in genuine
        assert "不" not in genuine
        assert "真实。" in paste(client, signed.token, "zh")
        taken_back = paste(client, withdrawn.token)
        assert "Withdrawn. " in taken_back
        assert "Wuhan" not in taken_back
        forged = paste(client, signed.token[:-6] + "AAAAAA")
        assert "Not genuine." in forged
        assert "Wuhan" not in forged
        assert "Paste an answer first." in paste(client, "  ")


def test_what_is_pasted_comes_back_as_text_only(as_role: AsRole, client: Client) -> None:
    with as_role("web"):
        response = client.post("/verify/", {"answer": "<script>alert(1)</script>"})
        assert b"alert" not in response.content
        assert "Not genuine." in visible(response.content.decode())


def test_the_page_itself(as_role: AsRole, client: Client) -> None:
    with as_role("web"):
        response = client.get("/verify/", HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9")
        page = response.content.decode()
        assert 'lang="zh-Hans"' in page
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert "style=" not in page
        assert "<script" not in page
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)
        assert "Set-Cookie" not in response


def test_the_web_process_can_make_nobody_believe_anything(
    connect_as: Callable[[str], psycopg.Connection],
) -> None:
    issue()
    attempts = (
        "INSERT INTO verification_signingkey VALUES ('mine', '\\x00', now(), NULL, NULL)",
        "UPDATE verification_signingkey SET public_key = '\\x00'",
        "UPDATE verification_signingkey SET revoked_at = NULL",
        "UPDATE verification_statuslist SET token = ''",
        "DELETE FROM verification_statuslist",
        "SELECT consent_id FROM verification_issuedanswer",
        "UPDATE verification_issuedanswer SET standing = 0",
    )
    for attempt in attempts:
        with (
            connect_as("web") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(attempt)
