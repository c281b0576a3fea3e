#!/usr/bin/env bash
# cognito-eval, built if need be: ./run-evals.sh ARGS is cognito-eval ARGS.
# Without arguments: the embedded checkpoint on all six tasks of the embedded samples.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v dotnet >/dev/null || { echo "run-evals.sh: the .NET 10 SDK is needed (dotnet is not on PATH)" >&2; exit 2; }
program=$here/src/Cognito.Eval.Cli/bin/Release/net10.0/cognito-eval.dll
stamp=$(dirname "$program")/.built

# What a build goes by: the bytes of every file, whatever their times say, the version by git, and what the environment sets.
inputs() {
  cd "$here"
  echo "${TorchBackend-} $(command -v dotnet) $(git describe --tags --always 2>/dev/null)"
  {
    find src tasks \( -name bin -o -name obj \) -prune -o -type f -print0
    find . -maxdepth 1 -type f \( -iname 'Directory.*' -o -iname nuget.config -o -name global.json -o -name .editorconfig \) \
      -print0
  } | LC_ALL=C sort -z | xargs -0 sha256sum
}

# Without sha256sum it is built each time.
now=$(inputs 2>/dev/null | sha256sum 2>/dev/null) || now=""
if [ -z "$now" ] || [ ! -f "$program" ] || [ "$now" != "$(cat "$stamp" 2>/dev/null)" ]; then
  echo "building cognito-eval ..." >&2
  rm -f "$stamp"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  (cd "$here" && dotnet build src/Cognito.Eval.Cli -c Release --nologo -v quiet >"$log" 2>&1) || { cat "$log" >&2; exit 3; }
  rm -f "$log"
  printf '%s' "$now" >"$stamp"
fi
[ $# -gt 0 ] || set -- --tasks all
exec dotnet "$program" "$@"
