"""`python -m bench.audit.check floor|verify FOLDER`: what the verifier is compared with, which is
hashing and parsing the same bytes and nothing else; and the verifier, in one process."""

import json
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from audit.note import Checkpoint, parse
from audit.tiles import CHECKPOINT, bundles, decode_bundle
from audit.verify.anchors import given_anchors
from audit.verify.run import Copy, verify
from bench.audit.corpus import SIGNER, YEAR
from bench.processes import BrokenError, Measured


class _Alone:
    imap = staticmethod(map)


def main(way: str, folder: Path) -> Measured:
    """`facts`: how many entries there were."""
    measured = Measured()
    log = folder / YEAR
    size = Checkpoint.parse(parse((log / CHECKPOINT).read_bytes()).text).size
    if way == "floor":
        with measured.timed():
            for bundle in bundles(size):
                for body in decode_bundle((log / bundle.path).read_bytes(), bundle.width):
                    sha256(b"\x00" + body).digest()
                    json.loads(body)
    else:
        anchors = given_anchors([SIGNER.verifier.vkey], None)
        with tempfile.TemporaryDirectory() as scratch, measured.timed():
            report = verify(Copy(folder), anchors, [], _Alone(), Path(scratch))
        if report.verdict:
            raise BrokenError(report.line())
    measured.facts = {"entries": size}
    return measured


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2])).say()
