#!/usr/bin/env bash
# Puts the program that was decided on into its folder, unless it lies there: downloads a release, which must have the checksum that
# stands in checksums.txt, or builds the action's own source.
#
# STEADFAST_RELEASES names another place with the same files, such as a mirror; their checksums are the same.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=action/sha256.sh
source "$here/sha256.sh"
home=https://github.com/steadfast-lint/steadfast/releases/download

fail() {
  echo "::error title=steadfast::$*"
  exit 1
}

bin=$STEADFAST_FOLDER/steadfast

# Moves a finished program to its place, so that nobody ever sees half of one.
place() {
  mkdir -p "$STEADFAST_FOLDER"
  cp "$1" "$bin.$$"
  chmod 755 "$bin.$$"
  mv "$bin.$$" "$bin"
}

download() {
  local archive=steadfast-$STEADFAST_RELEASE-$STEADFAST_TARGET.tar.gz
  local from=${STEADFAST_RELEASES:-$home}/v$STEADFAST_RELEASE/$archive
  local work expected actual
  work=$(mktemp -d "$RUNNER_TEMP/steadfast-download.XXXXXX")
  # The token goes by standard input, where no list of processes shows it, and to nobody but github.com.
  case "$from" in
    https://github.com/*) [ -z "$STEADFAST_TOKEN" ] || printf 'header = "Authorization: Bearer %s"\n' "$STEADFAST_TOKEN" ;;
  esac | curl --config - --fail --silent --show-error --location --retry 3 --output "$work/$archive" "$from" ||
    fail "$from could not be downloaded"
  expected=$(sed -n "s/^\([0-9a-f]\{64\}\)  ${archive//./\\.}\$/\1/p" "$here/checksums.txt")
  actual=$(sha256 <"$work/$archive")
  [ -n "$expected" ] && [ "$actual" = "$expected" ] ||
    fail "$archive is not what was released: its checksum is $actual, and should be $expected"
  tar -xzf "$work/$archive" -C "$work" --strip-components=1
  place "$work/steadfast"
  rm -rf "$work"
}

build() {
  echo "::notice title=steadfast::built from source, which takes some minutes; the result is kept in the cache. Releases are quicker."
  command -v cargo >/dev/null ||
    fail "there is no release for this ref of the action, and no cargo to build it with: install Rust before this step"
  local work=${CARGO_TARGET_DIR:-$RUNNER_TEMP/steadfast-build}
  cargo build --locked --release --manifest-path "$(dirname "$here")/Cargo.toml" --target-dir "$work" ||
    fail "steadfast could not be built"
  place "$work/release/steadfast"
}

if [ -x "$bin" ]; then
  echo "steadfast is there already: $bin"
elif [ -n "$STEADFAST_RELEASE" ]; then
  download
else
  build
fi

version=$("$bin" --version)
version=${version#steadfast }
[ -z "$STEADFAST_RELEASE" ] || [ "$version" = "$STEADFAST_RELEASE" ] ||
  fail "$bin is version $version, and should be $STEADFAST_RELEASE"
{
  echo "bin=$bin"
  echo "version=$version"
} >>"$GITHUB_OUTPUT"
