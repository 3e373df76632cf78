"""The city of a run: made once for a number of subjects, kept in the folder of the run."""

import csv
import glob
import json
import os
import random
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BODIES = 60_000
MATTER = "370402-000131"


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command[:3]))}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def make(bench):
    """Keys, release and bodies. The release is built from tables that are thrown away afterwards."""
    bench.keys = f"{bench.folder}/keys"
    bench.release = f"{bench.folder}/release-{bench.subjects}"
    if not os.path.exists(f"{bench.keys}/release.key"):
        run(bench.tool, "keygen", "--out", bench.keys)
    if not os.path.exists(f"{bench.release}/manifest.json"):
        city = f"{bench.folder}/city-{bench.subjects}"
        shutil.rmtree(city, ignore_errors=True)
        run(bench.tool, "generate", "--out", city, "--subjects", bench.subjects, "--format", "parquet")
        run(bench.tool, "build", "--input", city, "--catalog", f"{ROOT}/tools/catalog", "--out", bench.release,
            "--person-key", f"{bench.keys}/person.key")
        shutil.rmtree(city)
    bodies(bench)
    warm(bench)


def bodies(bench):
    """Questions about organisations and persons of the register, drawn from all of it. The same seed makes the same register."""
    bench.organisations = f"{bench.folder}/organisations-{bench.subjects}.ndjson"
    bench.mixed = f"{bench.folder}/mixed-{bench.subjects}.ndjson"
    if os.path.exists(bench.mixed):
        return
    register = f"{bench.folder}/register-{bench.subjects}"
    shutil.rmtree(register, ignore_errors=True)
    run(bench.tool, "generate", "--out", register, "--subjects", bench.subjects, "--records-per-subject", 0)
    chance = random.Random(7)
    organisations = [row["SHXYM"] for row in rows(f"{register}/subjects/organisations-*.csv") if row["SHXYM"]]
    persons = [(row["ZJHM"], row["MC"]) for row in rows(f"{register}/subjects/persons-*.csv") if row["ZJLX"] == "身份证"]
    shutil.rmtree(register)
    asked = [{"subject": {"id": code}, "matter": MATTER} for code in drawn(chance, organisations)]
    write(bench.organisations, asked)
    asked += [{"subject": {"id": number, "name": name}, "matter": "370400-000011"} for number, name in drawn(chance, persons)]
    chance.shuffle(asked)
    write(bench.mixed, asked[:BODIES])


def drawn(chance, all_of):
    return chance.sample(all_of, min(BODIES, len(all_of)))


def rows(pattern):
    for path in sorted(glob.glob(pattern)):
        with open(path, newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def write(path, asked):
    with open(f"{path}.unfinished", "w") as file:
        for one in asked:
            file.write(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n")
    os.rename(f"{path}.unfinished", path)


def warm(bench):
    """Every page of the release is in the page cache."""
    for path in glob.glob(f"{bench.release}/*.xinhe"):
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass
