#!/usr/bin/env bash
# The steps of action.yml: action.sh begin|evaluate|gate|comment|end. What they are told comes by their environment and is only
# ever one argument; GITHUB_OUTPUT takes what the later ones need.
set -euo pipefail
work=$RUNNER_TEMP/cognito-eval
summary=$work/summary.md
# The hub's files, of which the workflow's cache keeps the datasets.
export HF_HUB_CACHE=$work/hub
mkdir -p "$work/results" "$work/hub"

cognito_eval() { "${PROGRAM:-$GITHUB_ACTION_PATH/run-evals.sh}" "$@"; }

# $1 NAME, $2 VALUE of any lines: no value can end itself early.
output() {
  local end
  end=end-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

# The key of the cache and of the comment: what was asked of what.
begin() { output key "$(printf '%s\0' "$MODEL" "$TASKS" "$PROTOCOL" "$ARGUMENTS" | sha256sum | cut -c 1-16)"; }

evaluate() {
  local arguments=("--tasks=$TASKS" "--protocol=$PROTOCOL" "--output=$work/results") more
  [ -z "$MODEL" ] || arguments+=("--model=$MODEL")
  [ -z "$DATA" ] || arguments+=("--data=$DATA")
  mapfile -t more <<<"$ARGUMENTS"
  for argument in "${more[@]}"; do [ -z "$argument" ] || arguments+=("$argument"); done
  cognito_eval "${arguments[@]}" --json >"$work/run.json"
  # Its folder may be an earlier run's, of the same weights and questions.
  for file in "$work"/results/*/*/results.json; do
    if cmp -s "$file" "$work/run.json"; then output results "$(dirname "$file")"; fi
  done
}

gate() {
  local code=0 verdict=""
  : >"$summary"
  if [ -n "$BASELINE" ]; then
    local runs=("--baseline=$BASELINE" "--candidate=$RESULTS")
    [ -z "$POLICY" ] || runs+=("--policy=$POLICY")
    cognito_eval gate "${runs[@]}" "--junit=$work/gate.xml" >"$work/gate.md" || code=$?
    # 0 pass, 1 regression, 4 undecided: a verdict. Anything else is none.
    case $code in 0 | 1 | 4) ;; *) return "$code" ;; esac
    verdict=$(cognito_eval gate "${runs[@]}" --json | sed -n 's/^  "verdict": "\([a-z]*\)".*/\1/p') || true
    { printf '## '; cat "$work/gate.md"; echo; } >>"$summary"
  fi
  cognito_eval report "$RESULTS" --format=markdown >>"$summary"
  cat "$summary"
  cat "$summary" >>"$GITHUB_STEP_SUMMARY"
  output verdict "$verdict"
  output code "$code"
  output summary "$(cat "$summary")"
}

# One comment a pull request and a key, renewed. A token that may not comment, as of a fork, fails nothing.
comment() {
  case $PULL_REQUEST in "" | *[!0-9]*) echo "::warning::no pull request to comment on"; return ;; esac
  local mark="<!-- cognito-eval $KEY -->" comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" id to
  # A comment takes 65,536 characters.
  { echo "$mark"; head -c 60000 "$summary"; } >"$work/comment.md"
  local ours=".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$mark\"))) | .id"
  id=$(gh api --paginate "$comments" --jq "$ours" | head -n 1) || id=""
  to=(--method POST "$comments")
  [ -z "$id" ] || to=(--method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id")
  gh api "${to[@]}" -F "body=@$work/comment.md" --silent \
    || echo "::warning::the token may not comment; the verdict is in the summary"
}

end() { exit "$CODE"; }

case ${1-} in
  begin | evaluate | gate | comment | end) "$1" ;;
  *) echo "action.sh begin|evaluate|gate|comment|end" >&2; exit 2 ;;
esac
