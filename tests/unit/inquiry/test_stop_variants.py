"""How people say STOP when they do not know the word."""

import pytest

from inquiry import intents
from inquiry.parse import parse


@pytest.mark.parametrize(
    "body",
    [
        "please stop texting me",
        "Stop sending me these messages!",
        "Don't text me again",
        "Don’t text me",
        "do not text me any more",
        "please don't text me",
        "No more texts, please.",
        "Remove me from your list",
        "LEAVE ME ALONE",
        "unsubscribe me",
        "不要再发了",
        "别再发短信了！",
        "请不要再发给我",
        "别给我发短信",
        "Bitte keine SMS mehr!",
        "Hören Sie auf",
        "höRT aUF damit",
        "Schreiben Sie mir nicht mehr.",
        "Lassen Sie mich in Ruhe!",
        "Abmelden, danke",
        "Widerruf 2",
        "STOPP",
        "p l e a s e  d o n o t  t e x t  m e",
        "STOP 2",
        "Stop it",
    ],
)
def test_it_is_stop(body: str) -> None:
    assert parse(body) == intents.Stop()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("DROP 2", intents.Drop(2)),
        ("no", intents.Refuse(None)),
        ("不要", intents.Refuse(None)),
        ("more", intents.More()),
        ("I did not stop there", intents.Unknown("stop")),
    ],
)
def test_what_is_near_it_is_not(body: str, expected: intents.Intent) -> None:
    assert parse(body) == expected
