-- Subjects that only records name. `stranger_groups` groups rows without unified code by the older codes they share.

CREATE TABLE stub_of AS
WITH adopted AS (
    -- A group of such rows is the stub whose unified code stands beside one of its older codes.
    SELECT g.subject, arg_min(named.u, (mine.place, mine.token, named.u)) AS u
    FROM stranger_groups g JOIN stranger_codes mine USING (row)
        JOIN (SELECT token, min(u) AS u FROM stranger_codes WHERE u IS NOT NULL GROUP BY token) named USING (token) GROUP BY g.subject
)
SELECT strangers.row, CASE WHEN is_person THEN concat('stub:', paper_kind, ':', person_country, ':', person_number)
    WHEN strangers.u IS NOT NULL THEN concat('stub:', strangers.u) WHEN adopted.u IS NOT NULL THEN concat('stub:', adopted.u)
    ELSE concat('stub:row:', g.subject) END AS stub
FROM strangers LEFT JOIN stranger_groups g USING (row) LEFT JOIN adopted USING (subject);

CREATE TABLE stubs AS
WITH code AS (
    SELECT stub, arg_min({'kind': kind, 'country': country, 'number': number}, (place, rank)) AS code FROM (
        SELECT row, rank, 1 AS place, 'uscc' AS kind, '' AS country, u AS number FROM strangers
        UNION ALL SELECT row, rank, 2, 'organisation-code', '', o FROM strangers
        UNION ALL SELECT row, rank, 3, 'registration', '', r FROM strangers
        UNION ALL SELECT row, rank, 4, 'tax', '', t FROM strangers
        UNION ALL SELECT row, rank, 5, 'institution', '', i FROM strangers
        UNION ALL SELECT row, rank, 6, 'society', '', s FROM strangers
        UNION ALL SELECT row, rank, 7, paper_kind, person_country, person_number FROM strangers WHERE is_person)
        JOIN stub_of USING (row) WHERE number IS NOT NULL GROUP BY stub
), name AS (
    SELECT stub, arg_min(name, rank) AS name FROM strangers JOIN stub_of USING (row) WHERE name IS NOT NULL GROUP BY stub
)
SELECT stub AS subject, code, name FROM code LEFT JOIN name USING (stub);

CREATE TABLE subjects AS
WITH everybody AS (
    SELECT subject::VARCHAR AS subject, code, true AS registered, class, name, state, holder FROM said JOIN main_codes USING (subject)
    UNION ALL SELECT subject, code, false, NULL, name, NULL, NULL FROM stubs
), kinds AS (
    SELECT *, CASE WHEN code.kind IN ('citizen', 'foreign-resident', 'passport', 'permit') THEN 'person'
        WHEN plain(class) = '企业法人' THEN 'enterprise' WHEN plain(class) = '非企业法人' THEN 'organisation'
        WHEN plain(class) = '个体工商户' THEN 'individual-business'
        WHEN code.kind = 'uscc' AND code.number[1:2] IN ('91', '93') THEN 'enterprise'
        WHEN code.kind = 'uscc' AND code.number[1:2] = '92' THEN 'individual-business' ELSE 'organisation' END AS kind
    FROM everybody
)
SELECT subject, key_of(code.kind, code.country, code.number) AS key, kind, registered,
    CASE WHEN registered THEN coalesce(state, '') ELSE '' END AS state,
    CASE WHEN registered THEN state_class(coalesce(state, '')) ELSE '' END AS state_class,
    CASE WHEN kind <> 'person' OR name IS NULL THEN coalesce(name, '') WHEN length(name) = 1 THEN '*'
        WHEN length(name) = 2 THEN concat(left(name, 1), '*')
        ELSE concat(left(name, 1), repeat('*', length(name) - 2), right(name, 1)) END AS name,
    name AS full_name, holder
FROM kinds;
