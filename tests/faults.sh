#!/usr/bin/env bash
# Does to small runs of the embedded checkpoint what happens to long ones, and prints the table that stands in
# docs/reliability.md. tests/faults.sh [ROUNDS [LIMIT [CASES]]]: kills ROUNDS runs (50), each twice, of LIMIT documents a task
# (6); changes CASES files (10,000) of each kind by chance, none if 0. A fault that needs what is not here (mounting as
# root, faketime, Slurm) is said to be untried. Ends with 1 if any went wrong.
set -uo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50} limit=${2:-6} cases=${3:-10000}
here=$PWD
dotnet build src/Cognito.Eval.Cli -c Release -v quiet --nologo >&2 || exit 1
program=$PWD/src/Cognito.Eval.Cli/bin/Release/net10.0
work=$(mktemp -d)
mounted=()
trap 'for m in "${mounted[@]}"; do umount "$m"; done; rm -rf "$work"' EXIT
cd "$work" || exit 1
export DOTNET_NOLOGO=1
unset COGNITO_EVAL_DATA
wrong=0

# A run of the small kind into a folder; further arguments are added.
run() { local to=$1; shift; dotnet "$program/cognito-eval.dll" --limit "$limit" --output "$to" --quiet "$@" > "$to.out" 2> "$to.err"; }
# All that must be equal of a folder's one run: results.json up to its last key, and the details' bytes.
bytes() {
    local found; found=$(find "$1" -name results.json)
    [ "$(wc -l <<< "$found")" = 1 ] && [ -n "$found" ] || { echo "not one result in $1"; return; }
    sed '/^  "run": {/,$d' "$found" | sha256sum
    (cd "$(dirname "$found")" && find details -type f | sort | xargs sha256sum)
}
same() { [ "$(bytes "$1")" = "$reference" ]; }
said() { grep -v '^note' "$1.err" | head -n 1 | sed -E "s#$work/?##g; s#[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9-]+#TIME#g; s/\|/\\\\|/g"; }
row() { echo "| $1 | $2 | $3 |"; }
# fault, what was done, what happened, and whether that is right
tell() { row "$1" "$2" "$3"; [ "$4" = 0 ] || { wrong=1; echo "WRONG: $1" >&2; }; }
# Waits until a folder's journal holds something, or its run has ended.
answering() { until dotnet "$program/cognito-eval.dll" runs "$1" --json 2> /dev/null | grep -q '"answered": *[1-9]' || ! kill -0 "$2" 2> /dev/null; do sleep 0.02; done; }
# Kills with a signal after some seconds, or with "answers" once some are kept; the exit code of what was killed is in $code.
stopped() { local signal=$1 after=$2 to=$3; shift 3
    env --default-signal=INT dotnet "$program/cognito-eval.dll" --limit "$limit" --output "$to" --quiet "$@" > "$to.out" 2> "$to.err" &
    local pid=$!; if [ "$after" = answers ]; then answering "$to" $pid; else sleep "$after"; fi; kill "-$signal" $pid 2>/dev/null; wait $pid 2>/dev/null; code=$?; }
between() { awk -v seed="$RANDOM$RANDOM" -v from="$1" -v to="$2" 'BEGIN { srand(seed); printf "%.3f", from + rand() * (to - from) }'; }

row fault "what was done" "what happened"
echo "|---|---|---|"

run first || { cat first.err >&2; exit 1; }
began=$(date +%s.%N)
run whole
took=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { print b - a }')
reference=$(bytes whole)

good=0 restarts=0 kept=0
for ((i = 0; i < rounds; i++)); do
    for _ in 1 2; do stopped KILL "$(between 0.2 "$took")" kill; [ "$code" = 137 ] && restarts=$((restarts + 1)); done
    run kill && same kill && good=$((good + 1)) || { bytes kill >&2; cat kill.err >&2; }
    grep -q '"kept_requests": [1-9]' "$(find kill -name results.json)" && kept=$((kept + 1))
    rm -rf kill
done
tell "kill -9" "$rounds runs of $(printf %.0f "$took") s, each killed twice at a random moment ($restarts kills came before the end) and run again" \
    "$good of $rounds end with the bytes of the undisturbed run; $kept of them went on with answers that were kept" $((rounds - good))

