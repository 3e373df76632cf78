"""DuckDB sorts every table of a city by subject and date to Parquet: sort.py CITY OUT."""

import os
import sys
import tomllib

import duckdb

# Of each kind the subject's code, the person's number and the date.
KEYS = {
    "subject": ("SHXYM", "ZJHM", None), "licence": ("XK_XDR_SHXYM", "XK_XDR_ZJHM", "XK_JDRQ"),
    "penalty": ("CF_XDR_SHXYM", "CF_XDR_ZJHM", "CF_JDRQ"), "administrative": ("XZ_XDR_SHXYM", "XZ_XDR_ZJHM", "XZ_JDRQ"),
    "list": ("MD_XDR_SHXYM", "MD_XDR_ZJHM", "MD_LRRQ"), "commitment": ("CN_XDR_SHXYM", "CN_XDR_ZJHM", "CN_RQ"),
    "evaluation": ("PJ_XDR_SHXYM", "PJ_XDR_ZJHM", "PJ_RQ"), "judgment": ("PJS_XDR_SHXYM", "PJS_XDR_ZJHM", "PJS_RQ"),
    "honour": ("RY_XDR_SHXYM", "RY_XDR_ZJHM", "RY_RQ"),
}


def main(city, out):
    db = duckdb.connect()
    db.execute("SET threads = 2; SET memory_limit = '4GB'; SET preserve_insertion_order = false")
    db.execute(f"SET temp_directory = '{out}/spill'")
    with open(os.path.join(city, "dataset.toml"), "rb") as file:
        sources = tomllib.load(file)["source"]
    for place, source in enumerate(sources):
        files = os.path.join(city, source["path"])
        table = f"read_csv('{files}', all_varchar = true, header = true, delim = ',', quote = '\"')"
        known = {row[0] for row in db.execute(f"DESCRIBE FROM {table}").fetchall()}
        code, number, date = (name if name in known else None for name in KEYS[source["kind"]])
        subject = f"coalesce({', '.join(name for name in (code, number) if name)})"
        order = f"{subject}, {date}" if date else subject
        db.execute(f"COPY (FROM {table} ORDER BY {order}) TO '{out}/{place}.parquet' (FORMAT parquet)")


if __name__ == "__main__":
    main(*sys.argv[1:])
