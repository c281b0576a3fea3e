#!/usr/bin/env bash
# Runs the commands of .github/workflows/evaluate.yml, read from that file, on two checkpoints: the embedded one, which
# must pass, and a copy of it with some weights in others' places, which must not. Exit code 0 if both come out so.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The scripts of the workflow's steps, one file a step.
awk -v work="$work" '
  function start() { n++; file = sprintf("%s/step-%02d.sh", work, n) }
  { match($0, /^ */); indent = RLENGTH }
  inside && NF && indent <= level { inside = 0 }
  inside { print substr($0, level + 3) > file; next }
  /^ *(- )?run: \|$/ { start(); inside = 1; level = indent; next }
  /^ *(- )?run: / { start(); sub(/^ *(- )?run: /, ""); print > file }
' .github/workflows/evaluate.yml
ls "$work"/step-*.sh >/dev/null || { echo "the workflow has no commands" >&2; exit 1; }

# A step fails as GitHub fails it: bash -e, and the first that does not exit with 0 ends the job.
job() {
  export MODEL=$1 RUNNER_TEMP=$work/$2 GITHUB_STEP_SUMMARY=$work/$2.md COGNITO_EVAL_DATA=tasks/samples
  mkdir -p "$RUNNER_TEMP"
  for step in "$work"/step-*.sh; do
    bash -e "$step" >"$work/$2.out" 2>"$work/$2.err" || { code=$?; cat "$work/$2.err" >&2; return $code; }
  done
}

good=src/Cognito.Eval.Cli/checkpoints/cognito-nano
cp -r "$good" "$work/broken"
# Finite numbers, in the wrong places: 400 KiB of a shard written over another 400 KiB of it.
shard=$(ls "$work"/broken/*.safetensors | head -n 1)
dd if="$shard" of="$work/piece" bs=4096 skip=20 count=100 status=none
dd if="$work/piece" of="$shard" bs=4096 seek=300 conv=notrunc status=none

code=0; job "$good" good || code=$?
tail -n +1 "$work/good.md" 2>/dev/null || true
[ "$code" -eq 0 ] || { echo "the embedded checkpoint should have passed (exit code $code)"; exit 1; }
echo "==> green: the embedded checkpoint passes"; echo
code=0; job "$work/broken" broken || code=$?
cat "$work/broken.md" 2>/dev/null || true
[ "$code" -eq 1 ] && [ -s "$work/broken/gate.xml" ] || { echo "the broken checkpoint should have been a regression, exit code 1 (it was $code)"; exit 1; }
grep -q '<failure' "$work/broken/gate.xml"
echo "==> red: the broken checkpoint is a regression"
