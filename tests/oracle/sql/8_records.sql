-- Records: which rows are one, which of them wins, and from when to when it may be seen (data.md §2, §3).

CREATE TABLE versions AS
SELECT * EXCLUDE (cells), row_number() OVER (PARTITION BY subject, kind, plain(authority), same
    ORDER BY priority DESC, changed DESC NULLS LAST, day DESC, cells) AS version
FROM (
    SELECT filed.*, coalesce(owned.subject::VARCHAR, stub) AS subject, CASE kind
        WHEN 'licence' THEN coalesce(concat('document ', plain(document)), concat('number ', plain(licence)))
        WHEN 'penalty' THEN plain(document) WHEN 'judgment' THEN plain(document)
        WHEN 'administrative' THEN concat(plain(act), '|', plain(document))
        WHEN 'list' THEN concat(list, '|', plain(document), '|', day)
        WHEN 'commitment' THEN concat(plain(act), '|', plain(matter), '|', day)
        WHEN 'evaluation' THEN concat(plain(act), '|', plain(year), '|', day)
        WHEN 'honour' THEN concat(plain(title), '|', day) END AS same
    FROM filed JOIN owned USING (row) LEFT JOIN stub_of USING (row) WHERE NOT unclear);

CREATE MACRO each_once(list) AS list_filter(list, lambda one, place: list_position(list, one) = place);
CREATE MACRO after(since, cap) AS last_day(since, cap.unit, cap.n);

CREATE TABLE records AS
WITH best AS (
    SELECT * REPLACE (each_once(pieces(kinds, '[;；、,，]')) AS kinds), try_cast(trim(half(fine)) AS DECIMAL(18, 6)) AS amount,
        plain(fulfilment) AS kept, end_of(until) AS own_end, end_of(due) AS due_day
    FROM versions WHERE version = 1
), classed AS (
    SELECT *, CASE WHEN kind = 'penalty' THEN class_of(kinds, procedure, amount) END AS gravity FROM best
), class_rows AS (
    -- The row of the day of decision; before the first row's day the first row.
    SELECT row, arg_max(c, (coalesce(c.since <= day OR c.since IS NULL, false), CASE WHEN c.since <= day THEN c.since - DATE '1900-01-01' ELSE -c.place END)) AS c
    FROM classed JOIN classes c ON c.class = gravity GROUP BY row
)
SELECT subject, r.row, kind, source, day, act, year, grade, list, plain(document) AS document, plain(authority) AS authority, kept,
    coalesce(half(standing) = '2', false) AS objection, coalesce(half(standing) = '1', false) AS revoked,
    kind = 'penalty' AND c.class IS NOT NULL AND NOT c.published AS unpublished,
    CASE kind WHEN 'penalty' THEN array_to_string(kinds, ';') WHEN 'commitment' THEN act WHEN 'evaluation' THEN act ELSE '' END AS title,
    coalesce(CASE kind WHEN 'penalty' THEN c.bars WHEN 'list' THEN l.bars END, 0) AS bars,
    CASE kind WHEN 'penalty' THEN 'punish' WHEN 'list' THEN l.effect WHEN 'commitment' THEN 'attention' ELSE '' END AS effect,
    CASE WHEN kind <> 'commitment' OR kept = '违反承诺' THEN day
        WHEN kept IN ('未履行', '部分履行') AND due_day IS NOT NULL THEN greatest(due_day + 1, day) END AS first,
    CASE kind
        WHEN 'penalty' THEN list_min([own_end, last_day(day, c.unit, c.n), last_day(day, cap.unit, cap.n)])
        WHEN 'list' THEN list_min([own_end, CASE WHEN t.list IS NULL THEN last_day(day, l.unit, l.n) ELSE last_day(day, t.unit, t.n) END])
        WHEN 'commitment' THEN CASE WHEN kept <> '全部履行' THEN last_day(coalesce(due_day, day), cap.unit, cap.n) END
        WHEN 'honour' THEN own_end END AS last
FROM classed r CROSS JOIN cap LEFT JOIN class_rows USING (row) LEFT JOIN lists l USING (list)
    LEFT JOIN terms t ON t.list = r.list AND t.ground = trim(half(r.ground));
-- What ended ten years before the day of the data is not kept.
DELETE FROM records WHERE last < (getvariable('as_of') - to_years(10))::DATE;
-- A whole commitment ends by no calendar and is no entry; an unkept one without a due day never breaks.
CREATE TABLE entries AS SELECT *, 'own' AS relation FROM records
WHERE kind IN ('penalty', 'list', 'commitment', 'evaluation') AND NOT revoked AND NOT unpublished AND first IS NOT NULL
    AND NOT (kind = 'commitment' AND kept = '全部履行') AND NOT (kind = 'evaluation' AND (act IS NULL OR grade IS NULL));

-- Lists that say so are shown on the other's checks too: of a legal representative, of what a person represents.
CREATE TABLE represented AS
WITH holders AS (
    SELECT subject AS organisation, full_name, plain_number(holder.number) AS p, holder.paper AS paper, holder.name AS name
    FROM subjects WHERE registered AND kind <> 'person' AND holder.number IS NOT NULL AND NOT regexp_matches(holder.number, '[*＊]')
), papers AS (
    SELECT *, CASE WHEN paper IS NULL THEN sole(readings(p)) WHEN plain(paper) IN ('身份证', '居民身份证') AND is_citizen(eighteen(p)) THEN 'citizen'
        WHEN plain(paper) = '护照' THEN 'passport' WHEN plain(paper) IN ('港澳居民来往内地通行证', '台湾居民来往大陆通行证') THEN 'permit'
        WHEN plain(paper) = '外国人永久居留身份证' AND is_foreign_resident(p) THEN 'foreign-resident' END AS paper_kind
    FROM holders
), persons AS (
    SELECT organisation, name, coalesce(a.subject::VARCHAR, t.subject::VARCHAR, concat('stub:', paper_kind, '::', eighteen(p))) AS person
    FROM papers LEFT JOIN answers a ON a.token = concat(paper_kind, '::', eighteen(p))
        LEFT JOIN travellers t ON paper_kind IN ('passport', 'permit') AND t.document = concat(paper_kind, ':', p)
    WHERE paper_kind IN ('citizen', 'foreign-resident', 'passport', 'permit')
)
SELECT organisation, person FROM persons JOIN subjects ON subjects.subject = person;

INSERT INTO entries
SELECT e.* REPLACE (organisation AS subject, 'attention' AS effect, 0 AS bars, 'legal-representative' AS relation)
FROM entries e JOIN represented ON person = e.subject JOIN lists USING (list) WHERE lists.effect <> 'favour' AND list_contains(extends_to, 'represented')
UNION ALL
SELECT e.* REPLACE (person AS subject, 'attention' AS effect, 0 AS bars, 'represents' AS relation)
FROM entries e JOIN represented ON organisation = e.subject JOIN lists USING (list) WHERE lists.effect <> 'favour' AND list_contains(extends_to, 'representative');
