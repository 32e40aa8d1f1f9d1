"""One person's stays by the published rule, as loops: the same rows as signaling/rule.sql.

The numbers of the steps are those of that text. Rows of `places`: city, partner or 0, country, x,
y, z, reach; reach is -1 where the circle of a place is not known. Nothing is cached on disk: numba
would not notice that the parameters have changed.
"""

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from signaling import rule

DEFAULT: Final = rule.Parameters()
SILENCE, SPEED = DEFAULT.max_silence, DEFAULT.max_speed
PADDING, LARGEST, PART = DEFAULT.padding, DEFAULT.max_padding, DEFAULT.padding_part
NEAR, NEAR_PERCENT = DEFAULT.near_window, DEFAULT.near_percent
WIDE, WIDE_PERCENT, ALONE = DEFAULT.wide_window, DEFAULT.wide_percent, DEFAULT.alone
ABSENCE: Final = DEFAULT.max_absence
DAY: Final = 86_400_000
CITY, PARTNER, COUNTRY, X, REACH = 0, 1, 2, 3, 6

Integers = npt.NDArray[np.int64]


@numba.njit(nogil=True)
def runs_of(t: Integers, place: Integers, countries: int) -> Integers:
    """1. Rows of (place, first, last). The first `countries` places are countries."""
    runs = np.empty((len(t), 3), np.int64)
    n = 0
    for i in range(len(t)):
        goes_on = i > 0 and place[i] == place[i - 1] and t[i] - t[i - 1] <= SILENCE
        if goes_on and (place[i] >= countries or t[i] - t[i] % DAY <= t[i - 1]):
            runs[n - 1, 2] = t[i]
        else:
            runs[n, 0], runs[n, 1], runs[n, 2] = place[i], t[i], t[i]
            n += 1
    return runs[:n]


@numba.njit(nogil=True)
def located(runs: Integers, places: Integers, countries: int) -> Integers:
    """2. Countries only where no city of theirs was seen in the same block."""
    kept = np.empty_like(runs)
    n = 0
    for i in range(len(runs)):
        keep = True
        if runs[i, 0] < countries:
            country, block = places[runs[i, 0], COUNTRY], runs[i, 1] - runs[i, 1] % DAY
            for k in range(len(runs)):
                if runs[k, 0] >= countries and places[runs[k, 0], COUNTRY] == country:
                    first, last = runs[k, 1] - runs[k, 1] % DAY, runs[k, 2] - runs[k, 2] % DAY
                    keep = keep and block not in (first, last)
        if not keep:
            continue
        if n > 0 and kept[n - 1, 0] == runs[i, 0] and runs[i, 1] - kept[n - 1, 2] <= SILENCE:
            kept[n - 1, 2] = max(kept[n - 1, 2], runs[i, 2])
        else:
            kept[n] = runs[i]
            n += 1
    return kept[:n]


