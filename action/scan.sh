#!/usr/bin/env bash
# One scan that writes everything: the log, SARIF, JSON, annotations and the job's summary. It does not fail the job: the last step of
# the action does, after the reports are uploaded.
set -euo pipefail

folder=$(mktemp -d "$RUNNER_TEMP/steadfast.XXXXXX")
sarif=$folder/steadfast.sarif
json=$folder/steadfast.json
arguments=(check --color always --output "sarif=$sarif" --output "json=$json"
  --output "markdown=$folder/summary.md" --output "github=$folder/annotations")

flag() { if [ -n "$2" ]; then arguments+=("$1" "$2"); fi; }
flag --config "$STEADFAST_SETTINGS"
flag --fail-on "$STEADFAST_FAIL_ON"
flag --min-severity "$STEADFAST_MIN_SEVERITY"
flag --baseline "$STEADFAST_BASELINE"

# Lists have an entry a line, so that names may have spaces.
each_line() { while IFS= read -r line; do [ -z "${line%$'\r'}" ] || arguments+=("${line%$'\r'}"); done; }
each_line <<<"$STEADFAST_ARGS"
arguments+=(--)
each_line <<<"$STEADFAST_PATHS"

# What stands in files that anybody may have written is no command to the runner: until this word that nobody can guess.
word=$(od -An -N 16 -tx1 /dev/urandom | tr -d ' \n')
code=0
echo "::group::steadfast"
echo "::stop-commands::$word"
"$STEADFAST_BIN" "${arguments[@]}" 2>&1 || code=$?
echo "::$word::"
echo "::endgroup::"

case "$STEADFAST_ANNOTATIONS" in
  true) annotate=true ;;
  auto) if [ "$STEADFAST_UPLOAD" = true ]; then annotate=false; else annotate=true; fi ;;
  *) annotate=false ;;
esac
if [ "$annotate" = true ] && [ -f "$folder/annotations" ]; then cat "$folder/annotations"; fi

if [ "$code" -gt 1 ]; then
  echo "::error title=steadfast::it could not run; the reason stands in the log of this step"
fi
if [ "$STEADFAST_SUMMARY" = true ]; then
  if [ -f "$folder/summary.md" ]; then cat "$folder/summary.md"; else echo "### steadfast could not run"; fi >>"$GITHUB_STEP_SUMMARY"
fi

{
  if [ -f "$sarif" ]; then echo "sarif-file=$sarif"; fi
  if [ -f "$json" ]; then
    echo "json-file=$json"
    if [ "$code" -le 1 ]; then
      echo "findings=$(awk -F '[^0-9]+' '/^ *"by_severity": / { for (i = 1; i <= NF; i++) n += $i } END { print n + 0 }' "$json")"
    fi
  fi
  echo "exit-code=$code"
} >>"$GITHUB_OUTPUT"
