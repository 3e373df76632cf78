#!/usr/bin/env bash
# Serves a generated city and measures it beside servers that do nothing, a cache and a database; writes benches/RESULTS.md.
# benches/serve/run.sh --help tells the settings. Compare ratios: the seconds are of this machine in this run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source tests/needs.sh

for tool in wrk nginx redis-server pgbench; do
    command -v "$tool" >/dev/null && continue
    # No service of them is wanted: the script starts its own, on loopback, and ends them.
    export RUNLEVEL=1
    case $tool in
        wrk) need wrk 'apt-get install wrk' wrk ;;
        nginx) need nginx 'apt-get install nginx-light' nginx-light ;;
        redis-server) need Redis 'apt-get install redis-server' redis-server ;;
        pgbench)
            mkdir -p /etc/postgresql-common
            [ -e /etc/postgresql-common/createcluster.conf ] ||
                echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
            need PostgreSQL 'apt-get install postgresql' postgresql postgresql-contrib
            ;;
    esac
done

target=${CARGO_TARGET_DIR:-target}
cargo build --release --locked --quiet --package xinhe --bin xinhe-server
[ -n "${XINHE_BENCH_TOOL:-}" ] || cargo build --release --locked --quiet --package xinhe-tools --bin xinhe
[ -n "${XINHE_BENCH_LOAD:-}" ] || cargo build --release --locked --quiet --package xinhe-load
cargo build --release --locked --quiet --manifest-path benches/serve/baselines/Cargo.toml --target-dir "$target"
target=$(cd "$target/release" && pwd)
exec python3 benches/serve/bench.py --server "$target/xinhe-server" --baselines "$target/baselines" \
    --tool "${XINHE_BENCH_TOOL:-$target/xinhe}" --load "${XINHE_BENCH_LOAD:-$target/xinhe-load}" "$@"
