#!/usr/bin/env python3
"""Measures cognito-eval and llama.cpp on a CPU, in turn, with the same weights and threads, and prints the table of docs/performance.md.

    tests/llama-server.sh FOLDER                       # llama.cpp's programs, as root on Debian; or have them on PATH
    tests/peers/llama-cpp.py --llama FOLDER --work WORK [--rounds 3] [--threads 2] [--models nano,1b]

nano is the embedded checkpoint (5.7 M parameters); 1b a Llama of 986 M random weights, for which WORK takes 8 GB and the machine 12 GB of
memory. cognito-eval computes in float32, as it does on a CPU unless told otherwise; both checkpoints hold bfloat16. llama.cpp has them as
float32 and as bfloat16, with its own defaults (a float16 cache). A figure is the median over the rounds of tokens a
second; "others" is what share of the processors other programs took while it was measured (Linux alone tells). A measurement waits until
that is below --most-others, up to --patience seconds, and is kept all the same: the table marks what was disturbed. WORK/measures.jsonl
keeps every measurement; a later call with the same WORK adds to it, and --rounds 0 prints the table alone.
"""
import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NANO = ROOT / "src/Cognito.Eval.Cli/checkpoints/cognito-nano"
# Tokens of a prompt that is measured alone, and of a generation's prompt and answer.
SIZES = {"nano": (1024, 128, 128), "1b": (256, 32, 16)}
TEXT = {"nano": 200_000, "1b": 3_000}  # characters of the text that is scored whole
CTX = 512


def jiffies():
    """Of all processors: seconds at work for anybody; None where the system does not tell."""
    try:
        user, nice, system, _, _, irq, soft, steal = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    except OSError:
        return None
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def own():
    children, this = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    return children.ru_utime + children.ru_stime + this.ru_utime + this.ru_stime


def watched(work):
    """What work returns, its seconds, and the share of the processors that others took meanwhile."""
    busy, mine, start = jiffies(), own(), time.monotonic()
    result = work()
    seconds = time.monotonic() - start
    others = None if busy is None else max(0.0, jiffies() - busy - (own() - mine)) / seconds / os.cpu_count()
    return result, seconds, others


def wait_for_quiet(most, patience):
    end = time.monotonic() + patience
    while time.monotonic() < end and (watched(lambda: time.sleep(2))[2] or 0) > most:
        time.sleep(3)


