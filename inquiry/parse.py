"""From a text to what it means. Pure, total, strict: what is not a command acts on nothing.

Three rules make it safe to be generous with spelling:
- STOP wins: a text that begins with a stop word is STOP, whatever follows. Ending is always safe.
- Only OK with six digits and nothing else is a `Grant`; doubt (a question mark, another word, an
  emoji, a seventh digit) makes it something that asks again.
- What is not understood is `Unknown`, with a suggestion at most.
"""

import re
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from itertools import accumulate

from consent import references
from core import catalogue
from core.text import fold, script, words
from inquiry import intents
from inquiry.intents import Intent

#: Signs people put around and between the parts of a command: `OK: <482 913>.` A question mark is
#: not among them, for a question is not an agreement; nor are emoji.
SEPARATORS = re.compile(r"[\s.,:;!\"'#<>()\[\]/_*“”‘’「」『』《》【】。、‐‑‒–—-]+")
COMMAND = re.compile(r"(\D+?)(\d*)")
CODE = re.compile(r"\d{6}")
ITEM = re.compile(r"\d{1,3}")
ID_LAST4 = re.compile(r"\d{3}[0-9X]")  # some ID numbers end in an X
RESEMBLANCE = 0.66  # of letters in common: a transposition or one slip in a word of four
RESEMBLANCE_UNSPACED = 0.5  # the same for words that are two characters long

PLAIN: dict[str, Intent] = {
    "trip": intents.Trip(),
    "more": intents.More(),
    "list": intents.ListConsents(),
    "log": intents.ShowLog(),
    "help": intents.Help(),
    "start": intents.Start(),
    "yes": intents.Yes(),
    "share": intents.Share(),
    "pause": intents.Pause(),
}
#: Commands with the number of a line behind them.
NUMBERED: dict[str, Callable[[int | None], Intent]] = {
    "drop": intents.Drop,
    "log": intents.ShowLog,
    "block": intents.Block,
    "unblock": intents.Unblock,
    "wrong": intents.Wrong,
}
#: Never suggested: agreeing or refusing must be the person's own word.
NOT_SUGGESTED = frozenset({"ok", "no", "yes"})


def parse(body: str) -> Intent:
    """What a text means. Never raises."""
    folded = fold(body)
    parts = words(folded)
    if is_stop(parts):
        return intents.Stop()
    if not folded:
        return intents.Empty()
    if parts and command_of(parts[0]) == "help":
        return intents.Help()
    joined = SEPARATORS.sub("", folded)
    if CODE.fullmatch(joined):
        return intents.BareCode()
    match = COMMAND.fullmatch(joined)
    command = command_of(match[1]) if match else None
    if match and command:
        return commanded(command, match[2]) or intents.Unknown(command)
    return with_letters(joined, parts) or language_choice(joined) or unclear(parts)


def is_stop(parts: list[str]) -> bool:
    """Whether a text begins with a stop word; in scripts without spaces, with its characters."""
    begun = accumulate(parts[: longest_stop_word()])  # it may be written s p a c e d
    if any(command_of(spelled) == "stop" for spelled in begun):
        return True
    return "".join(parts).startswith(unspaced_stop_words())


def commanded(command: str, digits: str) -> Intent | None:
    """The intent of a command with the digits behind it; None when it takes no digits."""
    code = digits if CODE.fullmatch(digits) else None
    item = int(digits) if ITEM.fullmatch(digits) else None
    if command == "ok":
        return intents.Grant(code) if code else intents.GrantWithoutCode()
    if command == "no":
        return intents.Refuse(code) if code or not digits else None
    if command in NUMBERED:
        return NUMBERED[command](item) if item is not None or not digits else out_of(command)
    if command == "erase":
        return intents.Erase(code) if code or not digits else None
    if command == "trip" and ID_LAST4.fullmatch(digits):
        return intents.Trip(digits)
    if command == "check":
        return intents.Check(references.read(digits))
    if command == "lang":
        return intents.ChooseLanguage(None)
    if command == "yes":
        return intents.Yes()
    return None if digits else PLAIN[command]


