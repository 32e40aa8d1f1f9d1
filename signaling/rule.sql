-- From sightings to stays: the published rule (docs/rule.md) as one portable text.
--
-- In:  sightings(subscriber, t, place)   t: epoch milliseconds (BIGINT); any order, duplicates allowed
--      places(place, city, partner, country, x, y, z, reach)
--          what the rule tells cells apart by: their city, and the other city that their range reaches
--          into, or NULL. A negative place is a country and no more (city: the number of the country's
--          code). x, y, z, reach: the circle around all cells of the place, in 100 m, from the middle
--          of the earth; NULL if not known.
-- Out: subscriber, city, alt_city, start_ms, end_ms   half-open [start_ms, end_ms), stays of every length;
--      alt_city is NULL unless the evidence fits two cities (the likelier one is city). A row without
--      a city is no stay but a jump that was dropped, to be counted.
--
-- Only what DuckDB and Spark SQL both understand: window functions, CASE, joins, whole numbers.
-- Padding halves a gap, so spans are kept doubled (suffix 2) until the last step and nothing is rounded
-- on the way. A missing neighbour is asked for by name, never through LEAST(NULL, cap), which is the
-- cap. But for silences of many hours no step looks further than a day around itself (docs/rule.md).

-- 1. Runs: one place, no silence longer than the maximum. Only their ends go on from here. What is
--    known as a country only is judged by blocks of 24 hours, and its runs end where these do.
WITH neighbours AS (
    SELECT subscriber, place, t,
           LAG(t) OVER in_time AS t_before, LAG(place) OVER in_time AS place_before,
           LEAD(t) OVER in_time AS t_after, LEAD(place) OVER in_time AS place_after
    FROM sightings
    WINDOW in_time AS (PARTITION BY subscriber ORDER BY t, place)
),
edges AS (
    SELECT subscriber, place, t,
           CASE WHEN place_before = place AND t - t_before <= $max_silence
                     AND (place >= 0 OR t - t % 86400000 <= t_before) THEN 0 ELSE 1 END AS opens,
           CASE WHEN place_after = place AND t_after - t <= $max_silence
                     AND (place >= 0 OR t_after - t_after % 86400000 <= t) THEN 0 ELSE 1 END AS closes
    FROM neighbours
),
run_ends AS (
    SELECT subscriber, place, opens, t,
           CASE WHEN closes = 1 THEN t ELSE LEAD(t) OVER in_time END AS last_t
    FROM edges
    WHERE opens = 1 OR closes = 1
    WINDOW in_time AS (PARTITION BY subscriber ORDER BY t, place, closes)
),
-- 2. Countries: a country alone counts only in a block without a sighting in one of its cities.
whereabouts AS (
    SELECT r.subscriber, r.place, r.t AS first_t, r.last_t, p.city, p.country
    FROM run_ends r JOIN places p ON p.place = r.place
    WHERE r.opens = 1
),
placed AS (
    SELECT subscriber, country, first_t - first_t % 86400000 AS block
    FROM whereabouts WHERE place >= 0
    UNION
    SELECT subscriber, country, last_t - last_t % 86400000 AS block
    FROM whereabouts WHERE place >= 0
),
judged AS (
    SELECT w.subscriber, w.place, w.first_t, w.last_t, w.city,
           CASE WHEN LAG(w.place) OVER in_time = w.place
                     AND w.first_t - LAG(w.last_t) OVER in_time <= $max_silence THEN 0 ELSE 1 END AS opens
    FROM whereabouts w
    LEFT JOIN placed b ON w.place < 0 AND b.subscriber = w.subscriber AND b.country = w.country
                      AND b.block = w.first_t - w.first_t % 86400000
    WHERE b.subscriber IS NULL
    WINDOW in_time AS (PARTITION BY w.subscriber ORDER BY w.first_t, w.last_t, w.place)
),
ranked AS (
    SELECT subscriber, place, first_t, last_t, city,
           SUM(opens) OVER (PARTITION BY subscriber ORDER BY first_t, last_t, place
                            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
    FROM judged
),
located AS (
    SELECT subscriber, place, city, MIN(first_t) AS first_t, MAX(last_t) AS last_t
    FROM ranked
    GROUP BY subscriber, place, city, run
),
-- 3. Jumps: a run elsewhere goes when no vehicle could have come from the run before nor gone on to
--    the run after it, while it could have gone from the one to the other; of two runs that contradict
--    each other the longer one is believed.
sequence AS (
    SELECT subscriber, place, first_t, last_t, city,
           LAG(place) OVER in_time AS place_before, LAG(city) OVER in_time AS city_before,
           LAG(last_t) OVER in_time AS t_before, LAG(last_t - first_t) OVER in_time AS seen_before,
           LEAD(place) OVER in_time AS place_after, LEAD(city) OVER in_time AS city_after,
           LEAD(first_t) OVER in_time AS t_after, LEAD(last_t - first_t) OVER in_time AS seen_after
    FROM located
    WINDOW in_time AS (PARTITION BY subscriber ORDER BY first_t, last_t, place)
),
legs AS (
    SELECT s.subscriber, s.place, s.first_t,
           (p.x - b.x) * (p.x - b.x) + (p.y - b.y) * (p.y - b.y) + (p.z - b.z) * (p.z - b.z) AS here2,
           (p.x - a.x) * (p.x - a.x) + (p.y - a.y) * (p.y - a.y) + (p.z - a.z) * (p.z - a.z) AS on2,
           (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) + (a.z - b.z) * (a.z - b.z) AS past2,
           360 * (p.reach + b.reach)
             + $max_speed * CAST(FLOOR((s.first_t - s.t_before) / 1000) AS BIGINT) AS here_limit,
           360 * (p.reach + a.reach)
             + $max_speed * CAST(FLOOR((s.t_after - s.last_t) / 1000) AS BIGINT) AS on_limit,
           360 * (a.reach + b.reach)
             + $max_speed * CAST(FLOOR((s.t_after - s.t_before) / 1000) AS BIGINT) AS past_limit
    FROM sequence s
    JOIN places p ON p.place = s.place
    JOIN places b ON b.place = s.place_before
    JOIN places a ON a.place = s.place_after
    WHERE s.city <> s.city_before AND s.city <> s.city_after
      AND s.last_t - s.first_t <= s.seen_before AND s.last_t - s.first_t <= s.seen_after
      AND s.t_after - s.t_before <= $max_silence
),
jumps AS (
    SELECT subscriber, place, first_t
    FROM legs
    WHERE 129600 * here2 > here_limit * here_limit AND 129600 * on2 > on_limit * on_limit
      AND 129600 * past2 <= past_limit * past_limit
),
reached AS (
    SELECT l.subscriber, l.place, l.first_t, l.last_t, l.city
    FROM located l
    LEFT JOIN jumps j ON j.subscriber = l.subscriber AND j.place = l.place AND j.first_t = l.first_t
    WHERE j.subscriber IS NULL
),
-- 4. Borders: a cell that reaches over a boundary cannot tell by itself on which side the phone was.
--    All cells over one boundary are asked together: how long on either side (a, b) in the runs that
--    began within some hours of this one (near), and within half a day (wide)?
across AS (
    SELECT r.subscriber, r.place, r.first_t, r.last_t, r.city, p.partner,
           LAG(r.place) OVER in_time AS place_before, LAG(r.last_t) OVER in_time AS t_before,
           LEAD(r.place) OVER in_time AS place_after, LEAD(r.first_t) OVER in_time AS t_after
    FROM reached r JOIN places p ON p.place = r.place
    WINDOW in_time AS (PARTITION BY r.subscriber ORDER BY r.first_t, r.last_t, r.place)
),
sides AS (
    SELECT subscriber, first_t, last_t, city, LEAST(city, partner) AS a, GREATEST(city, partner) AS b,
           2 * first_t - CASE WHEN t_before IS NULL THEN 0
                              WHEN first_t - t_before > 2 * $padding
                                   AND (place_before <> place OR first_t - t_before > $max_silence)
                              THEN 2 * $padding
                              ELSE first_t - t_before END AS lo2,
           2 * last_t + CASE WHEN t_after IS NULL THEN 0
                             WHEN t_after - last_t > 2 * $padding
                                  AND (place_after <> place OR t_after - last_t > $max_silence)
                             THEN 2 * $padding
                             ELSE t_after - last_t END AS hi2
    FROM across
    WHERE partner IS NOT NULL
),
shares AS (
    SELECT subscriber, a, b, city, first_t, last_t, hi2 - lo2 AS own,
           CAST(SUM(CASE WHEN city <> a THEN 0 WHEN hi2 - lo2 > 2 * $wide_window THEN 2 * $wide_window
                         ELSE hi2 - lo2 END) OVER near AS BIGINT) AS near_a,
           CAST(SUM(CASE WHEN city <> b THEN 0 WHEN hi2 - lo2 > 2 * $wide_window THEN 2 * $wide_window
                         ELSE hi2 - lo2 END) OVER near AS BIGINT) AS near_b,
           CAST(SUM(CASE WHEN city <> a THEN 0 WHEN hi2 - lo2 > 2 * $wide_window THEN 2 * $wide_window
                         ELSE hi2 - lo2 END) OVER wide AS BIGINT) AS wide_a,
           CAST(SUM(CASE WHEN city <> b THEN 0 WHEN hi2 - lo2 > 2 * $wide_window THEN 2 * $wide_window
                         ELSE hi2 - lo2 END) OVER wide AS BIGINT) AS wide_b
    FROM sides
    WINDOW near AS (PARTITION BY subscriber, a, b ORDER BY first_t
                    RANGE BETWEEN $near_window PRECEDING AND $near_window FOLLOWING),
           wide AS (PARTITION BY subscriber, a, b ORDER BY first_t
                    RANGE BETWEEN $wide_window PRECEDING AND $wide_window FOLLOWING)
),
-- A long run speaks for itself. Else clear near by: that side. Else clear in the wide and not against
-- the near: that side. Else both, first the one with the larger share of the two together.
verdicts AS (
    SELECT subscriber, a, b, first_t, last_t, own,
           CASE WHEN own >= 2 * $alone OR near_a + near_b = 0 THEN city
                WHEN 100 * near_a >= $near_percent * (near_a + near_b) THEN a
                WHEN 100 * near_b >= $near_percent * (near_a + near_b) THEN b
                WHEN near_a >= near_b AND 100 * wide_a >= $wide_percent * (wide_a + wide_b) THEN a
                WHEN near_b >= near_a AND 100 * wide_b >= $wide_percent * (wide_a + wide_b) THEN b
                ELSE 0 END AS firm,
           (near_a - near_b) * (wide_a + wide_b) + (wide_a - wide_b) * (near_a + near_b) AS lean
    FROM shares
),
-- A doubt is one answer whichever side is ahead; lean2 says for how much longer the first one was.
settled AS (
    SELECT subscriber, first_t, last_t, city, 0 AS alt, 0 AS lean2 FROM across WHERE partner IS NULL
    UNION ALL
    SELECT subscriber, first_t, last_t, CASE WHEN firm > 0 THEN firm ELSE a END AS city,
           CASE WHEN firm > 0 THEN 0 ELSE b END AS alt,
           CASE WHEN firm > 0 THEN 0 WHEN lean >= 0 THEN own ELSE -own END AS lean2
    FROM verdicts
),
-- 5. Presences: what follows one another with the same answer.
changes AS (
    SELECT subscriber, first_t, last_t, city, alt, lean2,
           CASE WHEN LAG(city) OVER in_time = city AND LAG(alt) OVER in_time = alt
                     AND first_t - LAG(last_t) OVER in_time <= $max_silence THEN 0 ELSE 1 END AS opens
    FROM settled
    WINDOW in_time AS (PARTITION BY subscriber ORDER BY first_t, last_t, city, alt)
),
counted AS (
    SELECT subscriber, first_t, last_t, city, alt, lean2,
           SUM(opens) OVER (PARTITION BY subscriber ORDER BY first_t, last_t, city, alt
                            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS presence
    FROM changes
),
presences AS (
    SELECT subscriber, city, alt, presence, MIN(first_t) AS first_t, MAX(last_t) AS last_t,
           SUM(lean2) AS lean2
    FROM counted
    GROUP BY subscriber, city, alt, presence
),
-- 6. Padding: half of the gap to each neighbour; at most a part of what was seen, which counts as at
--    least the smallest padding and at most the largest; none where there is no neighbour.
gaps AS (
    SELECT subscriber, city, alt, lean2, first_t, last_t,
           first_t - (LAG(last_t) OVER in_time) AS gap_before,
           (LEAD(first_t) OVER in_time) - last_t AS gap_after,
           CASE WHEN last_t - first_t < $padding_part * $padding THEN 2 * $padding
                WHEN last_t - first_t > $padding_part * $max_padding THEN 2 * $max_padding
                ELSE CAST(FLOOR(2 * (last_t - first_t) / $padding_part) AS BIGINT) END AS most2
    FROM presences
    WINDOW in_time AS (PARTITION BY subscriber ORDER BY presence)
),
padded AS (
    SELECT subscriber, city, alt, lean2, first_t,
           2 * first_t - CASE WHEN gap_before IS NULL THEN 0
                              WHEN gap_before > most2 THEN most2 ELSE gap_before END AS lo2,
           2 * last_t + CASE WHEN gap_after IS NULL THEN 0
                             WHEN gap_after > most2 THEN most2 ELSE gap_after END AS hi2
    FROM gaps
),
-- 7. Spells: an absence is bridged when it is short, and no longer than the presences before and after
--    it on average, whatever was seen in between. So most of every spell was spent there.
absences AS (
    SELECT subscriber, city, alt, lean2, first_t, lo2, hi2,
           CASE WHEN lo2 - LAG(hi2) OVER in_city <= 2 * $max_absence
                     AND 2 * (lo2 - LAG(hi2) OVER in_city)
                         <= hi2 - lo2 + LAG(hi2 - lo2) OVER in_city THEN 0 ELSE 1 END AS breaks_off
    FROM padded
    WINDOW in_city AS (PARTITION BY subscriber, city, alt ORDER BY first_t)
),
numbered AS (
    SELECT subscriber, city, alt, lean2, lo2, hi2,
           SUM(breaks_off) OVER (PARTITION BY subscriber, city, alt ORDER BY first_t
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spell
    FROM absences
),
spells AS (
    SELECT subscriber, city, alt, MIN(lo2) AS lo2, MAX(hi2) AS hi2, SUM(lean2) AS lean2
    FROM numbered
    GROUP BY subscriber, city, alt, spell
),
-- 8. Nested spells go: inside one that began no later. The longest reach of all earlier ones is enough
--    to know, since spells of one answer never overlap.
reaches AS (
    SELECT subscriber, city, alt, lean2, lo2, hi2, MAX(hi2) OVER earlier AS reach2
    FROM spells
    WINDOW earlier AS (PARTITION BY subscriber ORDER BY lo2, hi2 DESC, alt, city
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT subscriber, CASE WHEN lean2 >= 0 THEN city ELSE alt END AS city,
       CASE WHEN alt = 0 THEN NULL WHEN lean2 >= 0 THEN alt ELSE city END AS alt_city,
       CAST(FLOOR(lo2 / 2) AS BIGINT) AS start_ms,
       CAST(FLOOR(hi2 / 2) AS BIGINT) AS end_ms
FROM reaches
WHERE lo2 < hi2 AND (reach2 IS NULL OR reach2 < hi2)
UNION ALL
SELECT subscriber, CAST(NULL AS INTEGER) AS city, CAST(NULL AS INTEGER) AS alt_city,
       first_t AS start_ms, first_t AS end_ms
FROM jumps