for signal in TERM INT; do
    stopped $signal answers sig; said=$(said sig)
    run sig && same sig && [ $code = 130 ]; ended=$?
    tell "SIG$signal" "sent once answers are kept; then the same command again" "exit $code: \`$said\`; then the same bytes" $ended
    rm -rf sig
done

torn() { # name, command that damages the journal at $1
    stopped KILL answers torn
    local journal; journal=$(find torn -name journal.sqlite)
    "$2" "$journal"
    run torn && same torn; local ended=$?
    tell "$1" "$3" "$(grep -h -o 'the journal could not be read, and all is asked again' torn.err | sed 's/.*/`&`; /')the same bytes" $ended
    rm -rf torn
}
tear() { truncate -s -700 "$1-wal"; }
flip() { for at in 3000 9000 20000; do printf '\x55\xaa\x55' | dd of="$1-wal" bs=1 seek=$at conv=notrunc status=none; done; }
garble() { rm -f "$1-wal"; head -c 5000 /dev/urandom > "$1"; }
torn "torn last record" tear "killed once answers are kept, the last 700 bytes of the journal's log cut off, run again"
torn "bytes changed in the journal's log" flip "killed once answers are kept, 3 bytes changed at 3 places of the log, run again"
torn "journal overwritten" garble "killed once answers are kept, the journal replaced by 5,000 random bytes, run again"

run two & first=$!
until [ -n "$(find two -name journal.sqlite 2> /dev/null)" ]; do sleep 0.05; done
dotnet "$program/cognito-eval.dll" --limit "$limit" --output two --quiet > second.out 2> second.err; code=$?
wait $first && same two && [ $code = 2 ]; ended=$?
tell "two processes on one run" "the same command begun twice" "the second: exit $code: \`$(said second)\`; the first ends with the same bytes" $ended
rm -rf two

cp -r "$program/checkpoints/cognito-nano" nano; cp -r "$program/samples" rows
run moved --model nano --data rows; reference_moved=$(bytes moved)
run gone --model nano --data rows & first=$!
answering gone $first; rm -rf nano rows
wait $first; code=$?; [ $code = 0 ] && [ "$(bytes gone)" = "$reference_moved" ]
tell "checkpoint and rows removed while it runs" "both folders removed once answers are kept" "they are open and read: exit $code, the same bytes" $?
dotnet "$program/cognito-eval.dll" --limit "$limit" --output gone --quiet --model nano --data rows > gone.out 2> gone.err; code=$?
tell "checkpoint gone when it goes on" "the same command after that" "exit $code: \`$(said gone)\`" $((code != 2))
rm -rf gone moved

