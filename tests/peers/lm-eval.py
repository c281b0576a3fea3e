#!/usr/bin/env python3
"""Times cognito-eval and lm-evaluation-harness on one checkpoint and the same documents, in turn, and looks whether they agree.

    tests/peers/lm-eval.py --model DIR --work WORK [--limit N] [--device cuda:0] [--dtype bfloat16] [--data DATA]

Needs lm_eval 0.4 (pip install lm-eval[hf]) on PATH, and cognito-eval, or --ours. Its vllm backend is measured too where Python has vllm.
Each benchmark of the Open LLM Leaderboard is asked with the leaderboard's number of examples, by lm-evaluation-harness' rules of today
(--protocol lm-eval-0.4). Its backends choose their batches themselves unless --batch-size says how many sequences one has. --hf-args and
--vllm-args add to --model_args. Of a mixture, hf is measured at its best with --hf-args experts_implementation=eager: with what transformers
chooses itself, a step of generation took seven times as long on an H200.
Of each round, seconds of the whole command, and less what the same program takes for one document of Winogrande.

The documents and prompts must be the same, by the hashes that lm-evaluation-harness logs, and so must log-likelihoods but for rounding: at
most one in a hundred may be off by more than --tolerance (1e-3 in float32, 0.25 in 16 bits) and 2 % of itself. In float32 as many of the
generated texts must be equal. Exit code 1: they are not. WORK/peers.json keeps all of it.
"""
import argparse
import importlib.util
import json
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

# As the leaderboard asks them: the harness's name, and examples in each prompt.
BENCHMARKS = {
    "ARC": ("arc_challenge", 25), "HellaSwag": ("hellaswag", 10), "MMLU": ("mmlu", 5), "TruthfulQA": ("truthfulqa_mc2", 0),
    "Winogrande": ("winogrande", 5), "GSM8K": ("gsm8k", 5),
}
OFF = 0.01  # the share of answers that may be off


def timed(command):
    start = time.monotonic()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))}\nended with {done.returncode}:\n{(done.stderr or done.stdout)[-3000:]}")
    return time.monotonic() - start


def answers(folder):
    """By task and document: its hashes, and each request's (log-likelihood, greedy) or text. A document logged by two filters counts once."""
    found = {}
    for file in sorted(folder.rglob("samples_*.jsonl")):
        task = file.name[len("samples_"):].rsplit("_", 1)[0]
        # Not splitlines: a text may hold U+2028 and others that end a line there, and none in JSON Lines.
        for line in filter(None, file.read_text(encoding="utf-8").split("\n")):
            sample = json.loads(line)
            key, hashes = (task, sample["doc_id"]), tuple(sample[name] for name in ("doc_hash", "prompt_hash", "target_hash"))
            found.setdefault(key, (hashes, [answer(replies[0]) for replies in sample["resps"]]))
    if not found:
        sys.exit(f"{folder}: no samples_*.jsonl that holds a document")
    return found


def answer(reply):
    return reply if isinstance(reply, str) else (float(reply[0]), str(reply[1]) == "True")


def compare(ours, theirs, tolerance, exact):
    """What differs, as numbers; and the reason why it must not, or None."""
    if ours.keys() != theirs.keys():
        odd = sorted(ours.keys() ^ theirs.keys())
        return {}, f"{len(odd)} documents have one side alone, such as {odd[0]}"
    other = [key for key in ours if ours[key][0] != theirs[key][0] or len(ours[key][1]) != len(theirs[key][1])]
    if other:
        return {}, f"{len(other)} of {len(ours)} documents were asked otherwise, such as {other[0]}"
    pairs = [pair for key in ours for pair in zip(ours[key][1], theirs[key][1])]
    scored = [(a, b) for a, b in pairs if not isinstance(a, str)]
    texts = [(a, b) for a, b in pairs if isinstance(a, str)]
    differences = sorted(abs(a[0] - b[0]) for a, b in scored)
    off = sum(abs(a[0] - b[0]) > tolerance + 0.02 * abs(b[0]) for a, b in scored)
    found = {
        "documents": len(ours), "log_likelihoods": len(scored), "largest": max(differences, default=None),
        "median": statistics.median(differences) if differences else None, "off": off, "greedy_differ": sum(a[1] != b[1] for a, b in scored),
        "texts": len(texts), "texts_differ": sum(a != b for a, b in texts),
    }
    reason = f"{off} of {len(scored)} log-likelihoods differ by more than rounding" if off > OFF * len(scored) \
        else f"{found['texts_differ']} of {len(texts)} texts differ" if exact and found["texts_differ"] > OFF * len(texts) else None
    return found, reason


