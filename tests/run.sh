#!/usr/bin/env bash
# Installs what the tests need where it is missing, then runs all tests.
# Its last line is `N passed, N failed`; it fails if a test fails or does not run to its end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source tests/needs.sh

# zstd and mimalloc are C, and rustc links with cc.
if ! command -v cc >/dev/null; then
    need 'C compiler (cc)' 'apt-get install build-essential, or dnf install gcc' build-essential
fi

# Some tests read tables from a PostgreSQL server that they start themselves.
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    # Without a cluster of its own that would run as a service.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    fi
    need 'PostgreSQL server (initdb)' 'apt-get install postgresql, or dnf install postgresql-server' postgresql
fi

# Others ask a Redis server that they start themselves; no service of it is wanted.
if ! command -v redis-server >/dev/null; then
    RUNLEVEL=1 need 'Redis (redis-server)' 'apt-get install redis-server, or dnf install redis' redis-server
fi

# Sets the clock of a server in tests.
if ! ls /usr/lib*/faketime/libfaketime.so.1 /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1; then
    need 'libfaketime' 'apt-get install libfaketime, or dnf install libfaketime' libfaketime
fi

if ! command -v cargo >/dev/null; then
    say 'no cargo; install Rust with rustup, see https://rustup.rs'
    exit 1
fi
# rust-toolchain.toml names the toolchain; a rustup that may not install by itself is told to.
if ! cargo --version >/dev/null 2>&1 && command -v rustup >/dev/null; then
    say 'installing the toolchain of rust-toolchain.toml'
    rustup toolchain install
fi

# An S3-compatible server for the tests of the release store: moto, in an environment of its own, which is kept.
python_tools "$test_tools/s3" 'moto[s3]==5.2.5' 'flask==3.1.3' 'flask-cors==6.0.5'
export XINHE_TEST_S3_PYTHON="$test_tools/s3/bin/python"
# The oracle test asks DuckDB.
XINHE_TEST_ORACLE_PYTHON=$(bash tests/oracle/install.sh)
export XINHE_TEST_ORACLE_PYTHON

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log" || status=$?

sums=$(awk '/^test result:/ { for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i - 1); if ($i == "failed;") f += $(i - 1) } }
            END { printf "%d %d", p, f }' "$log")
passed=${sums% *} failed=${sums#* }
if [ "$status" = 0 ] && [ "$passed" = 0 ]; then
    say 'no test ran'
    status=1
elif [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    say 'cargo failed: something does not compile, or a test binary did not run to its end'
fi
echo "$passed passed, $failed failed"
exit "$status"
