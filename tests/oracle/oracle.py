"""Computes in DuckDB what the tables of a city say of every subject, and compares it with what a release says.

oracle.py FOLDER CATALOGUE, where FOLDER holds `city`, `release`, `person.key`, `days.txt`, and what the test wrote of
two releases: `before` (without corrections) and `after`. Exit 1 and words if anything differs.
"""

import os
import sys
import time

import compare
import duckdb
import tables

HERE = os.path.dirname(os.path.abspath(__file__))
WIDE = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
NARROW = "".join(map(chr, range(0x21, 0x7F))) + " "
BLANKS = " \t\r\n\u00a0\u3000\ufeff\u200b" + "".join(map(chr, range(0x2000, 0x200B)))


def run(db, name):
    began, used = time.time(), time.process_time()
    with open(os.path.join(HERE, "sql", name), encoding="utf-8") as file:
        sql = file.read()
    for mark, value in (("{wide}", WIDE), ("{narrow}", NARROW), ("{blanks}", BLANKS)):
        sql = sql.replace(mark, tables.text(value))
    db.execute(sql)
    print(f"{name}: {time.time() - began:.1f} s, {time.process_time() - used:.1f} s of CPU")


def pads(path):
    """Inner and outer pad of HMAC, in hex."""
    with open(path, encoding="utf-8") as file:
        key = bytes.fromhex(file.read().split()[1]).ljust(64, b"\0")
    return [bytes(byte ^ pad for byte in key).hex() for pad in (0x36, 0x5C)]


def group(db, edges, groups):
    """Rows that share a token, directly or by others, are one: the table `groups` names each by its first row."""
    db.execute(f"CREATE TABLE {groups} AS SELECT row, min(row) AS subject FROM {edges} GROUP BY row")
    while True:
        changed = db.execute(f"""
            WITH least AS (SELECT token, min(subject) AS subject FROM {edges} JOIN {groups} USING (row) GROUP BY token),
            better AS (SELECT row, min(least.subject) AS subject FROM {edges} JOIN least USING (token) GROUP BY row)
            UPDATE {groups} SET subject = better.subject FROM better
            WHERE better.row = {groups}.row AND better.subject < {groups}.subject""").fetchone()[0]
        if changed == 0:
            return


def read_release(db, folder):
    """What the test wrote of the two releases, and the days that it asked for."""
    with open(os.path.join(folder, "days.txt"), encoding="utf-8") as file:
        days = file.read().split()
    db.execute(f"SET VARIABLE days = [{', '.join('DATE ' + tables.text(day) for day in days)}]")
    db.execute("CREATE TABLE days AS SELECT unnest(getvariable('days')) AS day, "
               "unnest(range(1, len(getvariable('days')) + 1)) AS place")
    columns = ("key record category relation list title grade effect bars since first last document authority source "
               "seen latest").split()
    types = {"bars": "INTEGER", "source": "INTEGER", "since": "DATE", "first": "DATE", "last": "DATE"}
    entries = {name: types.get(name, "VARCHAR") for name in columns}
    subjects = {name: "VARCHAR" for name in "key kind registered state state_class name".split()} | {"registered": "BOOLEAN"}
    for table, file, fields in (("before", "before/entries.csv", entries), ("after", "after/entries.csv", entries),
                                ("after_subjects", "after/subjects.csv", subjects)):
        path = os.path.join(folder, file)
        db.execute(f"CREATE TABLE {table} AS FROM read_csv({tables.text(path)}, auto_detect = false, header = true, "
                   f"columns = {fields}, delim = ',', quote = '\"', escape = '\"')")


def states_macro(db, states):
    """The class of a state; states of the catalogue stand in place of the usual ones."""
    usual = {"active": ["存续", "在业", "开业", ""], "neutral": ["歇业", "迁出"], "terminal": ["注销", "死亡"],
             "adverse": ["吊销", "责令关闭", "撤销登记"]}
    known = {name: state for state, names in usual.items() for name in names}
    if states:
        known = {"": "active"} | {entry["name"]: entry["class"] for entry in states}
    cases = " ".join(f"WHEN {tables.text(name)} THEN {tables.text(state)}" for name, state in known.items())
    db.execute(f"CREATE MACRO state_class(name) AS CASE plain(name) {cases} ELSE 'neutral' END")


def main(folder, catalogue):
    db = duckdb.connect()
    db.execute("SET threads = 2; SET preserve_insertion_order = true")
    inner, outer = pads(os.path.join(folder, "person.key"))
    db.execute(f"SET VARIABLE inner_pad = {tables.text(inner)}; SET VARIABLE outer_pad = {tables.text(outer)}")
    run(db, "1_text.sql")
    began, used = time.time(), time.process_time()
    dataset = tables.read_dataset(db, os.path.join(folder, "city"))
    print(f"tables: {time.time() - began:.1f} s, {time.process_time() - used:.1f} s of CPU")
    caps, states = tables.read_catalogue(db, catalogue)
    db.execute(f"SET VARIABLE as_of = DATE {tables.text(dataset['as_of'])}")
    cap = tables.term(caps[0]["longest"]) if caps else (None, None)
    db.execute("CREATE TABLE cap AS SELECT ?::VARCHAR AS unit, ?::INTEGER AS n", cap)
    states_macro(db, states)
    for name in ("2_identifiers.sql", "3_judge.sql", "4_register.sql"):
        run(db, name)
    group(db, "edges", "same_rows")
    db.execute("CREATE TABLE all_edges AS FROM edges UNION ALL FROM heirs")
    group(db, "all_edges", "groups")
    for name in ("5_subjects.sql", "6_owners.sql"):
        run(db, name)
    group(db, "stranger_edges", "stranger_groups")
    run(db, "7_stubs.sql")
    read_release(db, folder)
    for name in ("8_records.sql", "9_days.sql"):
        run(db, name)
    differences = compare.all(db, os.path.join(folder, "release"))
    print("\n".join(differences))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