def runners(given, work):
    """By name: what runs a task and returns its seconds and the folder of its answers."""
    ours = shlex.split(given.ours)

    def fresh(name):
        shutil.rmtree(work / name, ignore_errors=True)
        return work / name

    def run_ours(task, shots, limit):
        out = fresh("ours")
        seconds = timed([*ours, "--protocol", "lm-eval-0.4", "--model", given.model, "--tasks", task, "--num-fewshot", shots, "--device",
            given.device, "--dtype", given.dtype, "--details", "full", "-o", out / "runs", "-q", *(["--limit", limit] if limit else []),
            *(["--data", given.data] if given.data else [])])
        run = next(out.glob("runs/*/*/results.json")).parent
        timed([*ours, "report", run, "--format", "lm-eval", "-o", out / "as-theirs", *(["--data", given.data] if given.data else [])])
        return seconds, out / "as-theirs"

    def run_theirs(backend, settings, arguments):
        def run(task, shots, limit):
            out = fresh(backend)
            return timed([*shlex.split(given.lm_eval), "--model", backend, "--model_args", ",".join([f"pretrained={given.model}", settings,
                *([arguments] if arguments else [])]), "--tasks", task, "--num_fewshot", shots, "--batch_size", given.batch_size, "--log_samples",
                "--output_path", out, *(["--device", given.device] if backend == "hf" else []), *(["--limit", limit] if limit else [])]), out
        return run

    found = {"ours": run_ours, "hf": run_theirs("hf", f"dtype={given.dtype}", given.hf_args)}
    if given.vllm == "yes" or given.vllm == "auto" and importlib.util.find_spec("vllm"):
        found["vllm"] = run_theirs("vllm", f"dtype={given.dtype}", given.vllm_args)
    return found


def row(name, seconds, starts, kept):
    ours = statistics.median(seconds["ours"])
    cells = [f"{ours:.1f}"]
    for backend in [backend for backend in seconds if backend != "ours"]:
        its = statistics.median(seconds[backend])
        mine, alone = ours - starts["ours"], its - starts[backend]
        # Of two starts' noise there is no ratio.
        cells += [f"{its:.1f}", f"{its / ours:.2f}", f"{alone / mine:.1f}" if mine > 0.2 * starts["ours"] and alone > 0 else "-"]
    found = kept["hf"]
    said = f"{found['log_likelihoods']:,} log-likelihoods within {found['largest']:.3g}, median {found['median']:.2g}" if found.get("log_likelihoods") \
        else f"{found['texts'] - found['texts_differ']} of {found['texts']} texts equal" if found else "not compared"
    print(f"| {name} | {found.get('documents', '-')} | {' | '.join(cells)} | {said} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", type=Path, required=True, help="folder of the checkpoint")
    arguments.add_argument("--work", type=Path, required=True, help="folder for both sides' files")
    arguments.add_argument("--data", type=Path, help="cognito-eval's datasets; default: the hub's, as lm-evaluation-harness takes them")
    arguments.add_argument("--limit", type=int, help="documents of each task; default: all")
    arguments.add_argument("--tasks", default=",".join(BENCHMARKS))
    arguments.add_argument("--device", default="cuda:0")
    arguments.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float16", "float32"])
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--tolerance", type=float)
    arguments.add_argument("--ours", default="cognito-eval", help="command")
    arguments.add_argument("--lm-eval", default="lm_eval", help="command")
    arguments.add_argument("--vllm", default="auto", choices=["auto", "yes", "no"])
    arguments.add_argument("--batch-size", default="auto", help="lm-evaluation-harness's --batch_size")
    arguments.add_argument("--hf-args", help="such as attn_implementation=flash_attention_2")
    arguments.add_argument("--vllm-args", help="such as gpu_memory_utilization=0.9,max_model_len=4096")
    given = arguments.parse_args()
    unknown = set(given.tasks.split(",")) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"--tasks {given.tasks}: {', '.join(sorted(unknown))} is none of {', '.join(BENCHMARKS)}")
    work = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    exact = given.dtype == "float32"
    tolerance = given.tolerance if given.tolerance is not None else 1e-3 if exact else 0.25
    sides, kept, reasons = runners(given, work), {}, []
    starts = {name: run(*BENCHMARKS["Winogrande"], 1)[0] for name, run in sides.items()}
    print(f"{given.model.name}, {given.dtype} on {given.device}; a start: {', '.join(f'{name} {seconds:.1f} s' for name, seconds in starts.items())}\n")
    others = [name for name in sides if name != "ours"]
    print(f"| benchmark | documents | ours, s | {' | '.join(f'{name}, s | times | less start' for name in others)} | against hf |")
    print("|---|--:|--:" + "|--:" * 3 * len(others) + "|---|")
    for name in given.tasks.split(","):
        seconds, found = {side: [] for side in sides}, {}
        for _ in range(given.rounds):
            read = {}
            for side, run in sides.items():
                took, folder = run(*BENCHMARKS[name], given.limit)
                seconds[side].append(took)
                read[side] = answers(folder)
            for side in others:
                found[side], reason = compare(read["ours"], read[side], tolerance, exact)
                if reason:
                    reasons.append(f"{name}, {side}: {reason}")
        kept[name] = {"seconds": seconds, "agreement": found}
        row(name, seconds, starts, found)
    (work / "peers.json").write_text(json.dumps({"starts": starts, "benchmarks": kept}, indent=1) + "\n")
    print("\n" + ("\n".join(sorted(set(reasons))) or "same documents, same prompts, same answers but for rounding"))
    sys.exit(1 if reasons else 0)


if __name__ == "__main__":
    main()
