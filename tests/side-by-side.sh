#!/usr/bin/env bash
# Sets processes against each other, ROUNDS times (200) each, and prints the table that stands in docs/reliability.md:
# two equal runs begun at once, the four shards of one run, two shards by four processes, three merges to one output, and
# two equal runs of which one is killed. Each round must leave one sound result, equal to the undisturbed one; every other
# process gives the same or is refused in one line. tests/side-by-side.sh [ROUNDS [KIND...]]: kinds are runs, shards,
# doubles, merges, killed; all if none is named. Ends with 1 if any went wrong.
set -uo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-200}; shift || true
kinds=${*:-runs shards doubles merges killed}
program=${COGNITO_EVAL_PROGRAM:-}
if [ -z "$program" ]; then
    dotnet build src/Cognito.Eval.Cli -c Release -v quiet --nologo >&2 || exit 1
    program=$PWD/src/Cognito.Eval.Cli/bin/Release/net10.0/cognito-eval.dll
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DOTNET_NOLOGO=1 DOTNET_TieredPGO=0
unset COGNITO_EVAL_DATA
wrong=0

small=(-t winogrande --limit 2 --device cpu --threads 1 --quiet)
# A process's stdout, stderr and exit code are in files named after its number.
go() { local n=$1; shift; dotnet "$program" "$@" > "$n.out" 2> "$n.err"; echo $? > "$n.code"; }
# All that must be equal of a folder's one run.
bytes() {
    local found; found=$(find "$1" -name results.json)
    [ "$(wc -l <<< "$found")" = 1 ] && [ -n "$found" ] || { echo "not one result in $1"; return; }
    sed '/^  "run": {/,$d' "$found" | sha256sum
    (cd "$(dirname "$found")" && find details -type f | sort | xargs sha256sum)
}
# Counts how the processes of a round ended: with a result, or refused in one line; anything else is a fault.
results=0 refusals=0
ends() {
    local n lines
    for n in "$@"; do
        lines=$(grep -vc '^note: ' "$n.err")
        case $(cat "$n.code") in
            0) results=$((results + 1)) ;;
            2) refusals=$((refusals + 1)); [ "$lines" = 1 ] && grep -q '^cognito-eval: ' "$n.err" || { cat "$n.err" >&2; return 1; } ;;
            *) echo "exit $(cat "$n.code")" >&2; cat "$n.err" >&2; return 1 ;;
        esac
    done
}
# Nothing half-made stays: no temporary file, no folder that was not renamed, and where the run is done no journal.
clean() { [ -z "$(find "$1" \( -name '*.tmp' -o -name '.begin-*' -o -name 'journal*' \) -print -quit)" ]; }
tell() { echo "| $1 | $2 | $3 of $rounds | $results | $refusals |"; [ "$3" = "$rounds" ] || wrong=1; results=0 refusals=0; }

echo "| begun at once | what was done | rounds with one sound result | processes with that result | refused in one line |"
echo "|---|---|---:|---:|---:|"
cut=("${small[@]}" --batch-tokens 64)
go first "${small[@]}" -o reference; reference=$(bytes reference)
go first "${cut[@]}" -o reference-cut; reference_cut=$(bytes reference-cut)

for kind in $kinds; do
    good=0
    for ((round = 0; round < rounds; round++)); do
        case $kind in
            runs)
                go 1 "${small[@]}" -o r & go 2 "${small[@]}" -o r & wait
                ends 1 2 && [ "$(bytes r)" = "$reference" ] && clean r && good=$((good + 1)) ;;
            shards | doubles)
                # Each shard by one process, or each of two by two.
                of=$([ "$kind" = shards ] && echo 4 || echo 2)
                for n in 0 1 2 3; do go "$n" "${cut[@]}" -o r --shard "$((n % of))/$of" & done; wait
                ends 0 1 2 3 && [ "$(find r -name run.json | wc -l)" = "$of" ] && go m merge r -o m --quiet && [ "$(cat m.code)" = 0 ] \
                    && [ "$(bytes m)" = "$reference_cut" ] && clean m && good=$((good + 1)) ;;
            merges)
                [ -d parts ] || for n in 0 1; do go "$n" "${small[@]}" -o parts --shard "$n/2"; done
                for n in 1 2 3; do go "$n" merge parts -o r --quiet & done; wait
                ends 1 2 3 && [ "$(bytes r)" = "$reference" ] && clean r && good=$((good + 1)) ;;
            killed)
                # One of two is killed at any moment of its first second and a half; the command again ends it.
                dotnet "$program" "${small[@]}" -o r > /dev/null 2>&1 & victim=$!
                go 1 "${small[@]}" -o r & sleep "$(awk -v r="$RANDOM" 'BEGIN { print r / 32768 * 1.5 }')"; kill -9 $victim 2> /dev/null; wait
                go 2 "${small[@]}" -o r
                ends 1 2 && [ "$(cat 2.code)" = 0 ] && [ "$(bytes r)" = "$reference" ] && good=$((good + 1)) ;;
        esac
        [ "$good" = $((round + 1)) ] || { echo "WRONG: $kind, round $round" >&2; mv r "wrong-$kind-$round" 2> /dev/null; find "wrong-$kind-$round" >&2; break; }
        rm -rf r m
    done
    case $kind in
        runs) tell "two equal runs" "the same command twice" $good ;;
        shards) tell "shards of one run" "four processes, a shard each; then a merge" $good ;;
        doubles) tell "equal shards" "four processes, two on each of two shards; then a merge" $good ;;
        merges) tell "merges to one output" "three merges of the same shards" $good ;;
        killed) tell "two equal runs, one killed" "kill -9 within 1.5 s, then the command again" $good ;;
    esac
done
exit $wrong
