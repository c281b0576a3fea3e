#!/usr/bin/env bash
# Runs the commands of action.yml, read from that file, as a runner does: on the embedded checkpoint, which must pass; on a copy
# with some weights in others' places, a regression; and asked too little, undecided. Exit code 0 if all three come out so.
# PROGRAM names an installed cognito-eval; TASKS what is asked.
set -euo pipefail
cd "$(dirname "$0")/.."
export GITHUB_ACTION_PATH=$PWD PROGRAM=${PROGRAM:-} TASKS=${TASKS:-truthfulqa,winogrande}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=${PROGRAM:-./run-evals.sh}
good=$PWD/src/Cognito.Eval.Cli/checkpoints/cognito-nano

# GitHub's own program, of which the comment's requests are noted.
mkdir "$work/bin"
cat >"$work/bin/gh" <<'GH'
#!/usr/bin/env bash
printf '%s\n' "$*" >>"$RUNNER_TEMP/gh"
GH
chmod +x "$work/bin/gh"
export PATH=$work/bin:$PATH

# A step's script a file, as action.yml has them.
awk -v work="$work" '/^ *(- )?run: / { sub(/^ *(- )?run: /, ""); print > sprintf("%s/step-%02d.sh", work, ++n) }' action.yml
ls "$work"/step-*.sh >/dev/null

value() { awk -v name="$1<<" 'index($0, name) == 1 { end = substr($0, length(name) + 1); inside = 1; text = ""; next }
  inside && $0 == end { inside = 0; result = text; next } inside { text = text (text == "" ? "" : "\n") $0 } END { print result }' "$GITHUB_OUTPUT"; }

# $1 name, $2 model, $3 arguments; then the exit code of the job is in code, the verdict in verdict.
job() {
  export RUNNER_TEMP=$work/$1 MODEL=$2 ARGUMENTS=$3 PROTOCOL=leaderboard-v1 DATA=$PWD/tasks/samples
  export BASELINE=$work/baseline.json POLICY=$work/policy.yaml PULL_REQUEST=7 GITHUB_REPOSITORY=owner/name GH_TOKEN=none
  export GITHUB_OUTPUT=$work/$1.outputs GITHUB_STEP_SUMMARY=$work/$1.md
  mkdir -p "$RUNNER_TEMP"
  code=0
  for step in "$work"/step-*.sh; do
    if [ -f "$GITHUB_OUTPUT" ]; then export RESULTS KEY CODE; RESULTS=$(value results) KEY=$(value key) CODE=$(value code); fi
    # As GitHub runs it: the first step that does not exit with 0 ends the job.
    bash -e "$step" >"$work/$1.out" 2>"$work/$1.err" || { code=$?; break; }
  done
  verdict=$(value verdict)
}

# $1 verdict, $2 exit code
expect() {
  if [ "$verdict" != "$1" ] || [ "$code" -ne "$2" ]; then
    echo "==> should have been $1 with exit code $2: $verdict with $code" >&2
    cat "$work/$1.err" >&2
    exit 1
  fi
  sed -n '1,/^$/p' "$GITHUB_STEP_SUMMARY"
  grep -q "issues/7/comments -F body=@" "$RUNNER_TEMP/gh"
  grep -q "^## Gate: $1" "$RUNNER_TEMP/cognito-eval/comment.md"
  echo "==> $1, exit code $2"
}

"$program" --model "$good" --data tasks/samples --tasks "$TASKS" --device cpu --output "$work/first" --quiet >/dev/null 2>&1
"$program" gate --init "$work/first" --baseline "$work/baseline.json" --policy "$work/policy.yaml"
# The embedded checkpoint answers by chance, and has little to lose: what changed is counted too.
echo "changed: 5" >>"$work/policy.yaml"

job pass "$good" ""
expect pass 0

cp -r "$good" "$work/broken"
# Finite numbers, in the wrong places: 400 KiB of a shard written over another 400 KiB of it.
shard=$(ls "$work"/broken/*.safetensors | head -n 1)
dd if="$shard" of="$work/piece" bs=4096 skip=20 count=100 status=none
dd if="$work/piece" of="$shard" bs=4096 seek=300 conv=notrunc status=none
job regression "$work/broken" ""
expect regression 1
grep -q '<failure' "$RUNNER_TEMP/cognito-eval/gate.xml"

# Ten documents, of which the changed ones say nothing yet.
sed -i '/^changed:/d' "$work/policy.yaml"
job undecided "$work/broken" "--limit=10"
expect undecided 4
