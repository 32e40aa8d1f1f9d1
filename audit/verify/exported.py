"""What a person took away from their own page: does each entry stand in the log as it is told?

The file holds the exact bytes of each entry and its proof. That none was left out no log can prove:
the log's size is no secret, whose entries it holds is.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from audit.note import Checkpoint, NoteError, parse
from audit.policy import Policy
from audit.proof import Proof, receipt_code
from audit.tree import ProofError, hash_leaf
from audit.verify.findings import Findings, tampered, unverifiable
from audit.verify.pieces import Anchors

ENTRIES: Final = "entries.csv"
LARGEST: Final = 1 << 28
"""Bytes of a file that is read."""


class Exported(NamedTuple):
    """An entry as the file tells it: its bytes, its receipt code, its proof."""

    body: str
    receipt: str
    proof: str


@dataclass
class Report:
    """What was found about how many entries."""

    findings: Findings = field(default_factory=Findings)
    entries: int = 0
    origins: set[str] = field(default_factory=set)

    def line(self) -> str:
        if self.findings.kept:
            return self.findings.line()
        logs = ", ".join(sorted(self.origins))
        return f"{self.entries} entries stand in {logs}"


def verify_export(path: Path, anchors: Anchors) -> Report:
    """Check a file. Raises OSError."""
    report = Report()
    try:
        entries, notices = _read(path)
    except (ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        report.findings.add(unverifiable(path.name, f"no export of a person's page ({error})"))
        return report
    if not anchors.keys:
        report.findings.add(unverifiable(path.name, "no key of the log was given"))
    if not entries:
        report.findings.add(unverifiable(path.name, "there are no entries in it"))
    _Check(report, anchors).all(entries, notices)
    return report


@dataclass
class _Check:
    report: Report
    anchors: Anchors
    subjects: set[object] = field(default_factory=set)
    places: set[tuple[str, int]] = field(default_factory=set)
    shown: dict[str, str] = field(default_factory=dict)

    def all(self, entries: Iterable[Exported], notices: Mapping[str, str]) -> None:
        for number, entry in enumerate(entries, 1):
            self.report.entries = number
            try:
                self.one(f"entry {number}", entry)
            except (NoteError, ProofError, ValueError) as error:
                self.report.findings.add(tampered(f"entry {number}", str(error)))
        if len(self.subjects) > 1:
            self.report.findings.add(tampered("entries", "they are about more than one person"))
        for consent, text in notices.items():
            if sha256(text.encode()).hexdigest() != self.shown.get(consent):
                what = "its notice is not the one that the log has the hash of"
                self.report.findings.add(tampered(f"consent {consent}", what))

    def one(self, where: str, entry: Exported) -> None:
        content = json.loads(entry.body)
        self.subjects.add(content.get("subject_ref"))
        if "notice_sha256" in content:
            self.shown[str(content.get("consent_id"))] = content["notice_sha256"]
        leaf_hash = hash_leaf(entry.body.encode())
        if receipt_code(leaf_hash) != entry.receipt:
            self.report.findings.add(tampered(where, "its receipt code is another entry's"))
        if not entry.proof:
            what = "it was too new for a proof: take a new copy"
            self.report.findings.add(unverifiable(where, what))
            return
        proof = Proof.parse(entry.proof)
        if not self.anchors.keys:
            return
        policy, note = self.anchors.policy, parse(proof.checkpoint)
        origin = Checkpoint.parse(note.text).origin
        proof.verify(leaf_hash, origin, Policy(logs=policy.logs))
        cosigned = len(policy.cosigners(note))
        if cosigned < policy.quorum:
            what = f"its checkpoint is cosigned by {cosigned} witnesses, not by {policy.quorum}"
            self.report.findings.add(unverifiable(where, what))
        if (origin, proof.place) in self.places:
            self.report.findings.add(tampered(where, "its place in the log is another entry's"))
        self.places.add((origin, proof.place))
        self.report.origins.add(origin)


def _read(path: Path) -> tuple[list[Exported], dict[str, str]]:
    """The entries, and the notices by consent."""
    if path.stat().st_size > LARGEST:
        raise ValueError("too large")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            rows, consents = (list(_rows(packed, name)) for name in (ENTRIES, "consents.csv"))
    else:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows, consents = content["entries"], content["consents"]
    entries = [Exported(row["body"], row["receipt"], row["proof"] or "") for row in rows]
    # The hash of one about a visit is without place and days, which could be guessed from it.
    whole = [one for one in consents if one["notice"] and one["question"] != "visit"]
    return entries, {one["id"]: one["notice"] for one in whole}


def _rows(packed: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    if packed.getinfo(name).file_size > LARGEST:
        raise ValueError("too large")
    with packed.open(name) as file:
        yield from csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline=""))
