-- What may be seen on each day, after the corrections.

CREATE TABLE corrections AS
SELECT c.row, record, plain(act) AS act, day_of(date) AS day, plain(act) IN ('resumed', 'objection_closed') AS closes
FROM correction_rows c WHERE record IS NOT NULL AND act IS NOT NULL AND day_of(date) IS NOT NULL;
-- The name of a record is found by what the release without corrections says of it.
CREATE TABLE named AS
SELECT e.row, b.record FROM before b JOIN subjects s USING (key)
    JOIN entries e ON e.subject = s.subject AND e.relation = 'own' AND e.kind = b.category AND coalesce(e.list, '') = coalesce(b.list, '')
        AND e.title = coalesce(b.title, '') AND e.day = b.since AND coalesce(e.document, '') = coalesce(plain(b.document), '') AND e.authority = plain(b.authority)
WHERE b.relation = 'own' AND b.record IN (SELECT record FROM corrections);
CREATE TABLE told AS SELECT named.row, act, day, closes FROM corrections JOIN named USING (record);

CREATE MACRO within(first, last, day) AS first <= day AND (last IS NULL OR day <= last);
CREATE TABLE corrected AS
SELECT e.row, relation, subject, string_agg(CASE WHEN NOT within(first, last, d.day) OR gone OR suspended THEN '.' WHEN objected THEN 'o' ELSE 'v' END, '' ORDER BY d.place) AS seen
FROM entries e JOIN (
    SELECT e.row, d.place,
        coalesce(bool_or(act IN ('repaired', 'revoked', 'delisted')), false) AS gone,
        coalesce(arg_max(act = 'suspended', (told.day, closes)) FILTER (act IN ('suspended', 'resumed')), false) AS suspended,
        coalesce(arg_max(act = 'objection_opened', (told.day, closes)) FILTER (act IN ('objection_opened', 'objection_closed')), any_value(e.objection)) AS objected
    FROM (SELECT DISTINCT row, objection FROM entries WHERE row IN (SELECT row FROM told)) e CROSS JOIN days d
        LEFT JOIN told ON told.row = e.row AND told.day <= d.day GROUP BY e.row, d.place) state ON state.row = e.row
    JOIN days d USING (place) GROUP BY ALL;

CREATE TABLE shown AS
SELECT e.*, coalesce(c.seen, array_to_string(list_transform(getvariable('days'), lambda asked: CASE WHEN NOT within(first, last, asked) THEN '.'
    WHEN objection THEN 'o' ELSE 'v' END), '')) AS seen
FROM entries e LEFT JOIN corrected c ON c.row = e.row AND c.relation = e.relation AND c.subject = e.subject;

-- The latest visible evaluation of each kind.
CREATE TABLE latest AS
WITH visible AS (SELECT subject, row, act, s.day, place FROM shown s, days WHERE kind = 'evaluation' AND s.seen[place] <> '.'),
chosen AS (SELECT subject, act, place, arg_max(row, day) AS row FROM visible GROUP BY subject, act, place)
SELECT row, array_to_string(list_transform(range(1, len(getvariable('days')) + 1), lambda place: CASE WHEN list_contains(places, place) THEN '1' ELSE '.' END), '') AS latest
FROM (SELECT row, list(place) AS places FROM chosen GROUP BY row);

CREATE TABLE ours AS
SELECT key, shown.kind AS category, relation, coalesce(list, '') AS list, title, CASE WHEN shown.kind = 'evaluation' THEN grade ELSE '' END AS grade,
    effect, bars, day AS since, first, last, CASE WHEN shown.kind IN ('penalty', 'list') THEN coalesce(document, '') ELSE '' END AS document,
    authority, source, seen, coalesce(latest, repeat('.', len(getvariable('days')))) AS latest
FROM shown JOIN subjects USING (subject) LEFT JOIN latest USING (row);
CREATE TABLE theirs AS
SELECT key, category, relation, coalesce(list, '') AS list, coalesce(title, '') AS title, coalesce(grade, '') AS grade, coalesce(effect, '') AS effect,
    bars, since, first, last, coalesce(plain(document), '') AS document, plain(authority) AS authority, source, seen, latest
FROM after;
CREATE TABLE our_subjects AS
SELECT key, kind, registered, state, state_class, name FROM subjects WHERE registered OR subject IN (SELECT subject FROM records);
CREATE TABLE their_subjects AS
SELECT key, kind, registered, coalesce(state, '') AS state, coalesce(state_class, '') AS state_class, coalesce(name, '') AS name FROM after_subjects;

-- Rows kept, merged, rejected, a source.
CREATE TABLE accounts AS
WITH fate AS (
    SELECT source, 'rejected' AS fate FROM judged WHERE reason IS NOT NULL
    UNION ALL SELECT source, 'rejected' FROM filed JOIN owned USING (row) WHERE unclear
    UNION ALL SELECT source, CASE WHEN version = 1 THEN 'kept' ELSE 'merged' END FROM versions
    UNION ALL SELECT source, CASE WHEN row_number() OVER (PARTITION BY same_rows.subject ORDER BY rank) = 1 THEN 'kept' ELSE 'merged' END
        FROM register JOIN same_rows USING (row)
    UNION ALL SELECT source, 'kept' FROM correction_rows
)
SELECT source, count(*) AS rows, count(*) FILTER (fate = 'kept') AS kept, count(*) FILTER (fate = 'merged') AS merged,
    count(*) FILTER (fate = 'rejected') AS rejected
FROM fate GROUP BY source ORDER BY source;
