#!/usr/bin/env bash
# Measures building and serving on this machine, and writes benches/RESULTS.md: an hour, 30 GB of disk, and nothing else at
# work. `benches/run.sh --small` takes minutes and writes target/bench/small.md: it shows that everything runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/bench"
rows=$target/bench/build.json
case ${1:-} in
    '')
        bash benches/build/run.sh --folder "$target/bench" --rows "$rows"
        serve=(--subjects 5000000 --rate 15000 --swaps 20)
        ;;
    --small)
        bash benches/build/run.sh --folder "$target/bench" --rows "$rows" --records 200000
        serve=(--subjects 20000 --rounds 2 --seconds 1 --rate 2000 --open-seconds 3 --swaps 1 --corrections 3
            --corrections-rate 1 --lines 20000 --results "$target/bench/small.md")
        ;;
    *)
        echo "run.sh: found \`$1\`, expected nothing or --small; one part alone is benches/build/run.sh or benches/serve/run.sh" >&2
        exit 2
        ;;
esac
exec bash benches/serve/run.sh --folder "$target/bench/serve" --rows "$rows" "${serve[@]}"
