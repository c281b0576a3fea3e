#!/usr/bin/env bash
# Fuzzes every kind of file that comes from outside, 10,000 changed files each or as many as the first argument says,
# those that the second argument (a pattern) matches, or all,
# under a heap that may not grow beyond 2 GiB, and prints the table that stands in docs/reliability.md.
set -euo pipefail
cd "$(dirname "$0")/.."
table=$(mktemp)
trap 'rm -f "$table"' EXIT
dotnet build tests/EndToEnd -v quiet --nologo >&2
export COGNITO_EVAL_FUZZ=${1:-10000} COGNITO_EVAL_FUZZ_ONLY=${2:-} COGNITO_EVAL_FUZZ_TABLE=$table DOTNET_GCHeapHardLimit=0x80000000
dotnet tests/EndToEnd/bin/Debug/net10.0/Cognito.Eval.Tests.EndToEnd.dll -class '*FuzzTests' >&2
echo "| file | cases | read | refused | crashes | hangs | slowest | most allocated | bound | most of its bound |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|---|---:|"
sort "$table"
