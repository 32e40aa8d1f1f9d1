"""Each kind of text has one reply, and it is the one the documentation names."""

import pytest

from tests.integration.inquiry.cases import CASES, OURS, Case, says
from tests.integration.inquiry.talk import Service

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_one_reply(service: Service, case: Case) -> None:
    case.before(service)
    code = service.last_code
    body = case.sent.replace("<code>", code).replace("<other code>", other(code))
    replies = service.say(case.sender, body, to=case.to, problem=case.problem)
    if case.key is None:
        assert replies == []
    else:
        assert len(replies) == 1, replies
        assert says(replies[0], case.key), replies[0]
    if case.sender == OURS:
        assert service.arrived(OURS) == [], "a second reply came late"


def other(code: str) -> str:
    return f"{(int(code or 0) + 1) % 1_000_000:06d}"
