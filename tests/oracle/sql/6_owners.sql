-- Whose each record is.

CREATE VIEW filed AS SELECT * FROM judged WHERE kind <> 'subject' AND reason IS NULL;

-- The first identifier that names a registered subject. With a unified code that no register knows, an older code leads
-- only to a subject without one (docs/decisions.md).
CREATE TABLE owned AS
WITH by_code AS (
    SELECT filed.row, coalesce(a.subject, b.subject) AS subject
    FROM filed LEFT JOIN answers a ON a.token = concat('uscc:', u)
        LEFT JOIN answers b ON b.token = concat('organisation-code:', substr(u, 9, 9)) WHERE u IS NOT NULL
), older AS (
    SELECT row, u, unnest([concat('organisation-code:', o), concat('registration:', r), concat('tax:', t),
        concat('institution:', i), concat('society:', s)]) AS token, generate_subscripts([1, 2, 3, 4, 5], 1) AS place
    FROM filed WHERE coalesce(o, r, t, i, s) IS NOT NULL
), by_older AS (
    SELECT row, arg_min(subject, place) AS subject FROM older JOIN answers USING (token)
    WHERE u IS NULL OR subject NOT IN (FROM has_uscc) GROUP BY row
), by_person AS (
    SELECT row, coalesce(a.subject, t.subject) AS subject, a.subject IS NULL AND t.subject IS NULL AND person_country IS NULL AS unclear
    FROM filed LEFT JOIN answers a ON a.token = concat(paper_kind, ':', person_country, ':', person_number) AND person_country IS NOT NULL
        LEFT JOIN travellers t ON person_country IS NULL AND t.document = concat(paper_kind, ':', person_number)
    WHERE is_person
)
SELECT filed.row, coalesce(by_code.subject, by_older.subject, by_person.subject) AS subject, coalesce(unclear, false) AS unclear
FROM filed LEFT JOIN by_code USING (row) LEFT JOIN by_older USING (row) LEFT JOIN by_person USING (row);

CREATE TABLE strangers AS
SELECT filed.*, row_number() OVER (ORDER BY priority DESC, changed DESC NULLS LAST, day DESC, cells) AS rank
FROM filed JOIN owned USING (row) WHERE subject IS NULL AND NOT unclear;

-- The older codes of strangers; those without a unified code are one by any of them.
CREATE TABLE stranger_codes AS
SELECT row, rank, u, token, place FROM (
    SELECT row, rank, u, unnest([CASE WHEN u IS NOT NULL THEN concat('organisation-code:', substr(u, 9, 9)) END,
        CASE WHEN o IS NOT NULL THEN concat('organisation-code:', o) END, CASE WHEN r IS NOT NULL THEN concat('registration:', r) END,
        CASE WHEN t IS NOT NULL THEN concat('tax:', t) END, CASE WHEN i IS NOT NULL THEN concat('institution:', i) END,
        CASE WHEN s IS NOT NULL THEN concat('society:', s) END]) AS token, generate_subscripts([1, 2, 3, 4, 5, 6], 1) AS place
    FROM strangers WHERE has_code) WHERE token IS NOT NULL;
CREATE TABLE stranger_edges AS SELECT row, token FROM stranger_codes WHERE u IS NULL;
