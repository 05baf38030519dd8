#!/usr/bin/env bash
# Checks everything: style, lints, tests, documentation, the book, and the examples against real
# clients. Installs what is missing. Needs Rust (rustup), Node 20 or newer and python3.
#
#   ./test.sh          everything
#   ./test.sh --fast   without what needs clients of Phoenix or a browser
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly MDBOOK_VERSION=0.5.4
readonly CLIENTS=examples/tests/clients

fast=no
case "${1-}" in
  "") ;;
  --fast) fast=yes ;;
  *) echo "usage: $0 [--fast]" >&2 && exit 2 ;;
esac

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
readonly fast target
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-always}
# A network that is slow is waited for.
export CARGO_NET_RETRY=10 CARGO_HTTP_TIMEOUT=120

# ---- steps

current=start
steps=0

elapsed() {
  printf '%dm%02ds' $(($1 / 60)) $(($1 % 60))
}

summary() {
  local status=$?
  # Whoever is ended by a signal has passed nothing, whatever its status.
  if [ "$status" -eq 0 ] && [ "$current" = done ]; then
    printf '\n== passed: %d steps in %s\n' "$steps" "$(elapsed "$SECONDS")"
  else
    printf '\n== FAILED: %s, after %s\n' "$current" "$(elapsed "$SECONDS")"
  fi
}
trap summary EXIT

# step NAME COMMAND...
step() {
  local started=$SECONDS
  current=$1
  shift
  printf '\n== %s\n' "$current"
  "$@"
  steps=$((steps + 1))
  printf -- '-- %s: %s\n' "$current" "$(elapsed $((SECONDS - started)))"
}

# retry COMMAND...: what needs the network is tried again after a while.
retry() {
  local pause
  for pause in 5 20 60; do
    "$@" && return
    echo "failed: $*; again in $pause s" >&2
    sleep "$pause"
  done
  "$@"
}

# ---- what is needed

has() {
  command -v "$1" >/dev/null 2>&1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

updated=no
apt_install() {
  has apt-get || { echo "install $* first" >&2 && return 1; }
  if [ "$updated" = no ]; then
    retry apt update -qq
    updated=yes
  fi
  retry apt install -y -qq --no-install-recommends "$@"
}

# Another installation is waited for. No service is started: the tests start their own.
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=600 "$@"
}

tools() {
  local missing=0 tool
  for tool in cargo node npm python3; do
    has "$tool" || { echo "missing: $tool" >&2 && missing=1; }
  done
  [ "$missing" -eq 0 ] || return 1
  local node_major
  node_major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$node_major" -ge 20 ] || { echo "Node 20 or newer is needed, not $node_major" >&2 && return 1; }
  has cc || apt_install gcc libc6-dev
  has redis-server && has redis-cli || apt_install redis-server
  has nats-server || apt_install nats-server
  has openssl || apt_install openssl
  cargo fmt --version >/dev/null 2>&1 || retry rustup component add rustfmt
  cargo clippy --version >/dev/null 2>&1 || retry rustup component add clippy
  if [ "$fast" = no ]; then
    [ -n "${CHROMIUM-}" ] || has chromium || apt_install chromium
    export CHROMIUM=${CHROMIUM:-$(command -v chromium)}
  fi
  local program
  for program in nginx haproxy caddy openssl curl; do
    PATH=$PATH:/usr/sbin has "$program" || apt_install "$program"
  done
  install_mdbook
  rustc --version
  echo "node $(node --version), $(python3 --version), $("$mdbook" --version)"
}

packages() {
  retry cargo fetch --locked --target "$(rustc -vV | sed -n 's/^host: //p')"
}

# Whichever mdbook of the right version there is; a missing one goes under the target directory.
mdbook=mdbook
install_mdbook() {
  is_mdbook mdbook && return
  mdbook=$target/tools/bin/mdbook
  is_mdbook "$mdbook" && return
  retry cargo install mdbook --version "$MDBOOK_VERSION" --locked --no-default-features \
    --root "$target/tools" --target-dir "$target/tools/build"
}

is_mdbook() {
  [ "$("$1" --version 2>/dev/null)" = "mdbook v$MDBOOK_VERSION" ]
}

# Installed again only when the lock file or Node changed.
client_packages() {
  local stamp=$CLIENTS/node_modules/.installed-for wanted
  wanted="$(sha256sum <"$CLIENTS/package-lock.json") $(node --version)"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "unchanged"
    return
  fi
  retry npm ci --prefix "$CLIENTS" --no-audit --no-fund
  echo "$wanted" >"$stamp"
}

# ---- what is checked

documentation() {
  RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps --locked
}

# What an application gets that asks for one feature, or for none.
each_feature() {
  local feature
  for feature in "" phoenix redis nats tls; do
    cargo clippy -q -p phx-runtime --features "$feature" --locked -- -D warnings
  done
}

client_tests() {
  (cd "$CLIENTS" && EXAMPLES=$target/clients node --test)
}

step "tools" tools
step "packages" packages
step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
step "lints of each feature alone" each_feature
step "tests, with golden replay, misuse and the book's examples" cargo test --workspace --all-features --locked
step "API documentation" documentation
step "book" "$mdbook" build book
if [ "$fast" = no ]; then
  step "build of what clients meet" \
    cargo build --profile clients --locked -p phx-examples -p phx-transports --bins
  step "client packages" client_packages
  step "stock clients, in Node and in a browser" client_tests
fi
current=done
