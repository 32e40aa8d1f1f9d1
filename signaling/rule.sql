-- From sightings to stays: the published rule (docs/rule.md) as one portable text.
--
-- In:  sightings(subscriber, t, place)   t: epoch milliseconds (BIGINT); any order, duplicates allowed
--      places(place, city, partner)      what cells are told apart by: the city, and the other city that
--                                        their range reaches into, or NULL
-- Out: subscriber, city, alt_city, start_ms, end_ms   half-open [start_ms, end_ms), stays of every length;
--      alt_city is NULL unless the evidence fits two cities (the likelier one is city)
--
-- Only what DuckDB and Spark SQL both understand: window functions, CASE, joins, whole numbers.
-- Padding halves a gap, so spans are kept doubled (suffix 2) until the last step and nothing is rounded
-- on the way. A missing neighbour is asked for by name, never through LEAST(NULL, cap), which is the cap.
WITH seen AS (
    SELECT s.subscriber, s.t, p.city FROM sightings s JOIN places p ON p.place = s.place
),
borders AS (
    SELECT city, partner AS other FROM places WHERE partner IS NOT NULL
    UNION
    SELECT partner AS city, city AS other FROM places WHERE partner IS NOT NULL
),
neighbours AS (
    SELECT subscriber, city, t,
           LAG(t) OVER in_time AS t_before, LAG(city) OVER in_time AS city_before,
           LEAD(t) OVER in_time AS t_after, LEAD(city) OVER in_time AS city_after
    FROM seen
    WINDOW in_time AS (PARTITION BY subscriber ORDER BY t, city)
),
-- 1. Runs: the same city, no silence longer than the maximum. Only their ends go on from here.
edges AS (
    SELECT subscriber, city, t, t_before, t_after,
           CASE WHEN city_before = city AND t - t_before <= $max_silence THEN 0 ELSE 1 END AS opens,
           CASE WHEN city_after = city AND t_after - t <= $max_silence THEN 0 ELSE 1 END AS closes
    FROM neighbours
),
run_ends AS (
    SELECT subscriber, city, opens, closes, t, t_before, t_after,
           LEAD(t) OVER in_time AS t_close, LEAD(t_after) OVER in_time AS t_close_after
    FROM edges
    WHERE opens = 1 OR closes = 1
    WINDOW in_time AS (PARTITION BY subscriber ORDER BY t, city, closes)
),
runs AS (
    SELECT subscriber, city, t AS first_t, t_before,
           CASE WHEN closes = 1 THEN t ELSE t_close END AS last_t,
           CASE WHEN closes = 1 THEN t_after ELSE t_close_after END AS t_after
    FROM run_ends
    WHERE opens = 1
),
-- 2. Padding: half of the gap to each neighbour, at most the cap; none where there is no neighbour.
padded AS (
    SELECT subscriber, city, first_t, last_t,
           2 * first_t - CASE WHEN t_before IS NULL THEN 0
                              WHEN first_t - t_before > 2 * $max_padding THEN 2 * $max_padding
                              ELSE first_t - t_before END AS lo2,
           2 * last_t + CASE WHEN t_after IS NULL THEN 0
                             WHEN t_after - last_t > 2 * $max_padding THEN 2 * $max_padding
                             ELSE t_after - last_t END AS hi2
    FROM runs
),
-- 3. Spells: runs in one city that are close in time, whatever was seen in between.
breaks AS (
    SELECT subscriber, city, first_t, lo2, hi2,
           CASE WHEN lo2 - LAG(hi2) OVER in_city <= 2 * $max_absence THEN 0 ELSE 1 END AS breaks_off
    FROM padded
    WINDOW in_city AS (PARTITION BY subscriber, city ORDER BY first_t)
),
numbered AS (
    SELECT subscriber, city, lo2, hi2,
           SUM(breaks_off) OVER (PARTITION BY subscriber, city ORDER BY first_t
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS spell
    FROM breaks
),
spells AS (
    SELECT subscriber, city, MIN(lo2) AS lo2, MAX(hi2) AS hi2, SUM(hi2 - lo2) AS seen2
    FROM numbered
    GROUP BY subscriber, city, spell
),
-- 4. Majority: more of a spell's span must have been spent there than elsewhere. About half is a
--    candidate for "this city or the other one".
shares AS (
    SELECT subscriber, city, lo2, hi2, seen2,
           CASE WHEN 100 * seen2 > $firm_percent * (hi2 - lo2) THEN 1 ELSE 0 END AS firm,
           CASE WHEN 2 * seen2 > hi2 - lo2 THEN 1 ELSE 0 END AS most
    FROM spells
    WHERE 100 * seen2 > $border_percent * (hi2 - lo2)
),
-- 5. Borders: where the other half was spent in one city across a boundary that cells reach over.
elsewhere AS (
    SELECT s.subscriber, s.city, s.lo2, s.hi2, p.city AS other,
           SUM(LEAST(p.hi2, s.hi2) - GREATEST(p.lo2, s.lo2)) AS other2
    FROM shares s
    JOIN padded p ON p.subscriber = s.subscriber AND p.city <> s.city
                 AND p.lo2 < s.hi2 AND p.hi2 > s.lo2
    WHERE s.firm = 0
    GROUP BY s.subscriber, s.city, s.lo2, s.hi2, p.city
),
rivals AS (
    SELECT subscriber, city, lo2, other, other2,
           ROW_NUMBER() OVER (PARTITION BY subscriber, city, lo2 ORDER BY other2 DESC, other) AS place
    FROM elsewhere
),
judged AS (
    SELECT s.subscriber, s.city, s.lo2, s.hi2, s.seen2, b.other AS alt_city
    FROM shares s
    LEFT JOIN rivals r ON r.subscriber = s.subscriber AND r.city = s.city AND r.lo2 = s.lo2
                      AND r.place = 1 AND s.firm = 0
    LEFT JOIN borders b ON b.city = r.city AND b.other = r.other
    WHERE s.most = 1 OR b.other IS NOT NULL
),
-- 6. Nested spells go: inside one that began no later. The longest reach of all earlier ones is
--    enough to know, since spells of one city never overlap. A doubtful spell hides no firm one.
reaches AS (
    SELECT subscriber, city, alt_city, lo2, hi2, seen2,
           MAX(CASE WHEN alt_city IS NULL THEN hi2 END) OVER earlier AS firm_reach2,
           MAX(hi2) OVER earlier AS reach2
    FROM judged
    WINDOW earlier AS (PARTITION BY subscriber
                       ORDER BY lo2, hi2 DESC, CASE WHEN alt_city IS NULL THEN 0 ELSE 1 END, seen2 DESC, city
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
outermost AS (
    SELECT subscriber, city, alt_city, lo2, hi2, seen2
    FROM reaches
    WHERE (alt_city IS NULL AND (firm_reach2 IS NULL OR firm_reach2 < hi2))
       OR (alt_city IS NOT NULL AND (reach2 IS NULL OR reach2 < hi2))
),
-- 7. One answer for one doubt: the firm stay in the other city, else the likelier of the two.
doubts AS (
    SELECT d.subscriber, d.city, d.lo2
    FROM outermost d
    JOIN outermost f ON f.subscriber = d.subscriber AND f.city = d.alt_city
                    AND f.lo2 < d.hi2 AND f.hi2 > d.lo2
    WHERE d.alt_city IS NOT NULL
      AND (f.alt_city IS NULL
           OR (f.alt_city = d.city AND (f.seen2 > d.seen2 OR (f.seen2 = d.seen2 AND f.city < d.city))))
    GROUP BY d.subscriber, d.city, d.lo2
)
SELECT o.subscriber, o.city, o.alt_city,
       CAST(FLOOR(o.lo2 / 2) AS BIGINT) AS start_ms,
       CAST(FLOOR(o.hi2 / 2) AS BIGINT) AS end_ms
FROM outermost o
LEFT JOIN doubts d ON d.subscriber = o.subscriber AND d.city = o.city AND d.lo2 = o.lo2
WHERE d.subscriber IS NULL
