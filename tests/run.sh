#!/usr/bin/env bash
# Installs what the tests need where it is missing, then runs all tests.
# Its last line is `N passed, N failed`; it fails if a test fails or does not run to its end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'run.sh: %s\n' "$*" >&2; }

# zstd and mimalloc are C, and rustc links with cc.
if ! command -v cc >/dev/null; then
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        say 'no C compiler; installing build-essential'
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends build-essential >/dev/null
    else
        say 'no C compiler (cc); install one: apt-get install build-essential, or dnf install gcc'
        exit 1
    fi
fi

# Some tests read tables from a PostgreSQL server that they start themselves.
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        say 'no PostgreSQL server; installing postgresql'
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        # Without a cluster of its own that would run as a service.
        mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    else
        say 'no PostgreSQL server (initdb); install one: apt-get install postgresql, or dnf install postgresql-server'
        exit 1
    fi
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
tools="${CARGO_TARGET_DIR:-target}/test-tools"
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)
s3="$tools/s3"
s3_packages=('moto[s3]==5.2.5' 'flask==3.1.3' 'flask-cors==6.0.5')
if [ "$(cat "$s3/packages" 2>/dev/null)" != "${s3_packages[*]}" ]; then
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
            say 'no python3 with venv; installing python3-venv'
            export DEBIAN_FRONTEND=noninteractive
            apt-get update -qq
            apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        else
            say 'no python3 with venv; install it: apt-get install python3-venv'
            exit 1
        fi
    fi
    say "installing an S3 server for the tests in $s3"
    rm -rf "$s3"
    python3 -m venv "$s3"
    "$s3/bin/python" -m pip install --quiet --disable-pip-version-check "${s3_packages[@]}"
    # Only now it counts: what was cut short is installed anew.
    echo "${s3_packages[*]}" >"$s3/packages"
fi
export XINHE_TEST_S3_PYTHON="$s3/bin/python"
# The oracle test asks DuckDB.
bash tests/oracle/install.sh

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
