"""What is believed because somebody outside gave it: keys, a policy, checkpoints, a memory."""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from audit.copy import write
from audit.note import Checkpoint, NoteError, Verifier, decode_base64, verify
from audit.policy import Policy
from audit.verify.log import Known
from audit.verify.pieces import Anchors

OTHERWISE = "the log had other entries when it was seen before"


class AnchorError(ValueError):
    """What was given cannot be used."""


def given_anchors(keys: Sequence[str], policy: str | None) -> Anchors:
    """The keys and the policy. Raises AnchorError, NoteError, PolicyError, OSError."""
    found = Policy.parse(Path(policy).read_text()) if policy else Policy()
    for given in keys:
        path = Path(given)
        lines = path.read_text().splitlines() if "+" not in given or path.exists() else [given]
        more = tuple(Verifier.parse(line) for line in lines if line.strip())
        found = replace(found, logs=(*found.logs, *more))
    if policy and not found.logs:
        raise AnchorError("neither --policy nor --key gives a key of the log")
    return Anchors(found, bool(found.logs))


def given_checkpoints(paths: Iterable[Path], anchors: Anchors) -> list[tuple[str, Known]]:
    """Checkpoints from elsewhere, by origin. They count only if the log signed them."""
    found = []
    for path in paths:
        try:
            said = Checkpoint.parse(verify(path.read_bytes(), anchors.policy.logs).text)
        except NoteError as error:
            raise AnchorError(f"{path}: {error}") from error
        found.append((said.origin, Known(said.size, said.root, OTHERWISE)))
    return found


@dataclass
class Memory:
    """How far each log was found intact: size and root by origin, kept in a file."""

    path: Path | None
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """What was remembered; nothing if the file is not there yet. Raises AnchorError."""
        if path is None or not path.exists():
            return cls(path)
        try:
            rows = json.loads(path.read_text())
            heads = {
                origin: (int(row["size"]), decode_base64(row["root"]))
                for origin, row in rows.items()
            }
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise AnchorError(f"{path} is not what --remember wrote") from error
        return cls(path, heads)

    def known(self) -> Iterator[tuple[str, Known]]:
        """By origin, what a log must agree with."""
        for origin, (size, root) in self.heads.items():
            yield origin, Known(size, root, OTHERWISE)

    def write(self, heads: Iterable[tuple[str, int, bytes]]) -> None:
        """Remember these as well."""
        if self.path is None:
            return
        self.heads.update({origin: (size, root) for origin, size, root in heads})
        rows = {
            origin: {"size": size, "root": base64.b64encode(root).decode()}
            for origin, (size, root) in sorted(self.heads.items())
        }
        write(self.path, (json.dumps(rows, indent=1) + "\n").encode())
