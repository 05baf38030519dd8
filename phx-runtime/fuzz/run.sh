#!/bin/sh
# Fuzzes what reads a client's bytes, one target after the other, each for ten minutes. A finding
# stops it and is kept in artifacts/; make a unit test of it before you mend it.
#
#   phx-runtime/fuzz/run.sh              all targets
#   phx-runtime/fuzz/run.sh frames 60    one target, for a minute
#
# frames           the decoder: a stream cut into any reads gives the same messages
# deflate          compressed messages: there and back, limits, damage
# serializers      protocol versions 1 and 2: what decodes is encoded to the same
# older_protocols  what clients of 0.5 to 1.3 speak: the same
# msgpack          MessagePack, a serializer from outside: the same
# lines            lines over TCP, a transport from outside: however cut, the same messages
# events           server-sent events with POST, another one: each message is one event
# patterns         topic patterns: matching, capturing and covering agree
# session          clients in any order of messages: answers, ends, nothing left behind
# admission        parameters, cookies and tokens: bounded, not forged, none hides another
# cluster          payloads of other nodes: nothing handed on twice, no more kept than allowed
# presences        messages about presences of other nodes: nobody leaves who was not there, none stays
# terms            terms of Erlang: there and back, as bytes, as JSON, as messages of Phoenix
# phoenix_tokens   tokens of Phoenix: none is accepted but the server's own
# phoenix_cookies  session cookies and CSRF tokens of Plug: the same
# phoenix_trackers messages about presences of Phoenix nodes: who leaves was there, none stays
#
# It needs a C++ compiler. cargo-fuzz is installed if it is missing; the instrumentation that it
# asks for is a nightly feature of the compiler, which RUSTC_BOOTSTRAP opens in a stable one.
set -eu

cd "$(dirname "$0")"
export RUSTC_BOOTSTRAP=1
all='frames deflate serializers older_protocols msgpack lines events patterns session admission cluster presences terms phoenix_tokens phoenix_cookies phoenix_trackers'
targets=${1:-$all}
seconds=${2:-600}

cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz

for target in $targets; do
    mkdir -p "corpus/$target" "seeds/$target"
    cargo fuzz run --fuzz-dir . "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1
done
