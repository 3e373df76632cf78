#!/usr/bin/env bash
# Installs DuckDB for Python beside the other tools of the tests where it is missing: for the oracle test and for
# benches/build/run.sh. Prints the path of its Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/needs.sh

python_tools "$test_tools/oracle" 'duckdb==2.0.0'
echo "$test_tools/oracle/bin/python"
