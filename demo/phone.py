"""A phone of the simulator, used over HTTP as the browser uses it."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from typing import Any


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

    def send(self, body: str) -> None:
        """Text the service."""
        call(f"{self.base_url}/sandbox/api/phones/{self.id}/texts", {"body": body})

    def texts(self, after: int = 0) -> list[Text]:
        """The phone's texts with ids above `after`, oldest first; fetching them delivers them."""
        answer = call(f"{self.base_url}/sandbox/api/phones/{self.id}/texts?after={after}")
        return [
            Text(
                id=text["id"],
                incoming=text["incoming"],
                body=text["body"],
                at=datetime.fromisoformat(text["at"]).astimezone(),
            )
            for text in answer["texts"]
        ]


def phones(base_url: str) -> dict[str, Phone]:
    """The phones that the simulator offers, by the label a person sees."""
    answer = call(f"{base_url}/sandbox/api/phones")
    return {phone["label_en"]: Phone(base_url, phone["id"]) for phone in answer["phones"]}


def call(url: str, body: dict[str, Any] | None = None) -> Any:
    """A GET, or a POST of JSON when there is a body."""
    request = urllib.request.Request(  # noqa: S310  always http to our own machine
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.load(response)
