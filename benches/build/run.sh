#!/usr/bin/env bash
# Builds a release of a generated city beside DuckDB sorting the same files, and prints times, memory and their ratio.
# benches/build/run.sh --help tells the settings. Figures are of this machine in this run: compare the ratio, not the seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=$(bash tests/oracle/install.sh)
cargo build --release --locked --quiet --package xinhe-tools --bin xinhe
target=${CARGO_TARGET_DIR:-target}
exec "$python" benches/build/bench.py --xinhe "$target/release/xinhe" "$@"
