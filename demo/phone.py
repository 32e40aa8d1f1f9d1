"""A phone of the simulator, used over HTTP as the browser uses it."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demo import fortnight


@dataclass(frozen=True, slots=True)
class Text:
    """One bubble on the phone. `incoming`: from the service to the phone."""

    id: int
    incoming: bool
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Phone:
    """One simulated phone; `id` is the simulator's name for it."""

    base_url: str
    id: int

    def send(self, body: str) -> int:
        """Text the service; the id of that text. What answers it has higher ids."""
        sent = call(f"{self.base_url}/sandbox/texts", {"number_id": self.id, "body": body})
        return int(sent["text_id"])

    def texts(self, after: int = 0) -> list[Text]:
        """The phone's texts with ids above `after`, oldest first; fetching them delivers them."""
        address = f"{self.base_url}/sandbox/texts?number_id={self.id}&after={after}"
        return [
            Text(
                id=text["id"],
                incoming=text["incoming"],
                body=text["body"],
                at=datetime.fromisoformat(text["at"]).astimezone(fortnight.ZONE),
            )
            for text in call(address)["texts"]
        ]


def phones(base_url: str) -> dict[str, Phone]:
    """The phones that the simulator offers, by number."""
    listed = call(f"{base_url}/sandbox/phones")["phones"]
    return {phone["number"]: Phone(base_url, phone["id"]) for phone in listed}


def call(url: str, body: dict[str, Any] | None = None) -> Any:
    """A GET, or a POST of JSON when there is a body."""
    request = urllib.request.Request(  # noqa: S310  always http to our own machine
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.load(response)
