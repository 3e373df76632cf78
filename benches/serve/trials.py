"""What is measured. Each trial prints a line when it is done, and returns the rows that it adds to the table."""

import glob
import json
import os
import re
import statistics
import subprocess
import threading
import time
import urllib.request

import city
import drive
import servers

SWAP_EVERY_S = 5
# Turns of peak and overload.
OVERLOADS = 3


def say(text):
    print(text, flush=True)
    return text


def checks(bench):
    """CPU of a whole check as a multiple of a bare hyper handler, beside what else a request can cost here."""
    rows = []
    base = servers.baseline(bench, "hyper")
    least = servers.baseline(bench, "epoll")
    web = servers.nginx(bench)
    posts, seconds = bench.organisations, bench.seconds
    for acknowledge, connections, goal in (("written", 64, 1.25), ("durable", 256, 1.5)):
        server = servers.xinhe(bench, acknowledge)
        post = lambda one: (one, lambda: drive.wrk(one.address, connections, seconds, posts))
        get = lambda one: (one, lambda: drive.wrk(one.address, connections, seconds))
        each = {"bare hyper": post(base), "bare hyper, GET": get(base), "epoll": post(least), "nginx `return 200`": post(web),
                "xinhe": post(server), "xinhe, persons too": (server, lambda: drive.wrk(server.address, connections, seconds, bench.mixed))}
        found, rates = drive.costs(bench.rounds, each)
        server.end()
        for name in each:
            told = f"{statistics.median(found[name]):.2f} µs, {drive.ratio(found, name, 'bare hyper'):.2f} ×"
            reach = f"≤ {goal} ×" if name == "xinhe" else ""
            rows.append((f"CPU a request, {connections} connections: {name}" + (f", `{acknowledge}`" if "xinhe" in name else ""), told, reach))
            say(f"{rows[-1][0]}: {told}; {rates.get(name, 0):,.0f}/s")
    for server in (base, least, web):
        server.end()
    return rows


def stores(bench):
    """A cache and a database, asked for 256 bytes by a key of five million."""
    rows = []
    redis = servers.redis(bench, bench.subjects)
    found, _ = drive.costs(max(2, bench.rounds // 2), {"Redis": (
        redis, lambda: drive.redis_benchmark(redis.address, 64, bench.seconds, bench.subjects))})
    redis.end()
    rows.append(("CPU a request, 64 connections: Redis `GET`", f"{statistics.median(found['Redis']):.2f} µs", ""))
    say(": ".join(rows[-1][:2]))
    database = servers.postgres(bench, bench.subjects)
    found, _ = drive.costs(max(2, bench.rounds // 2), {"PostgreSQL": (
        database, lambda: drive.pgbench(database.address, 64, bench.seconds, bench.subjects, bench.folder))})
    database.end()
    rows.append(("CPU a request, 64 connections: PostgreSQL prepared `SELECT`", f"{statistics.median(found['PostgreSQL']):.2f} µs", ""))
    say(": ".join(rows[-1][:2]))
    return rows


def generator(bench):
    """What xinhe-load itself can do from one core: GETs of a server that does not even read them."""
    server = servers.baseline(bench, "epoll")
    found = [drive.capacity(bench, server.address, max(2, bench.seconds), 64) for _ in range(bench.rounds)]
    server.end()
    if failed := sum(result["errors"] + result["timeouts"] for result in found):
        raise SystemExit(f"generator: {failed} requests failed")
    rate = statistics.median(result["achieved_rate"] for result in found)
    cpu = statistics.median(result["generator"]["cpu_us_per_request"] for result in found)
    busy = statistics.median(result["generator"]["busy"] for result in found)
    told = f"{rate:,.0f}/s, {cpu:.2f} µs of its CPU a request, busy {busy:.0%}"
    say(f"generator alone, one core: {told}")
    return [("Generator alone, against the epoll server: requests a second from one core", told, "≥ 100,000")]


