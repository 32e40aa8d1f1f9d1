"""An itinerary as texts: at most four segments each, the rest on request."""

from collections.abc import Callable, Iterable, Sequence

from django.conf import settings

from core import catalogue
from core.segments import count
from inquiry.places import Cities, place_name
from travel.days import DayRange, by_place, day_ranges
from travel.itinerary import Itinerary

MOST_SEGMENTS = 4


def answer_pages(itinerary: Itinerary, cities: Cities, *, locale: str, reference: str) -> list[str]:
    """The answer, one text per element; all but the last say that there is MORE."""
    if not itinerary.days_with_data and not itinerary.visits:
        return [catalogue.render(locale, "answer.no_data")]
    period = catalogue.format_days(locale, itinerary.window.first, itinerary.window.last)
    head = catalogue.render(locale, "answer.head", period=period)
    foot = catalogue.render(
        locale,
        "answer.foot",
        hours=settings.MINIMUM_STAY_HOURS,
        version=itinerary.rule_version,
        reference=reference,
    )
    lines = [
        catalogue.render(
            locale,
            "answer.line",
            place=place_name(visited.place, cities, locale),
            days=written_ranges(visited.ranges, locale),
        )
        for visited in by_place(itinerary.visits)
    ] or [catalogue.render(locale, "answer.nothing", hours=settings.MINIMUM_STAY_HOURS)]
    return paginate(
        lines,
        head=head,
        tail=[*coverage_lines(itinerary, locale), foot],
        next_head=catalogue.render(locale, "answer.rest", reference=reference),
        more=catalogue.render(locale, "answer.more"),
    )


def coverage_lines(itinerary: Itinerary, locale: str) -> list[str]:
    """Through when there is data, on how many days, and on which days there is none."""
    through = itinerary.data_through
    if through is None:
        return [catalogue.render(locale, "answer.not_yet")]
    lines = [
        catalogue.render(
            locale,
            "answer.through",
            day=catalogue.format_day(locale, through),
            with_data=len(itinerary.days_with_data),
            days=itinerary.days,
        )
    ]
    missing = [day for day in itinerary.days_without_data if day <= through]
    if missing:
        ranges = written_ranges(day_ranges(missing), locale)
        lines.append(catalogue.render(locale, "answer.missing", days=ranges))
    return lines


def written_ranges(ranges: Iterable[DayRange], locale: str) -> str:
    separator = str(catalogue.language(locale).dates["separator"])
    return separator.join(catalogue.format_days(locale, r.first, r.last) for r in ranges)


def paginate(
    lines: Sequence[str], *, head: str, tail: Sequence[str], next_head: str, more: str
) -> list[str]:
    """Texts of at most MOST_SEGMENTS: head, lines, tail, and `more` when lines are left over.

    Later texts have `next_head` and no tail. Each of them holds at least one line.
    """
    whole = "\n".join([head, *lines, *tail])
    if fits(whole):
        return [whole]
    left = list(lines)
    taken = take(left, lambda some: "\n".join([head, *some, *tail, more]), least=0)
    pages = ["\n".join([head, *taken, *tail, more])]
    while left:
        last = "\n".join([next_head, *left])
        if fits(last):
            return [*pages, last]
        taken = take(left, lambda some: "\n".join([next_head, *some, more]), least=1)
        pages.append("\n".join([next_head, *taken, *([more] if left else [])]))
    return pages


def take(left: list[str], text_with: Callable[[list[str]], str], *, least: int) -> list[str]:
    """Take lines off the front of `left`: `least`, and as many more as the text has room for."""
    taken: list[str] = []
    while left and (len(taken) < least or fits(text_with([*taken, left[0]]))):
        taken.append(left.pop(0))
    return taken


def fits(text: str) -> bool:
    return count(text).count <= MOST_SEGMENTS
