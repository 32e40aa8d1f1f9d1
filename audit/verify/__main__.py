"""`python -m audit.verify DIR|URL`: is this copy of the log intact?
`python -m audit.verify --export FILE`: does all that a person took away stand in the log?

Exit code 0: intact. 1: tampered with. 2: cannot be verified. One line says what, and where.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from audit.note import NoteError
from audit.policy import PolicyError
from audit.verify.anchors import AnchorError, Memory, given_anchors, given_checkpoints
from audit.verify.exported import verify_export
from audit.verify.findings import INTACT, TAMPERED, UNVERIFIABLE, Finding, StopError
from audit.verify.log import Workers
from audit.verify.mirror import mirror
from audit.verify.run import Copy, Report, verify

VERDICTS = {INTACT: "intact", TAMPERED: "TAMPERED", UNVERIFIABLE: "CANNOT BE VERIFIED"}


def parser() -> argparse.ArgumentParser:
    wanted = argparse.ArgumentParser(prog="python -m audit.verify", description=__doc__)
    what = wanted.add_mutually_exclusive_group(required=True)
    text = "a folder of audit_export, or where the log is served"
    what.add_argument("copy", metavar="DIR|URL", nargs="?", help=text)
    text = "what a person took away from their own page (JSON, or ZIP of CSV files)"
    what.add_argument("--export", metavar="FILE", type=Path, help=text)
    add_options(wanted)
    text = "print more than the first finding"
    wanted.add_argument("--all", action="store_true", help=text)
    return wanted


def add_options(wanted: argparse.ArgumentParser) -> None:
    """What `check` needs to know."""
    add = wanted.add_argument
    text = "a public key of the log, as it was published; may be repeated"
    add("--key", action="append", default=[], metavar="KEY|FILE", help=text)
    text = "a C2SP tlog-policy: the log's keys, its witnesses, how many of them are needed"
    add("--policy", metavar="FILE", help=text)
    text = "where it is written how far the log was intact, and read the next time"
    add("--remember", metavar="FILE", type=Path, help=text)
    text = "a signed checkpoint from elsewhere that the log must agree with; may be repeated"
    add("--checkpoint", action="append", default=[], metavar="FILE", type=Path, help=text)
    text = "where the files of a URL are kept, to fetch only what is new the next time"
    add("--mirror", metavar="DIR", type=Path, help=text)
    text = "a file with a mirror's token, for what is served to mirrors alone"
    add("--token-file", metavar="FILE", type=Path, help=text)
    text = "a copy of the tiles alone: no columns, no older checkpoints, nothing that waits"
    add("--tiles-only", action="store_true", help=text)
    text = "earlier logs are not in the copy: what began in them cannot be verified"
    add("--without-earlier", action="store_true", help=text)
    text = "processes; as many as there are cores, unless said"
    add("--jobs", type=int, default=os.cpu_count() or 1, help=text)


class Checked(NamedTuple):
    """The verdict, the line that says what and where, and the report when there was something to
    report on."""

    verdict: int
    line: str
    report: Report | None = None


def main(arguments: Sequence[str]) -> int:
    options = parser().parse_args(arguments)
    if options.export is not None:
        return _export(options)
    checked = check(options)
    found = checked.report.findings.kept if checked.report else []
    return _say(checked.verdict, checked.line, found if options.all else [])


def check(options: argparse.Namespace) -> Checked:
    """Verify what the options (of `add_options`) name; remember it when it is intact."""
    with tempfile.TemporaryDirectory(prefix="audit-verify-") as scratch:
        try:
            anchors = given_anchors(options.key, options.policy)
            memory = Memory.read(options.remember)
            known = given_checkpoints(options.checkpoint, anchors)
            folder = _folder(options, Path(scratch))
            copy = Copy(folder, not options.tiles_only, not options.without_earlier)
            with _workers(options.jobs) as workers:
                report = verify(copy, anchors, [*memory.known(), *known], workers, Path(scratch))
            if report.verdict == INTACT:
                memory.write(report.heads())
        except StopError as stop:
            return Checked(stop.finding.kind, str(stop.finding))
        except (AnchorError, PolicyError, NoteError, OSError) as error:
            return Checked(UNVERIFIABLE, str(error))
        except Exception as error:
            # A crash is no verdict on the log.
            what = str(error).partition("\n")[0]
            return Checked(UNVERIFIABLE, f"the verifier failed: {type(error).__name__}: {what}")
    return Checked(report.verdict, report.line(), report)


def _export(options: argparse.Namespace) -> int:
    try:
        report = verify_export(options.export, given_anchors(options.key, options.policy))
    except (AnchorError, PolicyError, NoteError, OSError) as error:
        return _say(UNVERIFIABLE, str(error))
    found = report.findings.kept if options.all else []
    return _say(report.findings.verdict, report.line(), found)


def _say(verdict: int, line: str, findings: Iterable[Finding] = ()) -> int:
    for finding in findings:
        print(f"{VERDICTS.get(finding.kind, 'NOT CHECKED')}: {finding}")
    print(f"{VERDICTS[verdict]}: {line}")
    return verdict


class _Alone:
    """No other processes."""

    imap = staticmethod(map)


@contextmanager
def _workers(jobs: int) -> Iterator[Workers]:
    if jobs < 2:
        yield _Alone()
        return
    with multiprocessing.Pool(jobs) as pool:
        yield pool


def _folder(options: argparse.Namespace, scratch: Path) -> Path:
    if not options.copy.startswith(("http://", "https://")):
        return Path(options.copy)
    into = options.mirror or scratch / "mirror"
    token = options.token_file.read_text().strip() if options.token_file else ""
    mirror(options.copy, into, tiles_only=options.tiles_only, token=token)
    return Path(into)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
