# shellcheck shell=bash
# Prints the SHA-256 of standard input: Linux and macOS have different programs for it.
sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}