def out_of(command: str) -> Intent | None:
    """A number that no list has: dropping and unblocking ask for the right one, nothing else is
    taken for what it may not be."""
    return NUMBERED[command](None) if command in ("drop", "unblock") else None


def with_letters(joined: str, parts: list[str]) -> Intent | None:
    """A command with letters behind it: CHECK and a reference, TRIP and an ID that ends in X."""
    for end in range(1, len(joined)):
        command, rest = command_of(joined[:end]), joined[end:]
        if command == "trip" and ID_LAST4.fullmatch(rest):
            return intents.Trip(rest)
        if command == "check" and (references.read(rest) or command_of(parts[0]) == "check"):
            return intents.Check(references.read(rest))
    return None


def language_choice(joined: str) -> Intent | None:
    """`LANG xx`, or the bare name of a language, in any language."""
    named = language_names()
    if joined in named and (len(joined) > 2 or not joined.isascii()):
        return intents.ChooseLanguage(named[joined])
    for word in language_words():
        if joined.startswith(word):
            return intents.ChooseLanguage(named.get(joined.removeprefix(word)))
    return None


def unclear(parts: list[str]) -> Intent:
    """What is not a command: a code among other things, or unknown with a suggestion."""
    known = [command_of(part) for part in parts]
    if any(CODE.fullmatch(part) for part in parts):
        return intents.BareCode()
    if known[:1] in (["ok"], ["yes"]):
        return intents.GrantWithoutCode() if known[0] == "ok" else intents.Yes()
    if "stop" in known:
        return intents.Unknown("stop")
    letters = [part for part in parts if not part.isdigit()]
    return intents.Unknown(
        resembled(letters[0]) or resembled("".join(letters)) if letters else None
    )


def resembled(spelled: str) -> str | None:
    """The command that a word comes close to, if any."""
    if spelled.isascii() and len(spelled) < 3:
        return None
    cutoff = RESEMBLANCE if spelled.isascii() else RESEMBLANCE_UNSPACED
    near = get_close_matches(spelled, suggestable(), n=1, cutoff=cutoff)
    return catalogue.commands()[near[0]] if near else None


def shown_locale(body: str) -> str | None:
    """The language a text shows: by a keyword that only one language has, else by its script, where
    only one is written in it."""
    folded = fold(body)
    whole = "".join(words(folded)).rstrip("0123456789")
    owners = [code for code in catalogue.locales() if whole in spellings(code)]
    if len(owners) == 1:
        return owners[0]
    written = script(folded)
    same = [code for code in catalogue.locales() if catalogue.language(code).script == written]
    return same[0] if len(same) == 1 else None


def command_of(spelled: str) -> str | None:
    return catalogue.commands().get(spelled)


@cache
def spellings(locale: str) -> frozenset[str]:
    """Every keyword of one language, compact."""
    forms = catalogue.keywords(locale).values()
    return frozenset(catalogue.compact(form) for group in forms for form in group)


@cache
def unspaced_stop_words() -> tuple[str, ...]:
    """Stop words in scripts without letter case, which put no spaces between words either."""
    return tuple(
        form
        for form, command in catalogue.commands().items()
        if command == "stop" and all(unicodedata.category(c) == "Lo" for c in form)
    )


@cache
def longest_stop_word() -> int:
    """In letters."""
    return max(len(form) for form, command in catalogue.commands().items() if command == "stop")


@cache
def language_names() -> dict[str, str]:
    """Compact name of a language -> its code."""
    return {
        catalogue.compact(name): code
        for code in catalogue.locales()
        for name in (code, *catalogue.language(code).names)
    }


@cache
def language_words() -> tuple[str, ...]:
    """The words for LANG, the longest first."""
    found = (form for form, command in catalogue.commands().items() if command == "lang")
    return tuple(sorted(found, key=len, reverse=True))


@cache
def suggestable() -> tuple[str, ...]:
    return tuple(
        form for form, command in catalogue.commands().items() if command not in NOT_SUGGESTED
    )
