"""A scripted conversation of one phone: what it texts, and what must come back."""

import re
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from core import catalogue, segments
from demo import fortnight
from demo.asking import Software
from demo.people import Person
from demo.phone import Phone, Text

PATIENCE = 60.0  # seconds until a reply counts as missing
LOOK_EVERY = 0.1


class WrongReplyError(Exception):
    """A reply that is not what this person's story demands, or none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript: a text, or a remark on what is happening."""

    at: datetime | None
    who: str
    body: str


@dataclass
class Conversation:
    """Texts of one phone with the service. Every reply is read and checked before the next text."""

    person: Person
    phone: Phone
    today: date
    first_start: date
    locale: str = "en"
    employers: Mapping[str, Software] = field(default_factory=dict)  # by name
    lines: list[Line] = field(default_factory=list)
    last_seen: int = 0
    is_used: bool = False
    was_erased: bool = False
    #: The days on which an operator found that a visit was an error.
    left_out_on: list[date] = field(default_factory=list)

    def begin(self) -> None:
        """Bring a phone that an earlier run has used back to where it started."""
        earlier = self.phone.texts()
        self.last_seen = max((text.id for text in earlier), default=0)
        if not earlier:
            return
        farewells = {catalogue.render(code, "erase.done") for code in catalogue.locales()}
        self.was_erased = any(text.body in farewells for text in earlier)
        self.left_out_on = [
            text.at.date()
            for text in earlier
            for code in catalogue.locales()
            if template_pattern(code, "dispute.dropped", {}).fullmatch(text.body)
        ]
        self.is_used = True
        self.remark("(STOP and START have cleared what an earlier run left)")
        shown = len(self.lines)
        self.say("STOP")
        self.say("START")
        back = {catalogue.render(code, "start.done"): code for code in catalogue.locales()}
        while (reply := self.hear(lambda text: None)) not in back:
            pass  # a STOP is confirmed only where there was something to stop
        if back[reply] != self.locale:
            self.ask(f"LANG {self.locale.upper()}", "lang.done")
        del self.lines[shown:]

    def remark(self, what: str) -> None:
        self.lines.append(Line(None, "", what))

    def employer_does(self, what: str) -> None:
        """What an employer's software did, or was told."""
        self.lines.append(Line(datetime.now(fortnight.ZONE), "employer", what))

    def say(self, body: str) -> None:
        """Send a text."""
        self.phone.send(body)
        self.lines.append(Line(datetime.now(fortnight.ZONE), "phone", body))

    def hear(self, check: Callable[[str], None]) -> str:
        """The next text that arrives, checked. Raises WrongReplyError: missing or wrong."""
        asked = self.lines[-1].body
        arrived = self._wait()
        self.lines.append(Line(arrived.at, "service", arrived.body))
        if arrived.body == catalogue.render(self.locale, "other.limited"):
            raise WrongReplyError(
                "this phone has texted very often in the last half hour; try again later"
            )
        try:
            check(arrived.body)
        except WrongReplyError as wrong:
            raise WrongReplyError(f"after {asked!r}: {wrong}\n  it said: {arrived.body}") from None
        return arrived.body

    def hear_answer(self) -> str:
        """What comes of an OK; on a busy machine a text saying that it will follow comes first."""
        text = self.hear(lambda text: None)
        if template_pattern(self.locale, "answer.follows", {}).fullmatch(text):
            text = self.hear(lambda text: None)
        return text

    def ask(self, body: str, key: str, **values: str | int) -> dict[str, str]:
        """Send a text whose answer must be the catalogue's text `key`, and nothing but it.

        Gives what stands where the text has placeholders that `values` does not fill.
        """
        self.say(body)
        return self.expect(key, **values)

    def expect(self, key: str, **values: str | int) -> dict[str, str]:
        """The next text must be the catalogue's text `key`."""
        pattern = template_pattern(self.locale, key, values)
        found: dict[str, str] = {}

        def check(text: str) -> None:
            match = pattern.fullmatch(text)
            if match is None:
                raise WrongReplyError(f"the reply should be {key!r} ({self.locale})")
            found.update(match.groupdict())

        self.hear(check)
        return found

    def silence_then(self, body: str, key: str) -> None:
        """Send a text that is answered; nothing may have come for what was sent before it.

        The texts of one phone are handled in their order, so its answer proves the silence.
        """
        self.remark("(no answer)")
        self.ask(body, key)

    def _wait(self) -> Text:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            fresh = [text for text in self.phone.texts(after=self.last_seen) if text.incoming]
            if fresh:
                self.last_seen = fresh[0].id
                return fresh[0]
            time.sleep(LOOK_EVERY)
        raise WrongReplyError(
            f"after {self.lines[-1].body!r}: no reply within {PATIENCE:.0f} seconds"
        )


def template_pattern(locale: str, key: str, values: dict[str, str | int]) -> re.Pattern[str]:
    """A text of the catalogue as a pattern: known values as they are, the others captured."""
    template = catalogue.language(locale).texts[key]
    pattern, seen = "", set()
    for literal, name, _, _ in string.Formatter().parse(template):
        pattern += re.escape(literal)
        if name is None:
            continue
        if name in values:
            pattern += re.escape(str(values[name]))
        else:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
            seen.add(name)
    return re.compile(pattern, re.DOTALL)


def segment_count(body: str) -> int:
    return segments.count(body).count
