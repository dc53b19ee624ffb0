#!/usr/bin/env bash
# Ray 2.60.0: a program that starts a cluster for itself, ends it and is gone changes what a later
# `ray start --head` does, so that a program given that cluster's address does not get in.
#
# What one would guess (ours was written down after we had met the behaviour): `ray.init(address="local")` with `ray.shutdown()` leaves
# nothing behind but log files. Afterwards, as before, `ray start --head` in one shell and
# `ray.init(address="127.0.0.1:PORT")` in another, by the same person on the same machine, connect.
#
# Seen: the local run writes ~/.ray/auth_token. From then on `ray start --head` finds that file and
# asks for the token, with a warning of its own; `ray.init(address="HOST:PORT")` sends none, although
# it can read the same file, since only `ray.init()` and `address="auto"` look for it. After some
# 20 seconds it raises "ConnectionError: Failed to connect to Ray cluster at ...", in which no token
# is named. It connects with RAY_AUTH_MODE=token, if that is set before ray is imported.
# Without the local run all of it connects.
#
# Needs bash, Python 3.11 and pip; takes a minute or two. Exit 0: as described. Exit 1: it changed.
set -euo pipefail

folder=$(mktemp -d)
head_pid=""
end_head() {
    if [ -n "$head_pid" ]; then
        kill -KILL -- "-$head_pid" 2>/dev/null || true
        wait "$head_pid" 2>/dev/null || true
        head_pid=""
    fi
}
trap 'end_head; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ray==2.60.0
python="$folder/venv/bin/python"
unset RAY_AUTH_MODE RAY_AUTH_TOKEN RAY_AUTH_TOKEN_PATH RAY_ADDRESS
export HOME="$folder/home" RAY_TMPDIR="$folder/t" RAY_USAGE_STATS_ENABLED=0
mkdir -p "$HOME" "$RAY_TMPDIR"

start_head() {  # a head of its own process group, until it says that it runs
    port=$("$python" -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
    setsid "$folder/venv/bin/ray" start --head --block --num-cpus=1 --port="$port" \
        --object-store-memory=80000000 --include-dashboard=false >"$folder/head.log" 2>&1 &
    head_pid=$!
    for _ in $(seq 300); do
        if grep -q "Ray runtime started" "$folder/head.log"; then return; fi
        sleep 0.5
    done
    cat "$folder/head.log"
    exit 1
}
connects() {
    "$python" -c "import ray; ray.init(address='127.0.0.1:$port', log_to_driver=False)" \
        >"$folder/client.log" 2>&1
}

start_head
connects || { echo "CHANGED: no connection, before any local run"; exit 1; }
end_head
[ ! -e "$HOME/.ray/auth_token" ] || { echo "CHANGED: there is a token already"; exit 1; }
echo "before a local run: connected"

"$python" -c "
import ray
ray.init(address='local', num_cpus=1, object_store_memory=80_000_000, include_dashboard=False)
ray.shutdown()" >"$folder/local.log" 2>&1
[ -e "$HOME/.ray/auth_token" ] || { echo "CHANGED: a local run leaves no token"; exit 1; }
echo "a local run left ~/.ray/auth_token"

start_head
if connects; then echo "CHANGED: connected after a local run, too"; exit 1; fi
grep "ConnectionError: Failed to connect" "$folder/client.log"
if grep "ConnectionError" "$folder/client.log" | grep -qi token; then
    echo "CHANGED: the error names the token"
    exit 1
fi
RAY_AUTH_MODE=token connects || { echo "CHANGED: no connection with RAY_AUTH_MODE=token"; exit 1; }
echo "after it: only with RAY_AUTH_MODE=token"
