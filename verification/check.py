"""`python -m verification.check TOKEN --keys FILE|URL [--status FILE|URL]`: is this answer genuine?

Works offline, from files. Needs Python and the `cryptography` package, and of this project these
files alone: `check.py`, `reading.py`, `claims.py`, `wording.py` and `words.py`.

The exit status says what came of it: 0 genuine; 1 not genuine, or not to be relied on any more
(expired, withdrawn, disputed, corrected, given to somebody else); 2 cannot be checked.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import UUID

from verification.reading import LONGEST_LIST, KeysError, Verdict, check, read_keys
from verification.wording import Wording, worded
from verification.words import WORDS

KEYS_NEEDED = """Cannot be checked without the public keys of the service.
Fetch them once, from the service's own address and not from one that the answer names:
  curl -o keys.json https://THE-SERVICE/.well-known/jwks.json
then give --keys keys.json. Until then believe nothing that is written in the answer."""


class SourceError(Exception):
    """A file or address that could not be read."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, print, and return the exit status."""
    given = _parser().parse_args(arguments)
    if not given.keys:
        print(KEYS_NEEDED)
        return Verdict.CANNOT_BE_CHECKED.value
    try:
        keys = read_keys(_read(given.keys))
        status = _read(given.status) if given.status else None
        token = sys.stdin.read() if given.token == "-" else given.token  # noqa: S105  stdin
    except (SourceError, KeysError) as error:
        print(f"Cannot be checked: {error}.")
        return Verdict.CANNOT_BE_CHECKED.value
    now = datetime.now(UTC)
    report = check(token, keys, now=now, status=status, audience=given.audience)
    print(_text(worded(report, given.lang, audience_known=given.audience is not None)))
    return report.verdict.value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m verification.check",
        description="Check a signed answer. Exit status: 0 genuine, 1 not genuine or not to be"
        " relied on any more, 2 cannot be checked.",
    )
    parser.add_argument("token", metavar="TOKEN", help="the answer; - reads it from standard input")
    parser.add_argument("--keys", metavar="FILE|URL", help="the service's public keys (JWKS)")
    parser.add_argument("--status", metavar="FILE|URL", help="the status list the answer names")
    parser.add_argument("--audience", metavar="ID", type=UUID, help="your organisation's id")
    parser.add_argument("--lang", choices=sorted(WORDS), default="en")
    return parser


def _read(source: str) -> str:
    """A file, or an address: https, or plain http on this machine. Raises SourceError."""
    if urlsplit(source).scheme not in ("http", "https"):
        try:
            return Path(source).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SourceError(f"{source} cannot be read ({_why(error)})") from error
    _refuse_open_way(source)
    try:
        with urlopen(source, timeout=20) as response:  # noqa: S310  the schemes are checked above
            _refuse_open_way(response.url)
            return bytes(response.read(LONGEST_LIST)).decode()
    except (OSError, ValueError) as error:
        raise SourceError(f"{source} cannot be read ({_why(error)})") from error


def _refuse_open_way(url: str) -> None:
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SourceError(f"{url} is not https, so anybody on the way could change it")


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _text(wording: Wording) -> str:
    """For a terminal: the finding, what is said in two columns, then the notes."""
    lines = [wording.finding]
    if wording.rows:
        lines.append("")
    for row in wording.rows:
        lines.append(f"  {row.label + ':':<12} {row.text}")
        lines.extend(f"  {'':<12}   {item}" for item in row.items)
    if wording.notes:
        lines += ["", *wording.notes]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
