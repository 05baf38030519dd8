#!/bin/sh
# Runs the Autobahn WebSocket fuzzing client against the echo example: cases 1 to 11 on the plain
# mount, 12 and 13 (permessage-deflate) on the compressing one. Fails if a case does. The results
# are written to book/src/autobahn.md, the full report to target/autobahn/.
#
#   phx-runtime/autobahn/run.sh            all cases, about seven minutes
#   phx-runtime/autobahn/run.sh '6.*'      some cases on the plain mount; the book stays as it is
#   phx-runtime/autobahn/run.sh '' '12.1.*'    some on the compressing mount
#
# The client needs Python 2.7. It is taken from $PYTHON27, from the path, or from pyenv
# (`pyenv install 2.7.18`); what it needs is installed from PyPI into target/autobahn/.
set -eu

cd "$(dirname "$0")/../.."
here=phx-runtime/autobahn
target=${CARGO_TARGET_DIR:-target}
work=$target/autobahn
mkdir -p "$work" book/src

find_python27() {
    for python in "${PYTHON27:-}" python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python; do
        if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "No Python 2.7 found: set PYTHON27, or run 'pyenv install 2.7.18'." >&2
    return 1
}

if [ ! -x "$work/python/bin/wstest" ]; then
    python27=$(find_python27)
    # Newer versions of virtualenv cannot make environments for Python 2.
    python3 -m venv "$work/virtualenv"
    "$work/virtualenv/bin/pip" install --quiet 'virtualenv<20.22'
    "$work/virtualenv/bin/virtualenv" --quiet --python "$("$python27" -c 'import sys; print(sys.executable)')" "$work/python"
    "$work/python/bin/pip" install --quiet --no-python-version-warning autobahntestsuite==25.10.1
fi

cargo build --quiet --release --package phx-examples --bin echo
PORT=0 "$target/release/echo" >"$work/server.log" 2>&1 &
server=$!
trap 'kill $server' EXIT
until grep -q /compress/ "$work/server.log"; do
    kill -0 $server
    sleep 0.1
done
address=$(sed -n 's|^Echoing at ws://\(.*\)/rawecho/.*|\1|p' "$work/server.log")

# run MOUNT CASE...
run() {
    mount=$1
    shift
    cases=$(printf '"%s", ' "$@")
    rm -rf "$work/$mount"
    cat >"$work/$mount.json" <<END
{
    "outdir": "$work/$mount",
    "servers": [{ "agent": "phx", "url": "ws://$address/$mount/websocket" }],
    "cases": [${cases%, }],
    "exclude-cases": [],
    "exclude-agent-cases": {}
}
END
    "$work/python/bin/wstest" --mode fuzzingclient --spec "$work/$mount.json" >"$work/$mount.log" 2>&1
}

if [ $# -eq 0 ]; then
    run rawecho '1.*' '2.*' '3.*' '4.*' '5.*' '6.*' '7.*' '8.*' '9.*' '10.*' '11.*'
    run compress '12.*' '13.*'
    python3 $here/summary.py "$work/rawecho/index.json" "$work/compress/index.json" >"$work/autobahn.md"
    cp "$work/autobahn.md" book/src/autobahn.md
else
    [ -z "$1" ] || run rawecho "$1"
    [ $# -lt 2 ] || run compress "$2"
    for mount in ${1:+rawecho} ${2:+compress}; do
        python3 $here/summary.py "$work/$mount/index.json"
    done
fi