@numba.njit(nogil=True)
def in_reach(a: Integers, b: Integers, gap: int) -> bool:
    """Whether a vehicle can get from one place to the other in that time."""
    far2 = (a[X] - b[X]) ** 2 + (a[X + 1] - b[X + 1]) ** 2 + (a[X + 2] - b[X + 2]) ** 2
    limit = 360 * (a[REACH] + b[REACH]) + SPEED * (gap // 1000)
    return bool(129_600 * far2 <= limit * limit)


@numba.njit(nogil=True)
def reached(runs: Integers, places: Integers) -> Integers:
    """3. Without the runs that no vehicle could reach and leave."""
    keep = np.ones(len(runs), np.bool_)
    for i in range(1, len(runs) - 1):
        b, p, a = places[runs[i - 1, 0]], places[runs[i, 0]], places[runs[i + 1, 0]]
        before, first, last, after = runs[i - 1, 2], runs[i, 1], runs[i, 2], runs[i + 1, 1]
        longer = min(before - runs[i - 1, 1], runs[i + 1, 2] - after)
        if p[CITY] in (b[CITY], a[CITY]) or after - before > SILENCE or last - first > longer:
            continue
        if min(b[REACH], p[REACH], a[REACH]) >= 0:
            keep[i] = (
                in_reach(p, b, first - before)
                or in_reach(p, a, after - last)
                or not in_reach(a, b, after - before)
            )
    return runs[keep]


@numba.njit(nogil=True)
def side(runs: Integers, i: int) -> tuple[int, int]:
    """4. How long a run beside a boundary is taken to last, doubled."""
    lo2, hi2 = 2 * runs[i, 1], 2 * runs[i, 2]
    if i > 0:
        gap = runs[i, 1] - runs[i - 1, 2]
        is_other = runs[i - 1, 0] != runs[i, 0] or gap > SILENCE
        lo2 -= 2 * PADDING if gap > 2 * PADDING and is_other else gap
    if i + 1 < len(runs):
        gap = runs[i + 1, 1] - runs[i, 2]
        is_other = runs[i + 1, 0] != runs[i, 0] or gap > SILENCE
        hi2 += 2 * PADDING if gap > 2 * PADDING and is_other else gap
    return lo2, hi2


@numba.njit(nogil=True)
def verdict(a: int, b: int, near: Integers, wide: Integers) -> int:
    """4. The firm one of two cities; 0 when it may be either and the first one leads, -1 when the
    other does."""
    both, all_day = near[0] + near[1], wide[0] + wide[1]
    if 100 * near[0] >= NEAR_PERCENT * both:
        return a
    if 100 * near[1] >= NEAR_PERCENT * both:
        return b
    if near[0] >= near[1] and 100 * wide[0] >= WIDE_PERCENT * all_day:
        return a
    if near[1] >= near[0] and 100 * wide[1] >= WIDE_PERCENT * all_day:
        return b
    return 0 if (near[0] - near[1]) * all_day + (wide[0] - wide[1]) * both >= 0 else -1


@numba.njit(nogil=True)
def settle_boundary(
    runs: Integers, places: Integers, members: Integers, a: int, b: int, out: Integers
) -> None:
    """4. All runs over one boundary, from first to last, asked together."""
    n = len(members)
    own, sums = np.empty(n, np.int64), np.zeros((n + 1, 2), np.int64)
    for k in range(n):
        lo2, hi2 = side(runs, members[k])
        own[k] = hi2 - lo2
        which = 0 if places[runs[members[k], 0], CITY] == a else 1
        sums[k + 1] = sums[k]
        sums[k + 1, which] += min(own[k], 2 * WIDE)
    near_from, near_to, wide_from, wide_to = 0, 0, 0, 0
    for k in range(n):
        first, row = runs[members[k], 1], members[k]
        while runs[members[near_from], 1] < first - NEAR:
            near_from += 1
        while near_to < n and runs[members[near_to], 1] <= first + NEAR:
            near_to += 1
        while runs[members[wide_from], 1] < first - WIDE:
            wide_from += 1
        while wide_to < n and runs[members[wide_to], 1] <= first + WIDE:
            wide_to += 1
        near, wide = sums[near_to] - sums[near_from], sums[wide_to] - sums[wide_from]
        if own[k] >= 2 * ALONE or near[0] + near[1] == 0:
            continue
        firm = verdict(a, b, near, wide)
        if firm > 0:
            out[row, 2] = firm
        else:
            out[row, 2], out[row, 3], out[row, 4] = a, b, own[k] if firm == 0 else -own[k]


@numba.njit(nogil=True)
def settled(runs: Integers, places: Integers) -> Integers:
    """4. Rows of (first, last, city, alt, lean2), sorted."""
    out = np.zeros((len(runs), 5), np.int64)
    waiting = np.zeros(len(runs), np.bool_)
    for i in range(len(runs)):
        out[i, 0], out[i, 1], out[i, 2] = runs[i, 1], runs[i, 2], places[runs[i, 0], CITY]
        waiting[i] = places[runs[i, 0], PARTNER] > 0
    for i in range(len(runs)):
        if not waiting[i]:
            continue
        city, partner = places[runs[i, 0], CITY], places[runs[i, 0], PARTNER]
        a, b = min(city, partner), max(city, partner)
        members = np.empty(len(runs) - i, np.int64)
        n = 0
        for k in range(i, len(runs)):
            one, other = places[runs[k, 0], CITY], places[runs[k, 0], PARTNER]
            if waiting[k] and min(one, other) == a and max(one, other) == b:
                members[n] = k
                n += 1
                waiting[k] = False
        settle_boundary(runs, places, members[:n], a, b, out)
    sort_rows(out)
    return out


@numba.njit(nogil=True)
def sort_rows(rows: Integers) -> None:
    """By all columns; nearly sorted already."""
    for i in range(1, len(rows)):
        k = i
        while k > 0 and is_less(rows[k], rows[k - 1]):
            for c in range(rows.shape[1]):
                rows[k, c], rows[k - 1, c] = rows[k - 1, c], rows[k, c]
            k -= 1


@numba.njit(nogil=True)
def is_less(one: Integers, other: Integers) -> bool:
    for c in range(len(one)):
        if one[c] != other[c]:
            return bool(one[c] < other[c])
    return False


@numba.njit(nogil=True)
def presences(rows: Integers) -> Integers:
    """5. and 6. Rows of (lo2, hi2, city, alt, lean2): what follows with one answer, padded."""
    n = 0
    for i in range(len(rows)):
        same = n > 0 and rows[i, 2] == rows[n - 1, 2] and rows[i, 3] == rows[n - 1, 3]
        if same and rows[i, 0] - rows[i - 1, 1] <= SILENCE:
            rows[n - 1, 1] = max(rows[n - 1, 1], rows[i, 1])
            rows[n - 1, 4] += rows[i, 4]
        else:
            rows[n] = rows[i]
            n += 1
    padded = rows[:n].copy()
    for i in range(n):
        first, last = rows[i, 0], rows[i, 1]
        most2 = min(max(2 * (last - first) // PART, 2 * PADDING), 2 * LARGEST)
        padded[i, 0], padded[i, 1] = 2 * first, 2 * last
        if i > 0:
            padded[i, 0] -= min(first - rows[i - 1, 1], most2)
        if i + 1 < n:
            padded[i, 1] += min(rows[i + 1, 0] - last, most2)
    return padded


@numba.njit(nogil=True)
def spells_of(padded: Integers) -> Integers:
    """7. Rows of (lo2, -hi2, alt, city, lean2), sorted: absences that are bridged."""
    rows = np.empty((len(padded), 5), np.int64)
    lengths = np.empty(len(padded), np.int64)
    n = 0
    for i in range(len(padded)):
        lo2, hi2, city, alt = padded[i, 0], padded[i, 1], padded[i, 2], padded[i, 3]
        found = -1
        for k in range(n - 1, -1, -1):
            if rows[k, 3] == city and rows[k, 2] == alt:
                found = k
                break
        length = hi2 - lo2
        if found >= 0:
            away = lo2 + rows[found, 1]
            if away > 2 * ABSENCE or 2 * away > length + lengths[found]:
                found = -1
        if found >= 0:
            rows[found, 1], lengths[found] = -hi2, length
            rows[found, 4] += padded[i, 4]
        else:
            rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3] = lo2, -hi2, alt, city
            rows[n, 4], lengths[n] = padded[i, 4], length
            n += 1
    sort_rows(rows[:n])
    return rows[:n]


@numba.njit(nogil=True)
def compile_person(
    person: int,
    t: Integers,
    place: Integers,
    places: Integers,
    countries: int,
    out: Integers,
    rows: int,
) -> int:
    """Add a person's stays to `out` from row `rows` on; returns the next row. Events sorted."""
    runs = reached(located(runs_of(t, place, countries), places, countries), places)
    reach = -1
    for spell in spells_of(presences(settled(runs, places))):
        if reach < -spell[1] and spell[0] < -spell[1]:  # 8. Not nested.
            city, alt = (spell[3], spell[2]) if spell[4] >= 0 else (spell[2], spell[3])
            out[rows, 0], out[rows, 1], out[rows, 2] = person, city, alt
            out[rows, 3], out[rows, 4] = spell[0] >> 1, -spell[1] >> 1
            rows += 1
        reach = max(reach, -spell[1])
    return rows
