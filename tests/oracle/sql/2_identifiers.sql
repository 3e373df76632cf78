-- Identifiers and their check digits, from the standards. All take what plain_number gives.

CREATE MACRO value_at(n, place, alphabet) AS strpos(alphabet, substr(n, place, 1)) - 1;
CREATE MACRO weighted(n, alphabet, weights) AS list_sum(list_transform(weights, lambda w, place: w * value_at(n, place, alphabet)));

-- GB 32100-2015: department and class, division, organisation code, check.
CREATE MACRO is_uscc(n) AS coalesce(
    regexp_full_match(n, '(1[1239]|[248A][19]|3[123459]|5[1239]|[67][129]|9[123]|N[1239]|Y1)\d{6}[0-9A-HJ-NPQRTUWXY]{10}')
    AND value_at(n, 18, '0123456789ABCDEFGHJKLMNPQRTUWXY')
      = (31 - weighted(n, '0123456789ABCDEFGHJKLMNPQRTUWXY', [1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28]) % 31) % 31, false);

-- GB 11714.
CREATE MACRO is_organisation_code(n) AS coalesce(regexp_full_match(n, '[0-9A-Z]{8}[0-9X]')
    AND substr(n, 9, 1) = substr('0X987654321',
        1 + (weighted(n, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', [3,7,9,10,5,8,4,2]) % 11)::INTEGER, 1), false);

-- ISO 7064 MOD 11,10.
CREATE MACRO is_registration(n) AS coalesce(regexp_full_match(n, '\d{15}') AND substr(n, 15, 1)
    = ((11 - list_reduce(list_prepend(10, list_transform(range(1, 15), lambda place: value_at(n, place, '0123456789')::INTEGER)),
        lambda r, d: (2 * CASE WHEN (r + d) % 10 = 0 THEN 10 ELSE (r + d) % 10 END) % 11)) % 10)::VARCHAR, false);

-- ISO 7064 MOD 11-2 over seventeen digits.
CREATE MACRO check_of_17(n) AS substr('10X98765432',
    1 + (weighted(n, '0123456789', [7,9,10,5,8,4,2,1,6,3,7,9,10,5,8,4,2]) % 11)::INTEGER, 1);
CREATE MACRO eighteen(n) AS CASE WHEN regexp_full_match(n, '\d{15}')
    THEN concat(substr(n, 1, 6), '19', substr(n, 7), check_of_17(concat(substr(n, 1, 6), '19', substr(n, 7)))) ELSE n END;
CREATE MACRO passes_11_2(n) AS coalesce(regexp_full_match(n, '\d{17}[\dX]') AND substr(n, 18, 1) = check_of_17(n), false);
CREATE MACRO birth_of(n) AS try_cast(concat_ws('-', substr(n, 7, 4), substr(n, 11, 2), substr(n, 13, 2)) AS DATE);
CREATE MACRO lives(n) AS coalesce(birth_of(n) BETWEEN DATE '1850-01-01' AND getvariable('as_of'), false);

-- GB 11643, given with eighteen digits; a first digit 9 is a foreign resident's.
CREATE MACRO is_citizen(n) AS passes_11_2(n) AND n[1] <> '9' AND lives(n);
CREATE MACRO is_province(p) AS p IN ('11','12','13','14','15','21','22','23','31','32','33','34','35','36','37','41','42','43','44','45',
    '46','50','51','52','53','54','61','62','63','64','65','71','81','82');
CREATE MACRO is_foreign_resident(n) AS (passes_11_2(n) AND n[1] = '9' AND is_province(substr(n, 2, 2)) AND lives(n))
    OR coalesce(regexp_full_match(n, '[A-Z]{3}\d{12}'), false);
CREATE MACRO is_travel_document(n) AS coalesce(regexp_full_match(n, '[0-9A-Z]{5,20}'), false);
CREATE MACRO is_tax(n) AS coalesce(regexp_full_match(n, '[0-9A-Z]{15,20}'), false);

-- A number without a kind: every kind whose rule it meets (api.md).
CREATE MACRO readings(n) AS list_filter([
    CASE WHEN is_uscc(n) AND NOT (is_citizen(n) AND NOT (is_province(substr(n, 3, 2)) OR substr(n, 3, 2) = '10')) THEN 'uscc' END,
    CASE WHEN is_registration(n) THEN 'registration' END,
    CASE WHEN is_organisation_code(n) THEN 'organisation-code' END,
    CASE WHEN is_citizen(eighteen(n)) THEN 'citizen' END,
    CASE WHEN is_foreign_resident(n) THEN 'foreign-resident' END], lambda kind: kind IS NOT NULL);
CREATE MACRO sole(list) AS CASE WHEN len(list) = 1 THEN list[1] END;

-- The number of the kind stands in keys and digests (src/snapshot/digest.rs).
CREATE MACRO kind_number(kind) AS list_position(['uscc', 'organisation-code', 'registration', 'tax', 'institution', 'society',
    'citizen', 'foreign-resident', 'passport', 'permit'], kind);
-- HMAC-SHA-256 of 1, kind, country, number under the person key (RFC 2104): 192 bits of it.
CREATE MACRO keyed(message) AS sha256(unhex(getvariable('outer_pad')) || unhex(sha256(unhex(getvariable('inner_pad')) || message)));
CREATE MACRO digest_of(kind, country, number) AS concat('digest:', substr(keyed(
    unhex(concat('01', lpad(to_hex(kind_number(kind)), 2, '0'), CASE WHEN country = '' THEN '000000' ELSE hex(country) END))
    || encode(number)), 1, 48));
CREATE MACRO key_of(kind, country, number) AS CASE WHEN kind IN ('uscc', 'organisation-code', 'registration')
    THEN concat(kind_number(kind), ':', number) ELSE digest_of(kind, country, number) END;
