"""Serves a generated city and writes what it costs, beside servers that do nothing, to benches/RESULTS.md or elsewhere."""

import argparse
import http.client
import json
import os
import platform
import shutil
import subprocess
import sys
import time

import city
import trials

TRIALS = {"checks": trials.checks, "stores": trials.stores, "batch": trials.batch, "start": trials.start,
          "corrections": trials.corrections, "overload": trials.overload, "open": trials.open_loop, "generator": trials.generator}
# Bytes of disk a subject: tables, two releases, their copies in the store and in the cache of the server.
BYTES_A_SUBJECT = 130 + 6 * 420


def settings():
    parser = argparse.ArgumentParser(prog="benches/serve/run.sh", description=__doc__)
    for program in ("server", "baselines", "tool", "load"):
        parser.add_argument(f"--{program}", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--subjects", type=int, default=200_000, help="subjects of the city (200,000; the table is of 5,000,000)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each server where they take turns (5)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of a turn (4)")
    parser.add_argument("--rate", type=int, default=50_000, help="checks a second of the open loop (50,000)")
    parser.add_argument("--open-seconds", type=int, default=20, help="seconds of an open loop (20)")
    parser.add_argument("--swaps", type=int, default=20, help="swaps under load (20)")
    parser.add_argument("--corrections", type=int, default=100, help="corrections whose way is timed (100)")
    parser.add_argument("--corrections-rate", type=float, default=100, help="corrections a second while swapping (100)")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of a batch (1,000,000)")
    parser.add_argument("--only", default=",".join(TRIALS), help=f"trials, of {', '.join(TRIALS)} (all)")
    parser.add_argument("--folder", default=os.path.join(city.ROOT, "target/serve"), help="where the city is kept (target/serve)")
    parser.add_argument("--results", default=os.path.join(city.ROOT, "benches/RESULTS.md"), help="the table (benches/RESULTS.md)")
    parser.add_argument("--rows", metavar="FILE", help="rows of building, as benches/build/run.sh --rows writes them, for the same table")
    parser.add_argument("--note", action="append", default=[], help="a sentence for the table, such as what else the machine did")
    return parser.parse_args()


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().splitlines()[0]


def versions():
    return {
        "rustc": first_line("rustc", "--version"),
        "wrk": first_line("wrk", "-v").split("[")[0].strip(),
        "nginx": first_line("nginx", "-v").rpartition(" ")[2],
        "Redis": first_line("redis-server", "--version").split("sha")[0].strip(),
        "PostgreSQL": first_line("pgbench", "--version"),
    }


def machine():
    with open("/proc/cpuinfo") as file:
        model = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / (1 << 20)
    return f"{os.cpu_count()} processors ({model}), {memory:.0f} GiB, Linux {platform.release()}"


def busy_with_others():
    """The part of the machine's time that others use while this run does nothing."""
    def read():
        with open("/proc/stat") as file:
            numbers = [int(word) for word in file.readline().split()[1:]]
        return sum(numbers), numbers[3] + numbers[4]
    total, idle = read()
    time.sleep(2)
    total_then, idle_then = read()
    return 1 - (idle_then - idle) / max(1, total_then - total)


def write(bench, rows, others):
    commit = first_line("git", "-C", city.ROOT, "rev-parse", "--short", "HEAD")
    building = []
    if bench.rows:
        with open(bench.rows, encoding="utf-8") as file:
            building = json.load(file)
    lines = ["# What building and serving cost" if building else "# What serving costs", "",
             f"Written by `benches/{'' if building else 'serve/'}run.sh`. Servers ran on one processor and callers on the other, unless said. In a row of",
             "CPU each server took its turn in every round: the figure is the median of the rounds, and its multiple the median of",
             "the multiples within a round. CPU is all that the server's threads used, in the system too, over the requests answered.",
             "A whole check carries a token and leaves a receipt; it asks for an organisation and a matter. \"Persons too\": half of",
             "them persons by number and name. The bare handler reads the same requests and returns 256 fixed bytes.", "",
             f"- Machine: {machine()}.",
             f"- City: {bench.subjects:,} subjects, {4 * bench.subjects:,} records. Commit {commit}, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC.",
             f"- Versions: {'; '.join(f'{name} ({version})' if name not in version else version for name, version in versions().items())}.",
             f"- Others used {others[0]:.0%} of the machine before the run and {others[1]:.0%} after it.",
             *(f"- {note}" for note in bench.note), "", "| what | found | reach |", "|---|---|---|",
             *(f"| {what} | {told} | {reach} |" for what, told, reach in [*building, *rows]), "", "```",
             command(bench), "```", ""]
    with open(bench.results, "w") as file:
        file.write("\n".join(lines))
    print(f"written: {bench.results}", flush=True)


def command(bench):
    """What was run, but for where its files are."""
    names = ("subjects", "rounds", "seconds", "rate", "open_seconds", "swaps", "corrections", "corrections_rate", "lines", "only")
    return "benches/serve/run.sh " + " ".join(f"--{name.replace('_', '-')} {getattr(bench, name)}" for name in names)


def main():
    bench = settings()
    wanted = bench.only.split(",")
    if unknown := [name for name in wanted if name not in TRIALS]:
        sys.exit(f"--only: no trial {unknown[0]}; there are {', '.join(TRIALS)}")
    bench.folder = os.path.abspath(bench.folder)
    os.makedirs(bench.folder, exist_ok=True)
    needed = bench.subjects * BYTES_A_SUBJECT
    if (free := shutil.disk_usage(bench.folder).free) < needed:
        sys.exit(f"{bench.folder} has {free / 1e9:.0f} GB free, about {needed / 1e9:.0f} GB are needed: give --folder or fewer --subjects")
    city.make(bench)
    before, rows = busy_with_others(), []
    for name in wanted:
        try:
            rows += TRIALS[name](bench)
        except (SystemExit, OSError, subprocess.SubprocessError, http.client.HTTPException) as failed:
            # The other rows are still worth having.
            print(f"{name}: {failed}", file=sys.stderr, flush=True)
            rows.append((f"`{name}`", "did not run to its end", ""))
        write(bench, rows, (before, busy_with_others()))


if __name__ == "__main__":
    main()