cp -r "$program/checkpoints/cognito-nano" nano; cp -r "$program/samples" rows
stopped KILL answers changed --model nano --data rows
weights=$(ls nano/*.safetensors | head -n 1)
stamp=$(stat -c %y "$weights"); at=$(($(stat -c %s "$weights") - 1001))
byte=$(dd if="$weights" bs=1 skip=$at count=1 status=none | od -An -tu1 | tr -d ' ')
printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$weights" bs=1 seek=$at conv=notrunc status=none; touch -d "$stamp" "$weights"
run changed --model nano --data rows; err=$(said changed); warned=$(grep -h '^note' changed.err | grep -o 'the checkpoint is not.*' | head -n 1)
run anew --model nano --data rows
[ "$(bytes changed)" = "$(bytes anew)" ] && ! grep -q '"kept_requests": [1-9]' "$(find changed -name results.json)"; ended=$?
tell "another checkpoint at the same path" "killed once answers are kept, one bit of one weight changed, time stamp kept, run again" \
    "\`${warned:-$err}\`: the bytes of a run begun with these weights" $ended
rm -rf changed anew nano rows

cp -r "$program/checkpoints/cognito-nano" nano
weights=$(ls nano/*.safetensors | head -n 1)
printf '\xc0\x7f' | dd of="$weights" bs=1 seek=$((($(stat -c %s "$weights") - 2000) / 2 * 2)) conv=notrunc status=none
run nan --model nano --data "$program/samples"; code=$?
grep -q not_finite_requests "$(find nan -name results.json)" && grep -q 'a NaN' nan.err; ended=$?
tell "NaN in the weights" "one weight replaced by NaN" "exit $code; \`$(grep -h -o 'holds\? a NaN.*' nan.err | head -n 1)\` and, for each column, how many log-likelihoods are no numbers" $ended
rm -rf nan nano

if mkdir full && mount -t tmpfs -o size=4m tmpfs full 2> /dev/null; then
    mounted+=("$work/full")
    dotnet "$program/cognito-eval.dll" --limit "$limit" --output full/r --quiet > full.out 2> full.err & first=$!
    until [ -n "$(find full/r -name run.json 2> /dev/null)" ]; do sleep 0.05; done
    head -c 8m /dev/zero > full/filler 2> /dev/null
    wait $first; code=$?; err=$(said full)
    rm full/filler
    dotnet "$program/cognito-eval.dll" --limit "$limit" --output full/r --quiet > full.out 2> full.err && same full/r && [ $code != 0 ]
    tell "disk full" "a disk of 4 MiB filled once the run has begun; room made, run again" "exit $code: \`$err\`; then the same bytes" $?
    mount -o remount,ro full
    dotnet "$program/cognito-eval.dll" --limit "$limit" --output full/q --quiet > full.out 2> full.err; code=$?
    tell "read-only results" "the disk mounted read-only" "exit $code before the model is loaded: \`$(said full)\`" $((code != 2))
    mount -o remount,rw full
else
    row "disk full, read-only results" "" "untried: needs to mount"
fi

if command -v faketime > /dev/null; then
    stopped KILL answers clock
    faketime -f -3d dotnet "$program/cognito-eval.dll" --limit "$limit" --output clock --quiet > clock.out 2> clock.err && same clock
    tell "clock goes backwards" "killed once answers are kept, run again with the clock set back by three days" "the same bytes" $?
    rm -rf clock
else
    row "clock goes backwards" "" "untried: needs faketime"
fi

for n in 1 2 3 7; do
    for ((i = 0; i < n; i++)); do run "parts-$n" --shard "$i/$n" || cat "parts-$n.err" >&2; done
    dotnet "$program/cognito-eval.dll" merge "parts-$n" --output "joined-$n" > merge.out 2> merge.err && same "joined-$n" && shards="${shards:-}${shards:+, }$n" || wrong=1
done
tell "shards" "1, 2, 3 and 7 shards, each its own process; merged" "${shards:-none} of them: the bytes of the undivided run" 0

began=$(date +%s.%N)
dotnet "$program/cognito-eval.dll" --limit "$limit" --output whole > again.out 2> again.err && grep -q 'answered before' again.err && cmp -s again.out whole.out; ended=$?
seconds=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
tell "a finished run again" "the same command" "its results again, after $seconds s" "$(awk -v s="$seconds" -v e=$ended 'BEGIN { print e + (s >= 3) }')"

passed=$(PATH=$PATH:/usr/sbin "$here/deploy/slurm/test-on-one-node.sh" 2> slurm.err); code=$?
if [ $code = 77 ]; then row "shards on Slurm" "" "untried: $(tail -n 1 <<< "$passed")"
else tell "shards on Slurm" "\`deploy/slurm/test-on-one-node.sh\`" "$(tail -n 1 <<< "$passed")" $code; fi

dotnet build "$here/tests/Torch" -v quiet --nologo >&2
dotnet "$here/tests/Torch/bin/Debug/net10.0/Cognito.Eval.Tests.Torch.dll" -class '*LongRunTests' -showLiveOutput > long.out 2>&1; ended=$?
tell "long runs" "20,000 requests in one process, a mixture and a dense model" \
    "no tensor left over; after the first 4,000 resident memory grew by $(grep -o 'grew by [-0-9.]*' long.out | grep -o '[-0-9.]*$' | sort -u | paste -sd, | sed 's/,/ and /') MiB" $ended

if [ "$cases" -gt 0 ]; then
    "$here/tests/fuzz.sh" "$cases" > fuzz.md 2> fuzz.err; ended=$?
    counts=$(tail -n +3 fuzz.md | awk -F'|' '{ for (i = 3; i <= 7; i++) gsub(/[ ,]/, "", $i); n++; c += $3; k += $6; h += $7 }
        END { printf "%d kinds of file, %d cases: crashes %d, hangs %d", n, c, k, h }')
    tell "files changed by chance" "\`tests/fuzz.sh $cases\`" "$counts" $ended
fi
exit $wrong
