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

if ! command -v cargo >/dev/null; then
    say 'no cargo; install Rust with rustup, see https://rustup.rs'
    exit 1
fi
# rust-toolchain.toml names the toolchain; a rustup that may not install by itself is told to.
if ! cargo --version >/dev/null 2>&1 && command -v rustup >/dev/null; then
    say 'installing the toolchain of rust-toolchain.toml'
    rustup toolchain install
fi

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
