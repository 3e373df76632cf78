# What the scripts that prepare the tests share. Sourced, from the project's folder, behind `set -euo pipefail`.

# Tools of the tests, each in a folder of its own that is kept between runs.
test_tools="${CARGO_TARGET_DIR:-target}/test-tools"
mkdir -p "$test_tools"
test_tools=$(cd "$test_tools" && pwd)

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# need WHAT ADVICE PACKAGE…: installs packages, or says how to install what is missing and ends.
need() {
    local what=$1 advice=$2
    shift 2
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        say "no $what; install it: $advice"
        exit 1
    fi
    say "no $what; installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# python_tools FOLDER PACKAGE…: an environment that holds exactly these packages. What was cut short is made anew.
python_tools() {
    local folder=$1
    shift
    [ "$(cat "$folder/packages" 2>/dev/null)" != "$*" ] || return 0
    if ! python3 -c 'import ensurepip, tomllib, venv' >/dev/null 2>&1; then
        need 'Python 3.11 with venv' 'apt-get install python3 python3-venv, or dnf install python3' python3 python3-venv
    fi
    say "installing $* in $folder"
    rm -rf "$folder"
    python3 -m venv "$folder" >&2
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
    echo "$*" >"$folder/packages"
}
