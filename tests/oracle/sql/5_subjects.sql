-- What is said of each subject of the register. `groups` tells the subject of each row.

CREATE TABLE members AS
SELECT groups.subject, register.*, register.row IN (SELECT row FROM heirs) AS gone FROM register JOIN groups USING (row);

-- Of each field the best row that has it; a row that was succeeded gives codes and former names only.
CREATE TABLE said AS
SELECT subject, true AS registered, arg_min(class, rank) FILTER (class IS NOT NULL) AS class,
    arg_min(name, rank) FILTER (name IS NOT NULL) AS name, arg_min(state, rank) FILTER (state IS NOT NULL) AS state,
    -- The representative is one field of three columns.
    arg_min({'name': holder, 'paper': holder_paper, 'number': holder_number}, rank)
        FILTER (coalesce(holder, holder_number) IS NOT NULL) AS holder
FROM members WHERE NOT gone GROUP BY subject;

-- The code that a subject goes by: the current one, else a former one (written oldest first), else an older one in order.
CREATE TABLE main_codes AS
SELECT subject, arg_min({'kind': kind, 'country': country, 'number': number}, (gone, place, rank)) AS code FROM (
    SELECT subject, gone, rank, 1 AS place, 'uscc' AS kind, '' AS country, u AS number FROM members WHERE u IS NOT NULL
    UNION ALL SELECT subject, gone, rank, 2, 'uscc', '', formers[-1] FROM members WHERE len(formers) > 0
    UNION ALL SELECT subject, gone, rank, 3, 'organisation-code', '', o FROM members WHERE o IS NOT NULL
    UNION ALL SELECT subject, gone, rank, 4, 'registration', '', r FROM members WHERE r IS NOT NULL
    UNION ALL SELECT subject, gone, rank, 5, 'tax', '', t FROM members WHERE t IS NOT NULL
    UNION ALL SELECT subject, gone, rank, 6, 'institution', '', i FROM members WHERE i IS NOT NULL
    UNION ALL SELECT subject, gone, rank, 7, 'society', '', s FROM members WHERE s IS NOT NULL
    UNION ALL SELECT subject, gone, rank, 8, paper_kind, person_country, person_number FROM members WHERE is_person)
GROUP BY subject;

-- Who answers to an identifier. One that two subjects claim is the better row's.
CREATE TABLE answers AS
SELECT token, arg_min(subject, (NOT unified, rank)) AS subject FROM names JOIN groups USING (row) GROUP BY token;
CREATE TABLE has_uscc AS SELECT DISTINCT subject FROM names JOIN groups USING (row) WHERE token LIKE 'uscc:%';
-- Persons by document, where exactly one registered person has it, whatever the country.
CREATE TABLE travellers AS
SELECT concat(paper_kind, ':', person_number) AS document, any_value(subject) AS subject FROM members
WHERE is_person GROUP BY ALL HAVING count(DISTINCT subject) = 1;
