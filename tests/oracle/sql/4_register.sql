-- Subjects of the register: which rows speak of one, what it is, what it is called (data.md §2, Joining).

CREATE TABLE register AS
SELECT * EXCLUDE (u), u, row_number() OVER (ORDER BY priority DESC, changed DESC NULLS LAST, cells) AS rank,
    CASE WHEN is_uscc(plain_number(successor)) AND plain_number(successor) IS DISTINCT FROM u THEN plain_number(successor) END AS heir
FROM judged WHERE kind = 'subject' AND reason IS NULL;

-- What a row is named by; `place` is the order in which identifiers win, `unified` marks codes and what stands inside them.
CREATE TABLE names AS
SELECT row, rank, token, place, unified FROM (
    SELECT row, rank, concat('uscc:', u) AS token, 1 AS place, true AS unified FROM register WHERE u IS NOT NULL
    UNION ALL SELECT row, rank, concat('organisation-code:', substr(u, 9, 9)), 2, true FROM register WHERE u IS NOT NULL
    UNION ALL SELECT row, rank, unnest([concat('uscc:', f), concat('organisation-code:', substr(f, 9, 9))]), 3, true
        FROM (SELECT row, rank, unnest(formers) AS f FROM register)
    UNION ALL SELECT row, rank, concat('organisation-code:', o), 4, false FROM register WHERE o IS NOT NULL
    UNION ALL SELECT row, rank, concat('registration:', r), 5, false FROM register WHERE r IS NOT NULL
    UNION ALL SELECT row, rank, concat('tax:', t), 6, false FROM register WHERE t IS NOT NULL
    UNION ALL SELECT row, rank, concat('institution:', i), 7, false FROM register WHERE i IS NOT NULL
    UNION ALL SELECT row, rank, concat('society:', s), 8, false FROM register WHERE s IS NOT NULL
    UNION ALL SELECT row, rank, concat(paper_kind, ':', person_country, ':', person_number), 9, true FROM register WHERE is_person);

-- Rows with a unified code are one by those codes alone. One without joins the row that has its older code, the first
-- identifier that finds one deciding; else such rows are one by any older code.
CREATE TABLE has_unified AS SELECT DISTINCT row FROM names WHERE unified;
CREATE TABLE borrowed AS
SELECT one.row, arg_min(other.row, (one.place, other.rank)) AS owner
FROM names one JOIN names other ON one.token = other.token AND other.row IN (FROM has_unified)
WHERE one.row NOT IN (FROM has_unified) GROUP BY one.row;

-- The edges of "is one subject with"; an heir that the register knows takes its predecessor in.
CREATE TABLE edges AS
SELECT row, token FROM names WHERE unified
UNION ALL SELECT row, concat('row:', owner) FROM borrowed
UNION ALL SELECT DISTINCT owner, concat('row:', owner) FROM borrowed
UNION ALL SELECT row, token FROM names WHERE row NOT IN (FROM has_unified) AND row NOT IN (SELECT row FROM borrowed);
CREATE TABLE known AS SELECT token, min(row) AS row FROM names WHERE unified GROUP BY token;
CREATE TABLE heirs AS SELECT register.row, concat('uscc:', heir) AS token FROM register JOIN known ON known.token = concat('uscc:', heir);
