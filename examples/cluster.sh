#!/usr/bin/env bash
# Three chat servers that are one, over an engine of their own:
#
#   examples/cluster.sh          over Redis
#   examples/cluster.sh nats     over NATS
#
# Open the three printed addresses: what is said on one is heard on all, and the page shows which
# server it is connected to. Ctrl-C stops everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

engine=${1-redis}
port=${ENGINE_PORT:-7399}
case "$engine" in
  redis)
    server=(redis-server --port "$port" --bind 127.0.0.1 --save "")
    url=redis://127.0.0.1:$port
    ;;
  nats)
    server=(nats-server -a 127.0.0.1 -p "$port")
    url=nats://127.0.0.1:$port
    ;;
  *) echo "usage: $0 [redis|nats]" >&2 && exit 2 ;;
esac
command -v "${server[0]}" >/dev/null || { echo "install ${server[0]} first" >&2 && exit 1; }

cargo build --release -p phx-examples --bin chat
target=${CARGO_TARGET_DIR:-target}

pids=()
stop() {
  trap - EXIT
  # Those who talk over the engine end before it does.
  for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
    kill "${pids[at]}" 2>/dev/null || true
    wait "${pids[at]}" 2>/dev/null || true
  done
}
trap stop EXIT
trap 'exit 0' INT TERM

"${server[@]}" >/dev/null &
pids+=($!)
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done

first=${PORT:-4001}
for number in 1 2 3; do
  PORT=$((first + number - 1)) NODE=chat-$number CLUSTER=$url \
    SECRET=${SECRET:-a secret that all three of them know} "$target/release/chat" &
  pids+=($!)
done
wait
