#!/usr/bin/env bash
# Installs DuckDB for Python under target/oracle where it is missing: for the oracle test and for benches/build/run.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

duckdb=2.0.0
python=target/oracle/bin/python

say() { printf 'oracle: %s\n' "$*" >&2; }

if "$python" -c "import duckdb, sys; sys.exit(duckdb.__version__ != '$duckdb')" >/dev/null 2>&1; then
    exit
fi
if ! python3 -c 'import ensurepip, tomllib, venv' >/dev/null 2>&1; then
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        say 'no Python 3.11 with venv; install it: apt-get install python3 python3-venv, or dnf install python3'
        exit 1
    fi
    say 'no Python 3.11 with venv; installing it'
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
fi
say "installing DuckDB $duckdb under target/oracle"
rm -rf target/oracle
python3 -m venv target/oracle
"$python" -m pip install --quiet --disable-pip-version-check "duckdb==$duckdb"
