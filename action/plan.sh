#!/usr/bin/env bash
# Decides what will run and where its program lies: a release of which this ref of the action knows the checksum, else the action's
# own source. Downloads and builds nothing. Written for bash 3.2, which is what macOS has.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=action/sha256.sh
source "$here/sha256.sh"

fail() {
  echo "::error title=steadfast::$*"
  exit 1
}

case "$RUNNER_OS-$RUNNER_ARCH" in
  Linux-X64) target=x86_64-unknown-linux-musl ;;
  Linux-ARM64) target=aarch64-unknown-linux-musl ;;
  macOS-ARM64) target=aarch64-apple-darwin ;;
  macOS-X64) target=x86_64-apple-darwin ;;
  *) fail "this action runs on Linux and macOS, not on $RUNNER_OS $RUNNER_ARCH" ;;
esac

known=$(sed -n 's/^[0-9a-f]\{64\}  steadfast-\([0-9].*\)-'"$target"'\.tar\.gz$/\1/p' "$here/checksums.txt")
case "$STEADFAST_VERSION" in
  "") release=$(tail -n 1 <<<"$known") ;;
  source) release= ;;
  *)
    grep -Fqx -- "$STEADFAST_VERSION" <<<"$known" ||
      fail "this ref of the action knows no checksum of version '${STEADFAST_VERSION//[^A-Za-z0-9.+-]/?}' for $target." \
        "It knows: ${known:-none}. Take a newer ref of the action, or the version \`source\`."
    release=$STEADFAST_VERSION
    ;;
esac

if [ -n "$release" ]; then
  name=$release
else
  name=source-$(cd "$here/.." && {
    files=$(find -L Cargo.toml Cargo.lock build.rs src rules -type f | LC_ALL=C sort)
    printf '%s\n' "$files"
    xargs cat <<<"$files"
  } | sha256 | cut -c 1-20)
fi
{
  echo "release=$release"
  echo "target=$target"
  echo "key=steadfast-$name-$target"
  echo "folder=${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/steadfast/$name/$target"
} >>"$GITHUB_OUTPUT"
