"""Where the oracle and the release differ, in words."""

import json
import os

SHOWN = 20


def all(db, release):
    return [*subjects(db), *entries(db), *names(db), *accounts(db, release)]


def sides(db, title, ours, theirs, match, what):
    """Rows of one side that the other lacks, those about the same thing together."""
    lone = f"""
        SELECT 'tables ' AS side, * FROM (FROM {ours} EXCEPT ALL FROM {theirs})
        UNION ALL SELECT 'release', * FROM (FROM {theirs} EXCEPT ALL FROM {ours})"""
    count = db.execute(f"SELECT count(*), count(DISTINCT {match[0]}) FROM ({lone})").fetchone()
    if count[0] == 0:
        return []
    cursor = db.execute(f"FROM ({lone}) ORDER BY {', '.join(match)}, side LIMIT {2 * SHOWN}")
    names = [column[0] for column in cursor.description]
    lines = [f"{title}: {count[0]} rows of {count[1]} {what} differ; the first:"]
    for row in cursor.fetchall():
        lines.append("  " + " ".join(f"{name}={value}" for name, value in zip(names, row) if value not in (None, "")))
    return lines


def subjects(db):
    return sides(db, "subjects", "our_subjects", "their_subjects", ["key"], "subjects")


def entries(db):
    match = ["key", "category", "since", "list", "document", "relation"]
    return sides(db, "entries", "ours", "theirs", match, "subjects")


def names(db):
    """A record has the same name in both releases, and each name that was corrected is a record's."""
    changed = "SELECT key, record, category, relation, list, since, document FROM"
    lines = sides(db, "names of records", f"({changed} before)", f"({changed} after)", ["key", "record"], "subjects")
    lost = db.execute("SELECT count(DISTINCT record) FROM corrections WHERE record NOT IN (SELECT record FROM named)").fetchone()[0]
    if lost:
        lines.append(f"corrections: {lost} names of records lead to no record of the tables")
    return lines


def accounts(db, release):
    """Rows kept, merged and rejected, and the reasons that the contract names."""
    with open(os.path.join(release, "quality.json"), encoding="utf-8") as file:
        quality = json.load(file)
    lines = []
    ours = {row[0]: row[1:] for row in db.execute("FROM accounts").fetchall()}
    reasons = db.execute("SELECT source, reason, count(*) FROM judged WHERE reason IS NOT NULL GROUP BY ALL").fetchall()
    reasons += db.execute("SELECT source, 'ambiguous_country', count(*) FROM filed JOIN owned USING (row) "
                          "WHERE unclear GROUP BY source").fetchall()
    for place, source in enumerate(quality["sources"]):
        said = source["source"]
        theirs = tuple(said[name] for name in ("rows", "kept", "merged", "rejected"))
        if ours.get(place, (0, 0, 0, 0)) != theirs:
            mine = {reason: count for at, reason, count in reasons if at == place}
            lines.append(f"source {place} {said['path']}: rows, kept, merged, rejected: tables {ours.get(place)} {mine}, "
                         f"release {theirs} {source['rejected_by_reason']}")
        # A made-up row may have two faults, and which of them is told first is nobody's business.
        single = not said["path"].startswith("more/")
        for reason in ("masked_identifier", "minor", "ambiguous_country") if single else ():
            mine = sum(count for at, name, count in reasons if (at, name) == (place, reason))
            if mine != source["rejected_by_reason"].get(reason, 0):
                lines.append(f"source {place} {said['path']}: {reason}: tables {mine}, "
                             f"release {source['rejected_by_reason'].get(reason, 0)}")
    return lines
