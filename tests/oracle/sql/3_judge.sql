-- Which rows may stay (data.md §2), and whom each names.

CREATE VIEW claims AS
WITH numbers AS (
    SELECT *, plain_number(uscc) AS u, plain_number(organisation) AS o, plain_number(registration) AS r, plain_number(tax) AS t,
        plain_number(institution) AS i, plain_number(society) AS s, plain_number(number) AS p, plain(paper) AS paper_word,
        plain_number(country) AS land, list_transform(pieces(former_codes, '[;；]'), lambda c: plain_number(c)) AS formers,
        regexp_matches(concat(uscc, organisation, registration, tax, institution, society, number, former_codes), '[*＊]') AS masked
    FROM rows WHERE kind <> 'correction'
), papers AS (
    -- Without a type the number is read like an id without `id_type`; it stands for a person, so one that reads as a code
    -- is refused: about one passport number in eleven passes for an organisation code.
    SELECT *, CASE WHEN p IS NULL THEN NULL
        WHEN paper IS NULL THEN CASE WHEN sole(readings(p)) IN ('citizen', 'foreign-resident') THEN sole(readings(p)) END
        WHEN paper_word IN ('身份证', '居民身份证') THEN CASE WHEN is_citizen(eighteen(p)) THEN 'citizen' END
        WHEN paper_word = '护照' THEN CASE WHEN is_travel_document(p) THEN 'passport' END
        WHEN paper_word IN ('港澳居民来往内地通行证', '台湾居民来往大陆通行证') THEN CASE WHEN is_travel_document(p) THEN 'permit' END
        WHEN paper_word = '外国人永久居留身份证' THEN CASE WHEN is_foreign_resident(p) THEN 'foreign-resident' END END AS paper_kind
    FROM numbers
), read AS (
    SELECT *,
        masked OR (u IS NOT NULL AND NOT is_uscc(u)) OR (o IS NOT NULL AND NOT is_organisation_code(o))
        OR (r IS NOT NULL AND NOT is_registration(r)) OR (t IS NOT NULL AND NOT is_tax(t))
        OR (p IS NOT NULL AND paper_kind IS NULL) OR coalesce(len(list_filter(formers, lambda c: NOT is_uscc(c))), 0) > 0
        OR (land IS NOT NULL AND NOT regexp_full_match(land, '[A-Z]{3}')) AS wrong
    FROM papers
), named AS (
    SELECT *, coalesce(u, o, r, t, i, s) IS NOT NULL OR coalesce(len(formers), 0) > 0 AS has_code,
        NOT (coalesce(u, o, r, t, i, s) IS NOT NULL OR coalesce(len(formers), 0) > 0)
            AND coalesce(paper_kind, '') IN ('citizen', 'foreign-resident', 'passport', 'permit') AS is_person,
        CASE WHEN paper_kind = 'citizen' THEN eighteen(p) ELSE p END AS person_number,
        -- A register's permit tells its place of issue by its form.
        CASE WHEN paper_kind NOT IN ('passport', 'permit') THEN ''
            WHEN land IS NOT NULL THEN land
            WHEN kind = 'subject' AND paper_kind = 'permit' THEN CASE WHEN p[1] = 'H' THEN 'HKG' WHEN p[1] = 'M' THEN 'MAC'
                WHEN regexp_full_match(p, '\d{8}') THEN 'TWN' END END AS person_country
    FROM read
)
SELECT * EXCLUDE (organisation, registration, tax, institution, society, number, former_codes),
    CASE WHEN kind = 'subject' THEN NULL ELSE day_of(date) END AS day,
    CASE WHEN is_person AND (paper_kind = 'citizen' OR (paper_kind = 'foreign-resident' AND len(person_number) = 18))
        THEN birth_of(person_number) END AS birth,
    -- SJC by its digits.
    rpad(regexp_replace(stamp, '\D', '', 'g'), 14, '0') AS changed
FROM named;

-- The first reason to refuse a row; which of several is told does not matter here, but those that the contract names.
CREATE TABLE judged AS
SELECT *, CASE
    WHEN masked THEN 'masked_identifier'
    WHEN wrong THEN 'invalid_identifier'
    WHEN NOT has_code AND NOT is_person THEN 'missing_identifier'
    WHEN kind = 'subject' THEN CASE WHEN is_person AND person_country IS NULL THEN 'ambiguous_country' END
    WHEN date IS NULL OR authority IS NULL
        OR (kind = 'licence' AND coalesce(document, licence) IS NULL)
        OR (kind IN ('penalty', 'administrative', 'judgment') AND document IS NULL)
        OR (kind = 'list' AND list IS NULL) OR (kind = 'commitment' AND (act IS NULL OR fulfilment IS NULL))
        OR (kind = 'penalty' AND coalesce(len(pieces(kinds, '[;；、,，]')), 0) = 0) THEN 'missing'
    WHEN day IS NULL OR (until IS NOT NULL AND day_of(until) IS NULL) OR (due IS NOT NULL AND day_of(due) IS NULL) THEN 'invalid_date'
    WHEN fine IS NOT NULL AND NOT regexp_full_match(trim(half(fine)), '\d{1,12}(\.\d{1,6})?') THEN 'invalid_fine'
    WHEN standing IS NOT NULL AND half(standing) NOT IN ('0', '1', '2') THEN 'invalid_state'
    WHEN fulfilment IS NOT NULL AND plain(fulfilment) NOT IN ('全部履行', '部分履行', '未履行', '违反承诺') THEN 'invalid_fulfilment'
    WHEN kind = 'list' AND list NOT IN (SELECT list FROM lists) THEN 'unknown_list'
    WHEN birth IS NOT NULL AND day < (birth + to_years(18))::DATE
        AND (kind = 'penalty' OR (kind = 'list' AND list IN (SELECT list FROM lists WHERE effect <> 'favour'))
            OR (kind = 'commitment' AND plain(fulfilment) <> '全部履行')) THEN 'minor'
    END AS reason
FROM claims;

-- What is not asked again gives its memory back.
CREATE TABLE correction_rows AS SELECT row, source, act, record, date FROM rows WHERE kind = 'correction';
DROP VIEW claims;
DROP TABLE rows;
