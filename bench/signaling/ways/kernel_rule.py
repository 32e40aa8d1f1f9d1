"""One person's stays by the published rule, as loops: the same rows as signaling/rule.sql."""

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from signaling import rule

DEFAULT: Final = rule.Parameters()
SILENCE, CAP, ABSENCE = DEFAULT.max_silence, DEFAULT.max_padding, DEFAULT.max_absence
FIRM, BORDER = DEFAULT.firm_percent, DEFAULT.border_percent

Integers = npt.NDArray[np.int64]


@numba.njit(cache=True, nogil=True)
def padded_runs(t: Integers, seen: Integers) -> tuple[Integers, Integers, Integers]:
    """City and doubled ends of each run, padded."""
    city, lo2, hi2 = np.empty_like(t), np.empty_like(t), np.empty_like(t)
    n = 0
    for i in range(len(t)):
        if i > 0 and seen[i] == seen[i - 1] and t[i] - t[i - 1] <= SILENCE:
            hi2[n - 1] = 2 * t[i]
            continue
        gap = 0 if i == 0 else min(t[i] - t[i - 1], 2 * CAP)
        if n > 0:
            hi2[n - 1] += gap
        city[n], lo2[n], hi2[n] = seen[i], 2 * t[i] - gap, 2 * t[i]
        n += 1
    return city[:n], lo2[:n], hi2[:n]


@numba.njit(cache=True, nogil=True)
def spells_of(city: Integers, lo2: Integers, hi2: Integers) -> Integers:
    """Rows of (city, alt, lo2, hi2, seen2, firm): runs in one city that are close in time."""
    rows = np.empty((len(city), 6), np.int64)
    n = 0
    for i in range(len(city)):
        found = -1
        for k in range(n - 1, -1, -1):
            if rows[k, 0] == city[i]:
                found = k
                break
        if found >= 0 and lo2[i] - rows[found, 3] <= 2 * ABSENCE:
            rows[found, 2] = min(rows[found, 2], lo2[i])
            rows[found, 3] = max(rows[found, 3], hi2[i])
            rows[found, 4] += hi2[i] - lo2[i]
        else:
            rows[n, 0], rows[n, 1], rows[n, 5] = city[i], -1, 0
            rows[n, 2], rows[n, 3], rows[n, 4] = lo2[i], hi2[i], hi2[i] - lo2[i]
            n += 1
    return rows[:n]


@numba.njit(cache=True, nogil=True)
def rival_of(spell: Integers, city: Integers, lo2: Integers, hi2: Integers) -> int:
    """The other city where most of a spell's span was spent; -1 where there is none."""
    best, most = -1, 0
    for i in range(len(city)):
        if city[i] == spell[0] or lo2[i] >= spell[3] or hi2[i] <= spell[2]:
            continue
        total, is_first = 0, True
        for k in range(len(city)):
            if city[k] == city[i] and lo2[k] < spell[3] and hi2[k] > spell[2]:
                if k < i:
                    is_first = False
                    break
                total += min(hi2[k], spell[3]) - max(lo2[k], spell[2])
        if is_first and (total > most or best < 0 or (total == most and city[i] < best)):
            best, most = city[i], total
    return best


@numba.njit(cache=True, nogil=True)
def judged(
    spells: Integers, city: Integers, lo2: Integers, hi2: Integers, borders: npt.NDArray[np.bool_]
) -> Integers:
    """The spells with a majority, and those that fit two cities across a boundary."""
    n = 0
    for i in range(len(spells)):
        span, seen2 = spells[i, 3] - spells[i, 2], spells[i, 4]
        if 100 * seen2 <= BORDER * span:
            continue
        alt = -1
        if 100 * seen2 <= FIRM * span:
            other = rival_of(spells[i], city, lo2, hi2)
            if other >= 0 and borders[spells[i, 0], other]:
                alt = other
        if 2 * seen2 > span or alt >= 0:
            spells[n] = spells[i]
            spells[n, 1] = alt
            n += 1
    return spells[:n]


@numba.njit(cache=True, nogil=True)
def before(a: Integers, b: Integers) -> bool:
    """The order in which spells are asked whether one lies inside another."""
    if a[2] != b[2]:
        return bool(a[2] < b[2])
    if a[3] != b[3]:
        return bool(a[3] > b[3])
    if (a[1] >= 0) != (b[1] >= 0):
        return bool(a[1] < 0)
    if a[4] != b[4]:
        return bool(a[4] > b[4])
    return bool(a[0] < b[0])


@numba.njit(cache=True, nogil=True)
def outermost(spells: Integers) -> Integers:
    """Without those inside a certain spell; a doubtful one must not lie inside any."""
    for i in range(1, len(spells)):
        k = i
        while k > 0 and before(spells[k], spells[k - 1]):
            moved = spells[k].copy()
            spells[k] = spells[k - 1]
            spells[k - 1] = moved
            k -= 1
    n, firm_reach, reach = 0, -1, -1
    for i in range(len(spells)):
        is_firm, end = spells[i, 1] < 0, spells[i, 3]
        keep = firm_reach < end if is_firm else reach < end
        reach = max(reach, end)
        if is_firm:
            firm_reach = max(firm_reach, end)
        if keep:
            spells[n] = spells[i]
            n += 1
    return spells[:n]


@numba.njit(cache=True, nogil=True)
def compile_person(
    person: int,
    t: Integers,
    place: Integers,
    place_city: Integers,
    borders: npt.NDArray[np.bool_],
    out: Integers,
    rows: int,
) -> int:
    """Add a person's stays to `out` from row `rows` on; returns the next row. Events sorted."""
    seen = place_city[place]
    city, lo2, hi2 = padded_runs(t, seen)
    kept = outermost(judged(spells_of(city, lo2, hi2), city, lo2, hi2, borders))
    for d in kept:
        doubted = False
        for f in kept:
            if d[1] >= 0 and f[0] == d[1] and f[2] < d[3] and f[3] > d[2]:
                likelier = f[4] > d[4] or (f[4] == d[4] and f[0] < d[0])
                if f[1] < 0 or (f[1] == d[0] and likelier):
                    doubted = True
        if not doubted:
            out[rows, 0], out[rows, 1], out[rows, 2] = person, d[0], d[1]
            out[rows, 3], out[rows, 4] = d[2] >> 1, d[3] >> 1
            rows += 1
    return rows
