"""The servers of a run: started on loopback, on one processor, and ended with the run."""

import atexit
import contextlib
import glob
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

SERVER_CPU, CALLER_CPU = "0", "1"
TOKEN = "bench-" + "0123456789abcdef" * 2


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_port(port, child, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until and child.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"{child.args[:4]} does not listen")


class Server:
    """A process with its threads and children, and the address where it answers."""

    def __init__(self, name, child, address):
        self.name, self.child, self.address = name, child, address
        atexit.register(self.end)

    def cpu_s(self):
        """Seconds of CPU of all its threads; of children too, those that have ended included."""
        total = 0.0
        for pid in [self.child.pid, *self.children()]:
            for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                with contextlib.suppress(OSError), open(path) as file:
                    total += int(file.read().split()[0]) / 1e9
        with open(f"/proc/{self.child.pid}/stat") as file:
            after_name = file.read().rpartition(")")[2].split()
        return total + (int(after_name[13]) + int(after_name[14])) / os.sysconf("SC_CLK_TCK")

    def children(self):
        found = []
        for path in glob.glob(f"/proc/{self.child.pid}/task/*/children"):
            with contextlib.suppress(OSError), open(path) as file:
                found += [int(pid) for pid in file.read().split()]
        return found

    def end(self):
        atexit.unregister(self.end)
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT if self.name == "PostgreSQL" else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.child.wait(30)
            self.child.kill()
        return self.child.wait()


def pinned(*command):
    return ["taskset", "-c", SERVER_CPU, *map(str, command)]


def baseline(bench, kind):
    child = subprocess.Popen(pinned(bench.baselines, kind, "127.0.0.1:0"), stdout=subprocess.PIPE, text=True)
    return Server(kind, child, child.stdout.readline().strip())


def nginx(bench):
    port = free_port()
    folder = os.path.join(bench.folder, "nginx")
    os.makedirs(folder, exist_ok=True)
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w") as file:
        file.write(f"""worker_processes 1; daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{'x' * 256}"; }} }} }}
""")
    child = subprocess.Popen(pinned("nginx", "-c", config, "-p", folder), stderr=subprocess.DEVNULL)
    await_port(port, child)
    return Server("nginx", child, f"127.0.0.1:{port}")


def redis(bench, keys):
    port = free_port()
    folder = os.path.join(bench.folder, "redis")
    os.makedirs(folder, exist_ok=True)
    child = subprocess.Popen(pinned("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder,
                                    "--appendonly", "no"), stdout=subprocess.DEVNULL)
    await_port(port, child)
    value = "x" * 256
    fill = ["redis-benchmark", "-p", str(port), "-n", str(keys), "-r", str(keys), "-P", "64", "-q", "SET", "key:__rand_int__", value]
    subprocess.run(fill, check=True, stdout=subprocess.DEVNULL)
    return Server("Redis", child, f"127.0.0.1:{port}")


def postgres(bench, rows):
    """A cluster of its own, whose owner is not root: PostgreSQL refuses that."""
    found = shutil.which("initdb") or max(glob.glob("/usr/lib/postgresql/*/bin/initdb"), default=None)
    if not found:
        raise SystemExit("no initdb; install PostgreSQL")
    programs, port = os.path.dirname(found), free_port()
    folder = os.path.join(bench.folder, "postgres")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, mode=0o700)
    options = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        options = {"user": owner.pw_uid, "group": owner.pw_gid}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run([f"{programs}/initdb", "-D", folder, "-A", "trust", "-U", "bench", "--no-sync"], check=True, **options, **quiet)
    child = subprocess.Popen(pinned(f"{programs}/postgres", "-D", folder, "-p", port, "-k", folder, "-c", "shared_buffers=2GB",
                                    "-c", "fsync=off", "-c", "max_wal_size=1GB", "-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_connections=300"), **options, **quiet)
    await_port(port, child)
    server = Server("PostgreSQL", child, f"127.0.0.1:{port}")
    sql = (f"create table subject (id bigint primary key, data text not null); insert into subject "
           f"select n, repeat('x', 256) from generate_series(1, {rows}) n; vacuum analyze subject;")
    for statement in sql.split("; "):
        subprocess.run(["psql", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "bench", "-d", "postgres", "-c", statement],
                       check=True, stdout=subprocess.DEVNULL)
    return server


def xinhe(bench, acknowledge, *, workers=1, source=None, settings=(), cpus=SERVER_CPU):
    """Serves the release, or with `source` a store; every start has an empty audit folder of its own."""
    folder = os.path.join(bench.folder, "served")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(f"{folder}/clients.toml", "w") as file:
        file.write(f"""[[client]]
id = "hall-370402"
department = "枣庄市市中区行政审批服务局"
division = "370402"
token_sha256 = ["{hashlib.sha256(TOKEN.encode()).hexdigest()}"]
matters = ["*"]
persons = "statutory"
rate_per_second = 10000000
persons_per_day = 10000000
""")
    keys = bench.keys
    lines = ["[listen]", 'api = "127.0.0.1:0"', 'ops = "127.0.0.1:0"', "[release]", f'person_key = "{keys}/person.key"',
             *(source or [f'dir = "{bench.release}"']), "[audit]", f'dir = "{folder}/audit"',
             f'key = "{keys}/audit.key"', f'acknowledge = "{acknowledge}"', "[clients]", f'file = "{folder}/clients.toml"',
             "[workers]", f"count = {workers}"]
    with open(f"{folder}/server.toml", "w") as file:
        file.write("\n".join(lines) + "\n")
    sets = [word for setting in settings for word in ("--set", setting)]
    began = time.monotonic()
    with open(f"{folder}/log", "w") as log:
        child = subprocess.Popen(["taskset", "-c", cpus, bench.server, "--config", f"{folder}/server.toml", *sets],
                                 stdout=subprocess.PIPE, stderr=log, text=True)
    line = child.stdout.readline()
    if not line:
        raise SystemExit(open(f"{folder}/log").read())
    ready = json.loads(line)
    server = Server("xinhe", child, ready["api"])
    server.ops, server.ready_s, server.release = ready["ops"], time.monotonic() - began, ready["release"]
    return server
