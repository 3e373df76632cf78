"""`xinhe build` beside DuckDB on the same files. Run by run.sh, which builds `xinhe` and installs DuckDB."""

import argparse
import glob
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
AS_OF = "2026-11-20"
# Bytes of disk a record: the tables, DuckDB's sorted copy and what it spills, the release and the spills of the build.
BYTES_A_RECORD = {"csv": 260 + 160 + 260 + 150 + 150, "parquet": 110 + 150 + 150}


def settings():
    parser = argparse.ArgumentParser(prog="benches/build/run.sh", description=__doc__.split(". ")[0] + ".")
    parser.add_argument("--xinhe", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--records", type=int, default=20_000_000, help="records of the city (20,000,000)")
    parser.add_argument("--subjects", type=int, help="subjects of the city (a fortieth of the records)")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; medians are printed (1)")
    parser.add_argument("--folder", default=os.path.join(ROOT, "target"), help="where to work; needs the disk (target)")
    parser.add_argument("--keep", action="store_true", help="keep the city and the last release")
    parser.add_argument("--rows", metavar="FILE", help="also write the figures there, as rows of the table of benches/run.sh")
    parser.add_argument("--memory", default="1280MiB", help="memory given to the build (1280MiB)")
    parser.add_argument("--parquet", action="store_true",
                        help="instead: build this many records from Parquet, then ten times as many, and compare the time a record")
    return parser.parse_args()


def check_disk(folder, records, form):
    needed = records * BYTES_A_RECORD[form]
    free = shutil.disk_usage(folder).free
    if free < needed:
        sys.exit(f"{folder} has {free / 1e9:.0f} GB free, about {needed / 1e9:.0f} GB are needed: "
                 "free some, or give --folder or fewer --records")


def measure(command):
    """Runs a command to its end: seconds, peak MiB, seconds of CPU. It is a group of its own, so that it can be stopped."""
    log = tempfile.TemporaryFile()
    began = time.monotonic()
    child = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except BaseException:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait()
        raise
    seconds = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        log.seek(0)
        sys.exit(f"{log.read().decode(errors='replace')}\n{' '.join(command[:2])} failed with {child.returncode}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def generate(bench, out, records, subjects, form):
    command = [bench.xinhe, "generate", "--out", out, "--subjects", str(subjects), "--records-per-subject",
               repr(records / subjects), "--as-of", AS_OF, "--format", form]
    seconds = measure(command)[0]
    size = sum(os.path.getsize(path) for path in glob.glob(os.path.join(out, "**"), recursive=True) if os.path.isfile(path))
    print(f"city: {records} records of {subjects} subjects, {size / 1e9:.2f} GB of {form}, made in {seconds:.0f} s", flush=True)


def build(bench, city, key, out):
    shutil.rmtree(out, ignore_errors=True)
    return measure([bench.xinhe, "build", "--input", city, "--catalog", os.path.join(ROOT, "tools/catalog"), "--out", out,
                    "--person-key", key, "--memory", bench.memory, "--threads", "2"])


def sort(city, out):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    return measure([sys.executable, os.path.join(HERE, "sort.py"), city, out])


def warm(city):
    """Reads the files once, so that neither program pays for the disk alone."""
    for path in glob.glob(os.path.join(city, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                while file.read(1 << 22):
                    pass


def told(name, runs):
    seconds, peak = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
    busy = statistics.median(run[2] for run in runs)
    print(f"{name}: {seconds:.2f} s ({busy:.2f} s of CPU), peak {peak:.0f} MiB", flush=True)
    return seconds, peak


def compare(bench, folder, key):
    """CSV: the build against DuckDB, in turn, in one run."""
    city = os.path.join(folder, "city")
    generate(bench, city, bench.records, bench.subjects, "csv")
    warm(city)
    sorted_runs, built_runs = [], []
    for _ in range(bench.repeat):
        sorted_runs.append(sort(city, os.path.join(folder, "sorted")))
        shutil.rmtree(os.path.join(folder, "sorted"))
        built_runs.append(build(bench, city, key, os.path.join(folder, "release")))
    duckdb, _ = told("DuckDB, sort by subject and date to Parquet, 2 threads, 4 GB", sorted_runs)
    ours, peak = told(f"xinhe build, 2 threads, {bench.memory}", built_runs)
    print(f"ratio {ours / duckdb:.3f} (to reach: 0.6), peak {peak:.0f} MiB (to reach: 1536), "
          f"{ours / bench.records * 1e6:.3f} µs a record")
    return [(f"DuckDB sorts {bench.records:,} records of CSV to Parquet, 2 threads, 4 GB", f"{duckdb:.1f} s", ""),
            (f"`xinhe build` of the same files, {bench.subjects:,} subjects, 2 threads", f"{ours:.1f} s, {ours / duckdb:.2f} ×", "≤ 0.6 ×"),
            (f"Its peak of memory, `--memory {bench.memory}`", f"{peak:.0f} MiB", "≤ 1,536 MiB")]


def scale(bench, folder, key):
    """Parquet: the time a record of a city and of one ten times as large."""
    times = []
    for factor in (1, 10):
        city = os.path.join(folder, f"city-{factor}")
        records, subjects = bench.records * factor, bench.subjects * factor
        generate(bench, city, records, subjects, "parquet")
        warm(city)
        runs = [build(bench, city, key, os.path.join(folder, "release")) for _ in range(bench.repeat)]
        seconds, _ = told(f"xinhe build from Parquet, {records} records", runs)
        times.append(seconds / records * 1e6)
        if not bench.keep:
            shutil.rmtree(city)
    print(f"a record {times[0]:.3f} µs, of ten times as many {times[1]:.3f} µs: ratio {times[1] / times[0]:.3f} (to reach: 1.2)")
    return [(f"`xinhe build` from Parquet, {bench.records:,} records: a record", f"{times[0]:.2f} µs", ""),
            (f"The same, {bench.records * 10:,} records", f"{times[1]:.2f} µs, {times[1] / times[0]:.2f} ×", "≤ 1.2 ×")]


def write_rows(path, rows):
    """For the table of results."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file, ensure_ascii=False)


def main():
    bench = settings()
    bench.subjects = bench.subjects or max(1, bench.records // 40)
    os.makedirs(bench.folder, exist_ok=True)
    check_disk(bench.folder, bench.records * (11 if bench.parquet else 1), "parquet" if bench.parquet else "csv")
    folder = tempfile.mkdtemp(prefix="bench-build-", dir=bench.folder)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: others at work make the figures worse", flush=True)
    # A stop by a signal cleans up too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        measure([bench.xinhe, "keygen", "--out", os.path.join(folder, "keys")])
        key = os.path.join(folder, "keys", "person.key")
        rows = (scale if bench.parquet else compare)(bench, folder, key)
        if bench.rows:
            write_rows(bench.rows, rows)
    finally:
        if bench.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