def batch(bench):
    """Checks a second of one core in a batch: lines over the CPU that they took, and by the clock."""
    server = servers.xinhe(bench, "durable")
    lines = f"{bench.folder}/batch.ndjson"
    with open(bench.organisations) as file:
        text = file.read()
    times = max(1, bench.lines // text.count("\n"))
    with open(lines, "w") as file:
        for _ in range(times):
            file.write(text)
    count = times * text.count("\n")
    by_cpu, by_clock = [], []
    for _ in range(5):
        before, began = server.cpu_s(), time.monotonic()
        out = drive.caller("curl", "-s", "-T", lines, "-X", "POST", "-H", "Content-Type: application/x-ndjson", "-H",
                           f"Authorization: Bearer {servers.TOKEN}", "-o", f"{bench.folder}/answers",
                           "-w", "%{http_code}", f"http://{server.address}/v1/checks/batch")
        by_clock.append(count / (time.monotonic() - began))
        by_cpu.append(count / (server.cpu_s() - before))
        with open(f"{bench.folder}/answers", "rb") as file:
            file.seek(-200, os.SEEK_END)
            summary = json.loads(file.read().splitlines()[-1])["summary"]
        if out != "200" or summary["asked"] != count or summary["invalid"]:
            raise SystemExit(f"batch: {out}, {summary}")
    server.end()
    os.remove(lines)
    os.remove(f"{bench.folder}/answers")
    told = f"{statistics.median(by_cpu):,.0f}/s of CPU, {statistics.median(by_clock):,.0f}/s by the clock"
    say(f"batch, one core: {told}")
    return [("Batch, `durable`, checks a second of one core", told, "≥ 1,000,000")]


def open_loop(bench):
    """Latency from the intended start at a rate that does not wait for answers; then the same while releases swap and
    corrections come."""
    store = published(bench)
    source = follow(bench, store)
    rows = []
    server = servers.xinhe(bench, "durable", source=source, cpus="0,1", workers=2)
    calm = latency(bench, server, bench.rate, bench.open_seconds, "calm")
    with Busy(bench, store, server) as busy:
        swapped = latency(bench, server, bench.rate, max(bench.open_seconds, SWAP_EVERY_S * bench.swaps + 5), "while swapping")
    failed = swapped["errors"] + swapped["timeouts"] + swapped["wrong"]
    # Every connection was busy when the run ended: no answer is missing, but whoever reads the row should know.
    unsent = f"; {swapped['dropped']} were due at the end and not sent" if swapped["dropped"] else ""
    swaps = metric(server, "xinhe_release_swaps_total") - 1
    server.end()
    offered = f"Open loop, {bench.rate:,}/s, `durable`, p99.9 from the intended start"
    one, other = calm["response_time_us"]["p999"] / 1000, swapped["response_time_us"]["p999"] / 1000
    rows.append((offered, f"{one:.2f} ms ({calm['achieved_rate']:,.0f}/s answered)", "≤ 1 ms"))
    rows.append((f"The same, a swap every {SWAP_EVERY_S} s and {busy.rate():.0f} corrections/s",
                 f"{other:.2f} ms, {other / one:.2f} × ({swapped['achieved_rate']:,.0f}/s answered)", "≤ 1.2 ×"))
    rows.append((f"Requests that failed over {swaps:.0f} swaps", f"{failed} of {swapped['answered']:,}{unsent}", "0 over 20"))
    return rows


def latency(bench, server, rate, seconds, what):
    result = drive.load(bench, server.address, rate, seconds, 64, bench.organisations)
    found = result["response_time_us"]
    own = result["generator"]
    say(f"open loop, {what}: p50 {found['p50']:.0f} µs, p99 {found['p99']:.0f} µs, p99.9 {found['p999']:.0f} µs; "
        f"{result['achieved_rate']:,.0f}/s of {rate:,}/s; the generator's own lateness p99.9 {own['own_lateness_us']['p999']:.0f} µs")
    return result


def start(bench):
    """From the start of the process to its line that says it is ready: everything in the page cache, the release in the
    server's own cache and verified before."""
    source = follow(bench, published(bench))
    times = []
    for turn in range(6):
        server = servers.xinhe(bench, "durable", source=source, cpus="0,1", workers=2)
        server.end()
        # The first one fetched the release.
        times += [server.ready_s * 1000] if turn > 0 else []
    told = f"{statistics.median(times):.0f} ms (median of {len(times)})"
    say(f"start to ready, warm, {bench.subjects:,} subjects: {told}")
    return [(f"Start to ready, warm, {bench.subjects:,} subjects", told, "≤ 100 ms")]


def corrections(bench):
    """From the end of `xinhe correct` to the first check that shows it."""
    store = published(bench)
    server = servers.xinhe(bench, "durable", source=follow(bench, store), cpus="0,1", workers=2)
    shown, took = hits(bench, server), []
    for _ in range(bench.corrections):
        record, body = next(shown)
        correct(bench, store, "suspended", record)
        began = time.monotonic()
        while record in ask(server, body):
            if time.monotonic() - began > 60:
                raise SystemExit(f"{record} still shows after a minute")
            time.sleep(0.005)
        took.append(time.monotonic() - began)
    server.end()
    took.sort()
    told = f"p50 {took[len(took) // 2] * 1000:.0f} ms, p99 {took[int(len(took) * 0.99)] * 1000:.0f} ms of {len(took)}"
    say(f"correction to effect: {told}")
    return [("Correction to effect", told, "p99 ≤ 1 s")]


def overload(bench):
    """Three times as much as it can do is asked of it; what it cannot do it refuses at once."""
    server = servers.xinhe(bench, "durable", settings=["limits.client_requests_max=128"])
    # The same generator in a closed loop: another would ask in another rhythm.
    peak = lambda: drive.load(bench, server.address, None, bench.seconds, 128, bench.organisations, warmup=None)["achieved_rate"]
    peaks, ratios, results = [peak()], [], []
    for _ in range(OVERLOADS):
        # All of it counts, also what was due before the server was behind.
        result = drive.load(bench, server.address, round(3 * peaks[-1]), bench.open_seconds, 1024, bench.organisations, warmup=None)
        peaks.append(peak())
        goodput = result["by_status"].get("200", 0) / result["elapsed_s"]
        ratios.append(goodput / statistics.mean(peaks[-2:]))
        results.append(result)
        say(f"overload: peak {peaks[-2]:,.0f} and {peaks[-1]:,.0f}/s, offered {result['offered_rate']:,.0f}/s, answered {goodput:,.0f}/s, "
            f"refused {result['refused']:,}, service time p99 {result['service_time_us']['p99']:.0f} µs")
    buckets = histogram(server, "xinhe_check_microseconds")
    bound = next(bound for bound, count in buckets if count >= 0.99 * buckets[-1][1])
    server.end()
    reached = statistics.median(result["answered"] / result["elapsed_s"] for result in results)
    p99_ms = statistics.median(result["service_time_us"]["p99"] for result in results) / 1000
    return [("Overload, asked for 3 × the peak: goodput",
             f"{statistics.median(ratios):.2f} × of {statistics.median(peaks):,.0f}/s ({reached:,.0f}/s reached it)", "≥ 0.9 ×"),
            ("Overload: p99 of accepted, inside the server", f"≤ {bound} µs", "≤ 5 ms"),
            ("Overload: p99 of all answers, from the send", f"{p99_ms:.1f} ms", "")]


class Busy:
    """Swaps every few seconds, and corrections as fast as wanted, until it is left."""

    def __init__(self, bench, store, server):
        self.bench, self.store, self.server = bench, store, server
        self.over, self.done, self.began = threading.Event(), 0, 0.0
        self.shown = hits(bench, server)

    def __enter__(self):
        self.threads = [threading.Thread(target=work) for work in (self.swap, self.correct)]
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.ended = time.monotonic()

    def swap(self):
        names, turn = releases(self.bench, self.store), 0
        while not self.over.wait(SWAP_EVERY_S):
            city.run(self.bench.tool, "pin", names[turn % 2], "--store", self.store, "--key", f"{self.bench.keys}/release.key")
            turn += 1

    def correct(self):
        while not self.over.wait(max(0.0, self.began + self.done / self.bench.corrections_rate - time.monotonic())):
            correct(self.bench, self.store, "suspended", next(self.shown)[0])
            self.done += 1

    def rate(self):
        return self.done / (self.ended - self.began)


def published(bench):
    """A store with two releases, made once for a run."""
    folder = f"{bench.folder}/store-{bench.subjects}"
    store = f"file://{folder}"
    if os.path.exists(f"{folder}/current"):
        return store
    other = f"{bench.release}-2"
    if not os.path.exists(f"{other}/manifest.json"):
        tables = f"{bench.folder}/city-{bench.subjects}"
        city.run(bench.tool, "generate", "--out", tables, "--subjects", bench.subjects, "--format", "parquet")
        city.run(bench.tool, "build", "--input", tables, "--catalog", f"{city.ROOT}/tools/catalog", "--out", other,
                 "--person-key", f"{bench.keys}/person.key", "--previous", bench.release)
        subprocess.run(["rm", "-r", tables], check=True)
    for release in (bench.release, other):
        with open(f"{release}/quality.json") as file:
            tripped = [one["name"] for one in json.load(file)["guardrails"] if one["tripped"]]
        accept = [word for name in tripped for word in ("--accept", name)]
        city.run(bench.tool, "publish", release, "--store", store, "--key", f"{bench.keys}/release.key", *accept)
    subprocess.run(["rm", "-r", other], check=True)
    return store


def follow(bench, store):
    return [f'store = "{store}"', f'cache = "{bench.folder}/cache-{bench.subjects}"', f'public_key = "{bench.keys}/release.pub"']


def releases(bench, store):
    return sorted(os.listdir(f"{store.removeprefix('file://')}/releases"))[:2]


def correct(bench, store, kind, record):
    city.run(bench.tool, "correct", kind, "--store", store, "--key", f"{bench.keys}/release.key", "--record", record,
             "--document", "试修〔2026〕1号", "--authority", "试验局", "--reason", "试验")


def ask(server, body):
    headers = {"Authorization": f"Bearer {servers.TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{server.address}/v1/checks", data=body.encode(), headers=headers)
    with urllib.request.urlopen(request) as reply:
        return {hit["record"] for hit in json.loads(reply.read())["hits"]}


def earlier(bench):
    """Records that corrections of the store name: what is resumed today is not hidden by a second stay of today."""
    named = set()
    for path in glob.glob(f"{bench.folder}/store-{bench.subjects}/corrections/*.json"):
        with open(path) as file:
            named.update(re.findall(r"r-[0-9a-z]{26}", file.read()))
    return named


def hits(bench, server):
    """Records that show now and that no earlier trial on this store corrected, each with the question that shows it."""
    corrected = earlier(bench)
    with open(bench.organisations) as file:
        for body in file:
            found = sorted(record for record in ask(server, body.strip()) if record != "state" and record not in corrected)
            if found:
                yield found[0], body.strip()
    raise SystemExit("no organisation has a hit")


def scrape(server):
    with urllib.request.urlopen(f"http://{server.ops}/metrics") as reply:
        return [line.rsplit(" ", 1) for line in reply.read().decode().splitlines() if line and not line.startswith("#")]


def metric(server, name):
    return next(float(value) for key, value in scrape(server) if key == name)


def histogram(server, name):
    found = [(key.split('"')[1], float(value)) for key, value in scrape(server) if key.startswith(f"{name}_bucket")]
    return sorted(((float("inf") if bound == "+Inf" else int(bound), count) for bound, count in found))
