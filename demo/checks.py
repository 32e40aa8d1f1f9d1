"""Whether an answer is the right one for a person: cities, days, how far the data reaches."""

from collections.abc import Sequence
from datetime import date, timedelta

from core import catalogue
from demo import fortnight
from demo.conversation import WrongReplyError, segment_count, template_pattern
from demo.expected import MINIMUM_HOURS, Answer
from demo.places import Place

MOST_SEGMENTS = 4
ABROAD = {"BANGKOK": {"en": "Bangkok, Thailand", "zh": "泰国曼谷"}}


def city_lines(answer: Answer, locale: str) -> list[set[str]]:
    """The lines of an answer in their order; a border may name its two cities either way round."""
    return [
        {
            catalogue.render(locale, "answer.line", place=name, days=written(days, locale))
            for name in names(place, locale)
        }
        for place, days in answer.visits
    ]


def names(place: Place, locale: str) -> set[str]:
    """What a place may be called in an answer."""
    if place.beyond is None:
        return {called(place, locale)}
    both = (called(place, locale), called(place.beyond, locale))
    return {
        catalogue.render(locale, "answer.border", first=a, second=b) for a, b in (both, both[::-1])
    }


def called(place: Place, locale: str) -> str:
    own = place.zh if locale == "zh" else place.en
    return ABROAD.get(place.en.upper(), {}).get(locale, own)


def written(days: Sequence[date], locale: str) -> str:
    """Days as ranges of neighbours: 9-12 Nov, 18 Nov."""
    ranges: list[list[date]] = []
    for day in days:
        if ranges and day - ranges[-1][1] == timedelta(days=1):
            ranges[-1][1] = day
        else:
            ranges.append([day, day])
    separator = str(catalogue.language(locale).dates["separator"])
    return separator.join(catalogue.format_days(locale, first, last) for first, last in ranges)


def check_answer(pages: Sequence[str], answer: Answer, today: date, locale: str) -> None:
    """Raises WrongReplyError unless the texts together say exactly what they must."""
    longest = max(segment_count(page) for page in pages)
    if longest > MOST_SEGMENTS:
        raise WrongReplyError(f"a text of the answer takes {longest} segments")
    left = [line for page in pages for line in page.split("\n")]
    for key, times, values in frame(answer, today, locale, len(pages)):
        pattern = template_pattern(locale, f"answer.{key}", values)
        matching = [line for line in left if pattern.fullmatch(line)]
        if len(matching) != times:
            raise WrongReplyError(f"the answer should say {key!r} {times} times, with {values}")
        left = [line for line in left if line not in matching]
    wanted = city_lines(answer, locale)
    if len(left) != len(wanted) or any(a not in b for a, b in zip(left, wanted, strict=True)):
        readable = " / ".join(min(allowed) for allowed in wanted)
        raise WrongReplyError(f"the cities should be: {readable}; they are: {' / '.join(left)}")
    for place in answer.passed:
        if any(called(place, locale) in page for page in pages):
            raise WrongReplyError("a city only passed through is in the answer")


def frame(
    answer: Answer, today: date, locale: str, pages: int
) -> list[tuple[str, int, dict[str, str | int]]]:
    """All of an answer but its cities: which text, how often it must stand there, its values."""
    days = fortnight.window(today)
    missing = [day for day in days if day not in answer.days_with_data]
    through: dict[str, str | int] = {
        "day": catalogue.format_day(locale, days[-1]),
        "with_data": len(answer.days_with_data),
        "days": len(days),
    }
    return [
        ("head", 1, {"period": catalogue.format_days(locale, days[0], days[-1])}),
        ("through", 1, through),
        ("missing", 1 if missing else 0, {"days": written(missing, locale)} if missing else {}),
        ("foot", 1, {"hours": MINIMUM_HOURS}),
        ("rest", pages - 1, {}),
        ("more", pages - 1, {}),
    ]
