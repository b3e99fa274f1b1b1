#!/usr/bin/env bash
# Run a step of a recipe and say how long it took: step.sh NAME COMMAND...; step.sh --total sums what this make did.
set -u
log="${TMPDIR:-/tmp}/wardround-steps.$PPID"
if [ "$1" = "--total" ]; then
  awk -F'\t' '{printf "  %6.1f s  %s\n", $1, $2; sum += $1} END {printf "  %6.1f s  in all\n", sum}' "$log"
  rm -f "$log"
  exit 0
fi
name=$1; shift
printf '── %s\n' "$name"
start=$(date +%s.%N)
"$@"; code=$?
awk -v a="$start" -v b="$(date +%s.%N)" -v n="$name" 'BEGIN {printf "%.1f\t%s\n", b - a, n}' >> "$log"
exit $code