def output(command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout + done.stderr


def json_lines(text, key):
    """The lines of JSON that hold a key."""
    return [json.loads(line) for line in text.split("\n") if line.startswith("{") and f'"{key}"' in line]


class Ours:
    def __init__(self, program, checkpoint, threads, work):
        self.program, self.checkpoint, self.threads, self.work = program, checkpoint, threads, work

    def bench(self, prompts, length, new):
        found = output([*self.program, "bench", "--model", self.checkpoint, "--data", ROOT / "tasks/samples", "--tasks", "gsm8k", "--limit", 1,
            "--device", "cpu", "--threads", self.threads, "--prompts", prompts, "--prompt-tokens", length, "--new-tokens", new, "--json", "-q"])
        return json.loads(found[found.index("{"):found.rindex("}") + 1])

    def prompt(self, length):
        return self.bench(0, length, 2)["forward"]["TokensPerSecond"]

    def generation(self, sequences, length, new):
        its = self.bench(sequences, length, new + 1)["generation"]
        return sequences * (its["NewTokens"] - 1) / (its["Seconds"] - its["PromptSeconds"])

    def text(self, tokens):
        out = self.work / "runs"
        shutil.rmtree(out, ignore_errors=True)
        _, seconds, _ = watched(lambda: output([*self.program, "--model", self.checkpoint, "--data", self.work / "text", "--tasks",
            "wikitext_as_stored", "--protocol", "lm-eval-0.4", "--device", "cpu", "--threads", self.threads, "--max-length", CTX, "-o", out, "-q"]))
        return tokens / seconds


class Llama:
    def __init__(self, folder, model, threads, work):
        self.folder, self.work, self.common = folder, work, ["-m", model, "-t", threads]

    def program(self, name):
        return self.folder / name if self.folder else name

    def prompt(self, length):
        return json_lines(output([self.program("llama-bench"), *self.common, "-p", length, "-n", 0, "-r", 1, "-o", "jsonl"]), "avg_ts")[0]["avg_ts"]

    def generation(self, sequences, length, new):
        command = [self.program("llama-batched-bench"), *self.common, "-c", sequences * (length + new), "-npp", length, "-ntg", new,
            "-npl", sequences, "--output-format", "jsonl"]
        # Its writer, a thread of its own, now and then ends before it has written.
        for _ in range(10):
            if found := json_lines(output(command), "speed_tg"):
                return found[0]["speed_tg"]
        sys.exit(f"{' '.join(map(str, command))}\nsays no speed, ten times")

    def text(self, tokens):
        found, seconds, _ = watched(lambda: output([self.program("llama-perplexity"), *self.common, "-f", self.work / "text/text.txt", "-c", CTX]))
        chunks = int(re.search(r"over (\d+) chunks", found)[1])
        return min(tokens, chunks * CTX) / seconds


def tokens_of(llama, work):
    """As llama.cpp counts them; cognito-eval's own tokenizer makes as many."""
    command = [llama.program("llama-perplexity"), *llama.common, "-f", work / "text/text.txt", "-c", CTX]
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        # It says so before it begins.
        chunks = next((found for line in process.stdout if (found := re.search(r"over (\d+) chunks", line))), None)
        process.kill()
    return int(chunks[1]) * CTX if chunks else sys.exit(f"{' '.join(map(str, command))}\ndoes not say how many chunks the text has")


def made(work, name, peers):
    """The checkpoint, and llama.cpp's files of it."""
    checkpoint = NANO if name == "nano" else work / "llama-1b"
    if name != "nano" and not (checkpoint / "done").exists():
        output([*peers, "random", NANO, checkpoint])
        (checkpoint / "done").touch()
    files = {}
    for dtype in ("float32", "bfloat16"):
        files[dtype] = work / f"{name}-{dtype}.gguf"
        if not files[dtype].exists():
            output([*peers, "gguf", checkpoint, work / "half.gguf", dtype])
            (work / "half.gguf").rename(files[dtype])
    return checkpoint, files


def write_text(work, name):
    """This project's documents as one text: as a file, and as a dataset of one row."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))[:TEXT[name]]
    folder = work / "text/wikitext_as_stored"
    folder.mkdir(parents=True, exist_ok=True)
    (work / "text/text.txt").write_text(text)
    for split in ("train", "validation", "test"):
        (folder / f"{split}.jsonl").write_text(json.dumps({"page": text}) + "\n")


def table(kept):
    rows = {}
    for one in kept:
        rows.setdefault((one["model"], one["what"]), {}).setdefault(one["who"], []).append(one)
    print("| model | what | ours, tokens/s | llama.cpp float32 | ratio | llama.cpp bfloat16 | ratio | others |\n|---|---|--:|--:|--:|--:|--:|--:|")
    for (model, what), by in rows.items():
        speed = {who: statistics.median(one["tokens_per_second"] for one in ones) for who, ones in by.items()}
        others = max((one["others"] or 0) for ones in by.values() for one in ones)
        mine = speed.get("ours")
        cells = [f"{mine:,.1f}" if mine else "-"]
        for who in ("float32", "bfloat16"):
            cells += [f"{speed[who]:,.1f}", f"{mine / speed[who]:.2f}" if mine else "-"] if who in speed else ["-", "-"]
        print(f"| {model} | {what} | {' | '.join(cells)} | {others:.2f} at most, {max(len(ones) for ones in by.values())} rounds |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--llama", type=Path, help="folder of llama-bench, llama-batched-bench and llama-perplexity; default: PATH")
    arguments.add_argument("--work", type=Path, required=True, help="folder for models and measurements")
    arguments.add_argument("--ours", help="command of cognito-eval; default: the build of this checkout")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--models", default="nano,1b")
    arguments.add_argument("--most-others", type=float, default=0.1)
    arguments.add_argument("--patience", type=float, default=60)
    given = arguments.parse_args()
    work = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    kept_file = work / "measures.jsonl"
    kept = [json.loads(line) for line in filter(None, kept_file.read_text().split("\n"))] if kept_file.exists() else []
    if given.rounds > 0 and not given.ours:
        output(["dotnet", "build", ROOT / "src/Cognito.Eval.Cli", "-c", "Release", "-v", "quiet", "--nologo"])
    ours = given.ours.split() if given.ours else ["dotnet", ROOT / "src/Cognito.Eval.Cli/bin/Release/net10.0/cognito-eval.dll"]
    peers = ["dotnet", "run", "--project", ROOT / "tests/peers", "--"]
    for name in given.models.split(",") if given.rounds > 0 else []:
        checkpoint, files = made(work, name, peers)
        write_text(work, name)
        sides = {"ours": Ours(ours, checkpoint, given.threads, work)}
        for dtype, file in files.items():
            sides[dtype] = Llama(given.llama and given.llama.resolve(), file, given.threads, work)
        prompt, length, new = SIZES[name]
        tokens = tokens_of(sides["float32"], work)
        whats = {
            f"prompt of {prompt} tokens": lambda side: side.prompt(prompt),
            f"1 sequence, {new} tokens after {length}": lambda side: side.generation(1, length, new),
            f"16 sequences, {new} tokens after {length}": lambda side: side.generation(16, length, new),
            f"a text of {tokens} tokens in windows of {CTX}, the whole command": lambda side: side.text(tokens),
        }
        for _ in range(given.rounds):
            for what, measure in whats.items():
                for who, side in sides.items():
                    wait_for_quiet(given.most_others, given.patience)
                    speed, seconds, others = watched(lambda: measure(side))
                    kept.append({"model": name, "what": what, "who": who, "tokens_per_second": speed, "seconds": seconds, "others": others})
                    with kept_file.open("a") as file:
                        file.write(json.dumps(kept[-1]) + "\n")
                    print(f"{name}, {what}, {who}: {speed:,.1f} tokens/s, {seconds:.0f} s, others {others if others is None else round(others, 2)}",
                        file=sys.stderr)
    quiet = [one for one in kept if (one["others"] or 0) <= given.most_others]
    print(f"{os.cpu_count()} processors; llama.cpp and cognito-eval in turn, {given.threads} threads each.\n\nAll measurements:\n")
    table(kept)
    if quiet and len(quiet) < len(kept):
        print(f"\nThose alone while others took at most {given.most_others:.2f} of the processors:\n")
        table(quiet)


if __name__ == "__main__":
    main()
