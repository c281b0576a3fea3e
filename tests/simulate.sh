#!/usr/bin/env bash
# Simulates intervals, tests and the gate at full size, and prints the tables of docs/statistics.md. Some 30 minutes of one core.
# tests/simulate.sh [SCALE [TABLE]]: SCALE times as many draws (1 if not given); only the table of that number, from 1 to 9.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp)
trap 'rm -f "$out"' EXIT
COGNITO_EVAL_SIMULATE=$out COGNITO_EVAL_SIMULATE_SCALE=${1:-1} COGNITO_EVAL_SIMULATE_TABLE=${2:-} \
  dotnet test --project tests/EndToEnd --filter-method '*SimulationTests.The_tables_of_the_documentation' >&2
cat "$out"
