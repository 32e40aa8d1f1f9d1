"""Hygiene of texts: what comes in is made comparable, what goes out is made cheap to send."""

import re
import unicodedata

from core.segments import GSM_BASIC, GSM_EXTENSION

#: Longest part of an inbound text that is looked at: ten segments of a long SMS.
MAX_LENGTH = 1600

# Typographic characters that would turn a text of 160 characters a segment into one of 70.
TYPOGRAPHIC = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʻ": "'", "ʼ": "'", "ʹ": "'", "′": "'", "`": "'",
        "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
        "…": "...", "•": "-", "·": "-", "×": "x",
        "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u202f": " ", "\u3000": " ",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th",
        "œ": "oe", "Œ": "Oe",
    }
)  # fmt: skip

GSM7 = GSM_BASIC | GSM_EXTENSION

# Latin letters with their accents (LÖSCHEN is one word), then those of all other scripts.
LATIN = "A-ZÀ-ÖØ-ÞĀ-ɏẞ"
WORDS = re.compile(rf"[0-9]+|[{LATIN}]+|[^\W\d_{LATIN}]+")

# Cc control, Cf format (bidi, zero width), Cs surrogates, Co private use, Cn unassigned
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(body: str) -> str:
    """An inbound text without characters that cannot be seen, cut to `MAX_LENGTH`, on one line.

    Control, zero-width and bidi characters, surrogates and private-use characters go; every kind
    of white space becomes one space. Letters, digits, signs and emoji stay as they were written.
    """
    spaced = " ".join(body[: 2 * MAX_LENGTH].split())
    seen = "".join(c for c in spaced if unicodedata.category(c) not in UNSEEN)
    return " ".join(seen.split())[:MAX_LENGTH]


def fold(body: str) -> str:
    """A text as keywords are compared: clean, compatibility forms resolved, upper case.

    Full-width letters and digits become plain ones (NFKC), digits of any script become 0 to 9.
    """
    plain = unicodedata.normalize("NFKC", clean(body)).upper()
    return clean("".join(_ascii_digit(c) for c in plain))


def gsm7(text: str) -> str:
    """The text with typographic characters and rare accents replaced by what GSM-7 has.

    Characters without an equivalent stay: a name is never mangled to save a segment.
    """
    return "".join(_gsm7_character(c) for c in text.translate(TYPOGRAPHIC))


def is_gsm7(text: str) -> bool:
    """Whether every character is in the alphabet that carries 160 characters a segment."""
    return GSM7.issuperset(text)


def script(text: str) -> str | None:
    """The script most letters of the text are written in, by its Unicode name: LATIN, CJK, …

    None when the text has no letters. On a tie the script that is not Latin wins: Latin words are
    mixed into every script, the other way round hardly ever.
    """
    counts: dict[str, int] = {}
    for name in (unicodedata.name(c, "").split(" ")[0] for c in text if c.isalpha()):
        counts[name] = counts.get(name, 0) + 1
    if not counts:
        return None
    return max(counts, key=lambda name: (counts[name], name != "LATIN", name))


def words(folded: str) -> list[str]:
    """Runs of letters and runs of digits; a change of script ends a run (STOP谢谢 is two)."""
    return WORDS.findall(folded)


def _ascii_digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _gsm7_character(character: str) -> str:
    if character in GSM7:
        return character
    base = "".join(
        c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)
    )
    return base if base and GSM7.issuperset(base) else character
