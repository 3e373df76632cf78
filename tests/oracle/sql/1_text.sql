-- How cells are read: width, blanks, brackets, days. {wide} and {narrow} are filled in by oracle.py.

CREATE MACRO half(c) AS CASE WHEN regexp_matches(c, '[\x{FF01}-\x{FF5E}\x{3000}]') THEN translate(c, {wide}, {narrow}) ELSE c END;

-- The plain paths are for speed: few cells have blanks around them, and only short ones say nothing.
CREATE MACRO trimmed(c) AS CASE WHEN contains({blanks}, left(c, 1)) OR contains({blanks}, right(c, 1)) THEN trim(c, {blanks}) ELSE c END;

-- A cell; NULL if it says nothing.
CREATE MACRO cell(c) AS CASE WHEN c IS NULL THEN NULL WHEN strlen(trimmed(c)) > 12 THEN trimmed(c)
    WHEN lower(half(trimmed(c))) IN ('', '无', '/', '-', 'null') THEN NULL ELSE trimmed(c) END;

-- Headers, document numbers, authorities: width, brackets and blanks are alike.
CREATE MACRO plain(c) AS translate(half(c), concat('〔【[〕】]', {blanks}), '((()))');

CREATE MACRO plain_name(c) AS translate(plain(c), '•‧∙⋅・', '·····');

-- Identifiers: half width, upper case, no blanks, no hyphens.
CREATE MACRO plain_number(c) AS translate(upper(half(c)), concat('-', {blanks}), '');

-- 2026-01-05, 2026/1/5, 20260105, 2026年1月5日, in any width, with a time behind it.
CREATE MACRO dashed(c) AS replace(translate(trim(half(c)), '/年月', '---'), '日', '');
CREATE MACRO day_of(c) AS CASE
    WHEN regexp_full_match(dashed(c), '\d{4}-\d{1,2}-\d{1,2}([ T].*)?') THEN try_cast(regexp_extract(dashed(c), '^[\d-]+') AS DATE)
    WHEN regexp_full_match(dashed(c), '\d{8}([ T].*)?')
    THEN try_cast(concat_ws('-', substr(dashed(c), 1, 4), substr(dashed(c), 5, 2), substr(dashed(c), 7, 2)) AS DATE) END;

-- A day that ends something; "long term" ends nothing.
CREATE MACRO end_of(c) AS CASE WHEN day_of(c) NOT IN (DATE '2099-12-31', DATE '2099-01-31') THEN day_of(c) END;

-- Civil Code art. 201, 202: the first day is not counted; where the last month lacks the day, its last day.
CREATE MACRO last_day(since, unit, n) AS CASE unit
    WHEN 'd' THEN since + n::INTEGER
    WHEN 'm' THEN (since + to_months(n::INTEGER))::DATE
    WHEN 'y' THEN (since + to_years(n::INTEGER))::DATE END;

CREATE MACRO pieces(c, separators) AS list_filter(
    list_transform(string_split_regex(c, separators), lambda piece: cell(piece)), lambda piece: piece IS NOT NULL);
