#!/usr/bin/env bash
# Tries cognito-eval.sbatch on a Slurm of its own on this machine: 4 shards of the embedded default, one of them requeued
# while it runs and one killed, merged by the dependent job, and compared with the run undivided. Prints PASS or FAIL.
# Needs root and Debian's slurm-wlm and munge; what it starts and writes is gone when it ends. Exit code 77: not tried.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
export PATH=$PATH:/usr/sbin
skip() { echo "SKIPPED: $1"; exit 77; }
[[ $(id -u) == 0 ]] || skip "needs root, to run slurmctld and slurmd"
for command in munged slurmctld slurmd sbatch runuser; do
  command -v "$command" >/dev/null || skip "$command is not installed (Debian: apt-get install slurm-wlm munge)"
done
id munge >/dev/null 2>&1 || skip "there is no user munge"

work=$(mktemp -d /tmp/cognito-eval-slurm-XXXXXX)
pids=()
# Processes with a file of ours open, but for this one: daemons, and what they started.
ours() {
  local process
  for process in /proc/[0-9]*; do
    [[ ${process#/proc/} == "$$" || ${process#/proc/} == "$BASHPID" ]] && continue
    [[ $(readlink "$process"/fd/* 2>/dev/null) == *"$work/"* ]] && echo "${process#/proc/}"
  done
  return 0
}
stop() {
  # Jobs first, then who looks after them: a step that cannot tell its controller of its end waits for it for ever.
  if ((${#pids[@]} > 1)); then
    timeout 10 scancel --full --user=root >/dev/null 2>&1 || true
    until_true 20 is_over || true
  fi
  local pid
  for ((pid = ${#pids[@]} - 1; pid >= 0; pid--)); do kill "${pids[pid]}" 2>/dev/null || true; done
  until_true 5 none_is_left || mapfile -t pids < <(ours)
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  [[ -n ${KEEP:-} ]] || rm -rf "$work"
}
none_is_left() { [[ -z $(ours) ]]; }
is_over() { [[ -z $(timeout 10 squeue -h) ]]; }
until_true() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.5
  done
}
trap stop EXIT
fail() {
  echo "FAIL: $1"
  tail -n 20 "$work"/log/*.log "$work"/sharded/logs/*.log 2>/dev/null || true
  exit 1
}

# --- a cluster of one node ------------------------------------------------------------------------------------------
chmod 755 "$work"
mkdir -p "$work"/{log,state,spool,munge}
dd if=/dev/urandom of="$work/munge/key" bs=1024 count=1 status=none
chmod 600 "$work/munge/key"
chown -R munge: "$work/munge"
runuser -u munge -- munged --foreground --key-file="$work/munge/key" --socket="$work/munge/socket" \
  --pid-file="$work/munge/pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed" >"$work/log/munged.log" 2>&1 &
pids+=($!)
node=$(hostname -s)
port=$((20000 + RANDOM % 10000))
cat >"$work/slurm.conf" <<CONF
ClusterName=one-node
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
# A requeued job waits until its old credential is no longer valid.
AuthInfo=socket=$work/munge/socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/log/slurmctld.log
SlurmdLogFile=$work/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=5
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
until_true 20 test -S "$work/munge/socket" || fail "munged does not answer"
slurmctld -D -i >"$work/log/slurmctld.out.log" 2>&1 &
pids+=($!)
until_true 30 scontrol ping || fail "slurmctld does not answer"
slurmd -D >"$work/log/slurmd.out.log" 2>&1 &
pids+=($!)
is_idle() { [[ $(sinfo -h -o %T) == idle ]]; }
until_true 60 is_idle || fail "the node does not come up: $(sinfo -h -o '%T %E')"
echo "a Slurm $(slurmctld -V | cut -d' ' -f2) of one node with $(nproc) processors"

# --- the run undivided, and in shards -------------------------------------------------------------------------------
if [[ -z ${COGNITO_EVAL:-} ]]; then
  dotnet build "$here/../../src/Cognito.Eval.Cli" -c Release --nologo -v quiet >&2 || fail "the build failed"
  COGNITO_EVAL="dotnet $(realpath "$here/../../src/Cognito.Eval.Cli/bin/Release/net10.0/cognito-eval.dll")"
fi
export COGNITO_EVAL
read -ra cognito_eval <<<"$COGNITO_EVAL"
args=(--threads 1 --batch-tokens 2048 --device cpu --quiet)
cd "$work"
"${cognito_eval[@]}" "${args[@]}" --output "$work/single" >"$work/log/single.log" 2>&1 || fail "the run undivided failed"
submitted=$("$here/cognito-eval.sbatch" 4 "$work/sharded" "${args[@]}") || fail "sbatch refused: $submitted"
read -r _ array _ merge <<<"$submitted"
echo "submitted: $submitted"

# --- one task requeued, as when it is preempted, one killed, as when memory runs out ------------------------------------
state() { scontrol show job "$1" -o 2>/dev/null | grep -o "$2=[^ ]*" | head -n 1 | cut -d= -f2; }
# A task has begun when it has written something into its journal.
has_answers() { [[ $(state "${array}_$1" JobState) == RUNNING ]] && [[ $(find "$work/sharded/shards/$1" -name journal.sqlite -size +1k 2>/dev/null) ]]; }
begins() { # waits until a task has, and says so if it ended before
  until has_answers "$1"; do
    case $(state "${array}_$1" JobState) in RUNNING | PENDING | COMPLETING | CONFIGURING) sleep 0.2 ;;
      *) fail "shard $1 was over before it could be stopped: $(state "${array}_$1" JobState)" ;; esac
    ((SECONDS < 900)) || fail "shard $1 does not begin"
  done
}
begins 0
scontrol requeue "${array}_0"
echo "shard 0: requeued while it ran"
program_of() { pgrep -f -- "--shard $1/4 --output $work/" | while read -r pid; do
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == "${cognito_eval[*]} "* ]] && echo "$pid"; done; }
begins 1
mapfile -t victims < <(program_of 1)
[[ ${#victims[@]} -gt 0 ]] || fail "shard 1 has no process"
kill -9 "${victims[@]}"
echo "shard 1: killed (-9) while it ran"

until_true 1800 is_over || fail "the jobs do not end: $(squeue -h)"
[[ $(state "$merge" JobState) == COMPLETED ]] || fail "the merge ended as $(state "$merge" JobState)"
for task in 0 1; do
  [[ $(state "${array}_$task" Restarts) -ge 1 ]] || fail "shard $task was not started again"
done
echo "restarts: $(for task in 0 1 2 3; do state "${array}_$task" Restarts; done | paste -sd ' ')"

# --- the same bytes but for the key "run", which is the last ------------------------------------------------------------
without_run() { find "$1" -path "$work/sharded/shards" -prune -o -name results.json -print | head -n 1 | xargs sed '/^  "run": [{]/,$d'; }
without_run "$work/single" >"$work/single.json"
without_run "$work/sharded" >"$work/sharded.json"
[[ -s $work/single.json ]] || fail "the run undivided left no results.json"
cmp "$work/single.json" "$work/sharded.json" || fail "the merged results.json is another"
echo "PASS: 4 shards, one requeued and one killed, merged to the same $(wc -c <"$work/single.json") bytes as the run undivided"
