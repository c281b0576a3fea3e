#!/usr/bin/env bash
# cognito-eval, built if need be: ./run-evals.sh ARGS is cognito-eval ARGS.
# Without arguments: the embedded checkpoint on all six tasks of the embedded samples.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v dotnet >/dev/null || { echo "run-evals.sh: the .NET 10 SDK is needed (dotnet is not on PATH)" >&2; exit 2; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
(cd "$here" && dotnet build src/Cognito.Eval.Cli -c Release --nologo -v quiet >"$log" 2>&1) || { cat "$log" >&2; exit 3; }
rm -f "$log"
[ $# -gt 0 ] || set -- --tasks all
exec dotnet "$here/src/Cognito.Eval.Cli/bin/Release/net10.0/cognito-eval.dll" "$@"
