#!/bin/sh
# Runs steadfast and other linters on one folder, and prints how many findings each has and how long it takes.
#
# The numbers do not measure the same: each tool has its own checks, and most of what the others find is about security.
# They say what a person would have to read, and to wait. A linter that is not installed is skipped, and said so.
#
#   benches/peers.sh FOLDER             what is on the PATH
#   benches/peers.sh --install FOLDER   also installs what is missing, with Go, in the versions below
#
# STEADFAST names the program of ours; without it, the one that `cargo build --release` makes. RUNS is how often each runs
# (3); the fastest run counts. PEERS_BIN is where --install puts programs (target/peers).
set -eu

KUBE_SCORE=github.com/zegl/kube-score/cmd/kube-score@v1.20.0
KUBE_LINTER=golang.stackrox.io/kube-linter/cmd/kube-linter@v0.8.3
# Tags of polaris have no `v`, so Go knows it by commit only.
POLARIS=github.com/fairwindsops/polaris@c0e23a2

root=$(cd "$(dirname "$0")/.." && pwd)
bin=${PEERS_BIN:-$root/target/peers}
steadfast=${STEADFAST:-${CARGO_TARGET_DIR:-$root/target}/release/steadfast}
runs=${RUNS:-3}

install=
if [ "${1-}" = --install ]; then
  install=yes
  shift
fi
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
  echo "usage: benches/peers.sh [--install] FOLDER" >&2
  exit 2
fi
folder=$1
PATH=$bin:$PATH
skipped=0
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Whether a peer is there: have NAME MODULE@VERSION
have() {
  command -v "$1" >/dev/null && return
  if [ -n "$install" ]; then
    echo "installing $1 ($2) into $bin" >&2
    if GOBIN=$bin go install "$2" >"$out/install" 2>&1; then return; fi
    tail -n 3 "$out/install" >&2
  fi
  echo "SKIPPED: $1 is not installed" >&2
  skipped=$((skipped + 1))
  return 1
}

# Milliseconds of the fastest run: clock COMMAND…; what it prints stays in $out/found, and $out/errors.
clock() {
  best=
  for _ in $(seq "$runs"); do
    start=$(date +%s%N)
    # Linters end with a code of their own when they find something: what they print says whether they ran.
    "$@" >"$out/found" 2>"$out/errors" || true
    took=$((($(date +%s%N) - start) / 1000000))
    if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
  done
}

# A line of the table: line NAME PATTERN, where each match of the pattern in the output is a finding.
line() {
  if [ ! -s "$out/found" ] && [ -s "$out/errors" ]; then
    echo "FAILED: $1: $(tail -n 1 "$out/errors")" >&2
    skipped=$((skipped + 1))
    return
  fi
  count=$({ grep -o -E "$2" "$out/found" || true; } | wc -l)
  printf '%-28s %9s %9s ms\n' "$1" "$count" "$best"
}

if [ ! -x "$steadfast" ]; then
  echo "no $steadfast: run cargo build --release, or name one with STEADFAST" >&2
  exit 2
fi

# Some take files only, and stop at the first that is no manifest: give them what looks like one.
find "$folder" -type f \( -name '*.yaml' -o -name '*.yml' \) -exec grep -l -E '^apiVersion:' {} + >"$out/files" || true
echo "$folder: $(wc -l <"$out/files") files with manifests, fastest of $runs runs"
printf '%-28s %9s %12s\n' program findings 'wall time'

by_rule='^[^ ].*: (error|warning|info)\['
clock "$steadfast" check --isolated --output concise "$folder"
line 'steadfast' "$by_rule"
clock "$steadfast" check --isolated --select all --output concise "$folder"
line 'steadfast --select all' "$by_rule"
if have kube-score "$KUBE_SCORE"; then
  # It takes no folder, and one universe is one run.
  # shellcheck disable=SC2046
  clock kube-score score --output-format ci $(cat "$out/files")
  line kube-score '^\[(CRITICAL|WARNING)\]'
fi
if have kube-linter "$KUBE_LINTER"; then
  clock kube-linter lint "$folder"
  line kube-linter '\(check: '
  clock kube-linter lint --add-all-built-in "$folder"
  line 'kube-linter, every check' '\(check: '
fi
if have polaris "$POLARIS"; then
  clock polaris audit --audit-path "$folder" --format json
  line polaris '"Success": ?false'
fi
if [ "$skipped" -gt 0 ]; then
  echo "NOT COMPARED: $skipped (see above)" >&2
fi
