"""Which checkpoints are believed: signed by the log, and cosigned by so many of these witnesses.

Format: C2SP tlog-policy (https://c2sp.org/tlog-policy), with one group of witnesses at most:

    witness city log.city.example+…+… https://log.city.example/witness
    witness court witness.court.example+…+… https://witness.court.example
    group both 2 city court
    quorum both

Needs the standard library and `cryptography` alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from audit.cosignature import Witness
from audit.note import Checkpoint, Note, NoteError, Verifier, verify

MAX_WITNESSES = 32
NONE = "none"


class PolicyError(ValueError):
    """The policy cannot be read."""


@dataclass(frozen=True)
class Asked:
    """A witness of a policy: its key, and where it is asked (or nothing)."""

    witness: Witness
    url: str = ""


@dataclass(frozen=True)
class Policy:
    """`quorum` of `witnesses` must have cosigned; the log's keys, where they are part of it."""

    quorum: int = 0
    witnesses: tuple[Asked, ...] = ()
    logs: tuple[Verifier, ...] = ()

    @property
    def keys(self) -> tuple[Witness, ...]:
        """The witnesses' keys."""
        return tuple(asked.witness for asked in self.witnesses)

    @property
    def allows_two_histories(self) -> bool:
        """Whether two halves of the witnesses could each accept another history."""
        return self.quorum * 2 <= len(self.witnesses)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy. Raises PolicyError, naming the line."""
        reader = _Reader()
        for number, line in enumerate(text.split("\n"), 1):
            words = [word for word in re.split(r"[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                reader.take(words)
            except (NoteError, PolicyError) as error:
                raise PolicyError(f"line {number}: {error}") from error
        if reader.quorum is None:
            raise PolicyError("there is no quorum line")
        count, names = reader.quorum
        return cls(count, tuple(reader.witnesses[name] for name in names), tuple(reader.logs))

    def cosigners(self, note: Note) -> list[Witness]:
        """The witnesses of the policy whose valid cosignature the note carries."""
        found = {(line.name, line.key_id): line for line in note.signatures}
        return [
            witness
            for witness in self.keys
            if (line := found.get((witness.name, witness.key_id)))
            and witness.signed(note.text, line)
        ]

    def accept(self, note: bytes | str, origin: str, logs: Iterable[Verifier] = ()) -> Checkpoint:
        """Read a checkpoint of the log `origin` that the policy accepts.

        `logs`: the log's keys, when they are not in the policy. Raises NoteError.
        """
        parsed = verify(note, [*self.logs, *logs])
        checkpoint = Checkpoint.parse(parsed.text)
        if checkpoint.origin != origin:
            raise NoteError("a checkpoint of another log")
        cosigned = len(self.cosigners(parsed))
        if cosigned < self.quorum:
            raise NoteError(f"cosigned by {cosigned} witnesses, not by {self.quorum}")
        return checkpoint


@dataclass
class _Reader:
    logs: list[Verifier] = field(default_factory=list)
    witnesses: dict[str, Asked] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: tuple[int, tuple[str, ...]] | None = None

    def take(self, words: Sequence[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._log(Verifier.parse(vkey))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._witness(name, Asked(Witness.parse(vkey), *url))
            case ["group", name, count, *members] if members:
                self._group(name, count, members)
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise PolicyError("not a line of a policy")

    def _log(self, log: Verifier) -> None:
        if any(log.public_key == other.public_key for other in self.logs):
            raise PolicyError("a log's key a second time")
        self.logs.append(log)

    def _witness(self, name: str, asked: Asked) -> None:
        self._is_new(name)
        if any(asked.witness.public_key == a.witness.public_key for a in self.witnesses.values()):
            raise PolicyError("a witness's key a second time")
        if asked.url and not re.match(r"https?://[^/\s]", asked.url):
            raise PolicyError("a witness's address begins with https:// or http://")
        self.witnesses[name] = asked
        if len(self.witnesses) > MAX_WITNESSES:
            raise PolicyError(f"over {MAX_WITNESSES} witnesses")

    def _group(self, name: str, count: str, members: Sequence[str]) -> None:
        self._is_new(name)
        if len(set(members)) != len(members) or not set(members) <= set(self.witnesses):
            raise PolicyError("a group names witnesses from above, each once")
        needed = {"any": "1", "all": str(len(members))}.get(count, count)
        if not re.fullmatch(r"[1-9][0-9]?", needed) or int(needed) > len(members):
            raise PolicyError("of a group any, all or a number of its members is asked for")
        self.groups[name] = (int(needed), tuple(members))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise PolicyError("a second quorum line")
        if name == NONE:
            self.quorum = (0, ())
        elif name in self.witnesses:
            self.quorum = (1, (name,))
        elif name in self.groups:
            self.quorum = self.groups[name]
        else:
            raise PolicyError("the quorum is none, a witness or a group from above")

    def _is_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise PolicyError("a name that is taken")
