"""Callers of a run, on a processor of their own: wrk as fast as it goes, xinhe-load at intended times, curl for batches."""

import json
import os
import statistics
import subprocess

import servers

ATTEMPTS = 3
HERE = os.path.dirname(os.path.abspath(__file__))


def caller(*command, **options):
    done = subprocess.run(["taskset", "-c", servers.CALLER_CPU, *map(str, command)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def wrk(address, connections, seconds, bodies=None):
    """A closed loop: POST of the bodies in turn, or GET."""
    script = ["-s", f"{HERE}/requests.lua" if bodies else f"{HERE}/told.lua"]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *script, f"http://{address}/"]
    for _ in range(ATTEMPTS):
        out = caller(*command, *(["--", bodies] if bodies else []), env={**os.environ, "TOKEN": servers.TOKEN})
        told = next((line for line in out.splitlines() if line.startswith("{")), None)
        if told is None:
            raise SystemExit(f"wrk: {out}")
        result = json.loads(told)
        # On a machine that others fill, a short turn may come to nothing.
        if result["failed"] == 0 and result["requests"] > 0:
            return result
    raise SystemExit(f"wrk, {connections} connections to {address}: {result}")


def load(bench, address, rate, seconds, connections, bodies, warmup="2s", timeout="5s"):
    """An open loop; without a rate a closed one."""
    command = [bench.load, "run", "--target", f"http://{address}", "--duration", f"{seconds}s",
               *(["--rate", rate] if rate else []), *(["--warmup", warmup] if warmup else []),
               "--connections", connections, "--token", "-", "--ids", bodies, "--timeout", timeout, "--json"]
    return json.loads(caller(*command, input=servers.TOKEN + "\n"))


def capacity(bench, address, seconds, connections):
    """A closed loop of GETs: how much the generator itself can do."""
    return json.loads(caller(bench.load, "run", "--target", f"http://{address}", "--duration", f"{seconds}s", "--warmup", "1s",
                             "--connections", connections, "--pin", servers.CALLER_CPU, "--json"))


def redis_benchmark(address, connections, seconds, keys):
    """Answers are counted by the server: the client is told a number of requests, not a time."""
    port = address.rpartition(":")[2]
    requests = 60_000 * seconds
    caller("redis-benchmark", "-p", port, "-c", connections, "-n", requests, "-r", keys, "-q", "GET", "key:__rand_int__")
    return {"requests": requests}


def pgbench(address, connections, seconds, rows, folder):
    port = address.rpartition(":")[2]
    script = os.path.join(folder, "select.sql")
    with open(script, "w") as file:
        file.write(f"\\set n random(1, {rows})\nSELECT data FROM subject WHERE id = :n;\n")
    out = caller("pgbench", "-h", "127.0.0.1", "-p", port, "-U", "bench", "-n", "-M", "prepared", "-c", connections, "-j", "1",
                 "-T", seconds, "-f", script, "postgres")
    line = next(line for line in out.splitlines() if "actually processed" in line)
    return {"requests": int(line.split(":")[1].split("/")[0])}


def costs(rounds, each):
    """Microseconds of CPU a request of several servers. They take turns, so that what else the machine does meets all alike.
    `each`: name to (server, a function that drives it once and tells its requests)."""
    found = {name: [] for name in each}
    rates = {name: [] for name in each}
    for _ in range(rounds):
        for name, (server, drive) in each.items():
            before = server.cpu_s()
            result = drive()
            found[name].append((server.cpu_s() - before) * 1e6 / result["requests"])
            if "seconds" in result:
                rates[name].append(result["requests"] / result["seconds"])
            if result.get("refused"):
                raise SystemExit(f"{name}: {result['refused']} requests were refused")
    return found, {name: statistics.median(all_of) for name, all_of in rates.items() if all_of}


def ratio(found, name, base):
    """The median over the rounds of how many times the base's cost it is."""
    return statistics.median(mine / theirs for mine, theirs in zip(found[name], found[base]))
