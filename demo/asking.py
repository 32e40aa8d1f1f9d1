"""An employer's software: asks over the REST API, and checks answers as anybody can, offline."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from demo import fortnight
from demo.employers import Access, Employer
from verification.claims import Statement
from verification.reading import Report, check, read_keys

DAYS, KEPT_DAYS = 14, 7
#: After a question, its person is asked nothing more by the same employer for so long.
COOL_DOWN = timedelta(hours=24)
#: Questions of one employer about one day of a person.
ABOUT_ONE_DAY = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the employer sees it."""

    id: str
    state: str
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Software:
    """What runs at one employer."""

    base_url: str
    employer: Employer
    access: Access

    def ask(self, reference: str, question: str, places: list[str], **whom: str) -> Asked:
        """Ask somebody named by `number` or by `code`. `reference` is the employer's own."""
        body = {
            "purpose": self.employer.purpose,
            "question": question,
            "places": places,
            "days": DAYS,
            "kept_days": KEPT_DAYS,
            "reference": reference,
            **whom,
        }
        return asked(self._call("/api/v1/requests", body))

    def look(self, request: Asked) -> Asked:
        """The request as it stands now."""
        return asked(self._call(f"/api/v1/requests/{request.id}"))

    def token(self, request: Asked) -> str | None:
        """The signed answer; None while, or once more, there is none."""
        try:
            return str(self._call(f"/api/v1/requests/{request.id}/answer")["token"])
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return None

    def check(self, token: str) -> Report:
        """What `python -m verification.check` finds, with the keys of the service and no more."""
        keys = read_keys(json.dumps(self._call("/.well-known/jwks.json")))
        ours = UUID(self.access.organisation)
        return check(token, keys, now=datetime.now(UTC), audience=ours)

    def finds_now(self, token: str) -> str:
        """What the check finds with the status list as it is published now: a word."""
        said = self.check(token).statement
        keys = read_keys(json.dumps(self._call("/.well-known/jwks.json")))
        if said is None:
            return "unreadable"
        with urllib.request.urlopen(said.status_list, timeout=30) as response:  # noqa: S310
            listed = response.read().decode()
        return check(token, keys, now=datetime.now(UTC), status=listed).finding

    def is_welcome(self, reference: str, today: date) -> bool:
        """Whether one more question would reach the person: not within a day of the last, and not
        when three were about one of its days."""
        sought = {"reference": reference, "size": 100}
        listed = self._call("/api/v1/requests/search", sought)["requests"]
        times = [datetime.fromisoformat(one["asked_at"]) for one in listed]
        first = today - timedelta(days=DAYS - 1)
        about = [at for at in times if at.astimezone(fortnight.ZONE).date() >= first]
        now = datetime.now(UTC)
        return all(now - at >= COOL_DOWN for at in times) and len(about) < ABOUT_ONE_DAY

    def _call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310  always http to our own machine
            self.base_url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.access.key}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)


def asked(body: dict[str, Any]) -> Asked:
    return Asked(body["id"], body["state"], datetime.fromisoformat(body["closes_at"]))


def said(report: Report) -> Statement | None:
    """What a genuine answer says."""
    return report.statement if report.finding == "genuine" else None
