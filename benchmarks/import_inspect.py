#!/usr/bin/env python3
"""Imports 200,000 Inspect-style samples of two models and measures wall time and peak memory.

Goals: under 60 s and under 500 MB. The archives are written here, Zstandard or Deflate members as the
machine's Python can, in the shape of Inspect 0.3.285 (docs/import.md); each sample has a prompt, an
answer and the messages that a real log repeats, about 2.5 kB.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOAL_SECONDS = 60
GOAL_MB = 500


def sample(idx, model, rng):
    asked = random.Random(idx)
    words = " ".join(asked.choice(WORDS) for _ in range(60))
    prompt = f"Question {idx}: {words}?"
    answer = " ".join(rng.choice(WORDS) for _ in range(50))
    right = rng.random() < (0.9 if model.endswith("a") else 0.87)
    messages = [
        {"id": f"u{idx}", "content": prompt, "source": "input", "role": "user"},
        {"id": f"a{idx}", "content": answer, "source": "generate", "role": "assistant", "model": model},
    ]
    return {
        "id": f"q{idx}", "epoch": 1, "input": prompt, "target": "x", "messages": messages,
        "output": {"model": model, "choices": [{"message": messages[1], "stop_reason": "stop"}],
                   "completion": answer, "usage": {"input_tokens": 80, "output_tokens": 60}, "time": 0.8},
        "scores": {"match": {"value": "C" if right else "I", "answer": answer, "history": []}},
        "metadata": {}, "store": {}, "events": [{"event": "model", "timestamp": "t", "n": n} for n in range(6)],
        "model_usage": {model: {"input_tokens": 80, "output_tokens": 60, "total_tokens": 140}},
        "total_time": 1.0, "working_time": 0.9,
    }


def write_log(path, model, n_samples):
    rng = random.Random(model)
    header = {
        "version": 2, "status": "success",
        "eval": {"task": "bench", "model": model, "scorers": [{"name": "match"}],
                 "packages": {"inspect_ai": "0.3.285"}},
        "results": {"completed_samples": n_samples},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for idx in range(n_samples):
            archive.writestr(f"samples/q{idx}_epoch_1.json", json.dumps(sample(idx, model, rng)))
        archive.writestr("header.json", json.dumps(header))


WORDS = [f"word{n}" for n in range(4000)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=200_000, help="samples in all, over two models")
    parser.add_argument("--binary", type=pathlib.Path, help="the program (default: builds the release)")
    args = parser.parse_args()
    binary = args.binary
    if binary is None:
        subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "trilemma"], cwd=ROOT, check=True)
        binary = ROOT / "target/release/trilemma"
    with tempfile.TemporaryDirectory() as folder:
        logs = []
        for model in ("vendor/model-a", "vendor/model-b"):
            logs.append(os.path.join(folder, model[-1] + ".eval"))
            write_log(logs[-1], model, args.samples // 2)
        size = sum(os.path.getsize(log) for log in logs)
        start = time.monotonic()
        told_path = os.path.join(folder, "told.json")
        with open(told_path, "wb") as out:
            child = subprocess.Popen([binary.resolve(), "--json", "--quiet", "import", *logs, "--bar", "0.8"],
                                     cwd=folder, stdout=out)
            _, _, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        told = json.loads(pathlib.Path(told_path).read_text())
        assert sum(one["n_results"] for one in told["files"]) == args.samples // 2 * 2
        assert all(check["agrees"] for check in told["checks"])
    mb = used.ru_maxrss * 1024 / 1e6
    cpu = used.ru_utime + used.ru_stime
    print(f"{args.samples:,} samples, {size / 1e6:.0f} MB of archives, verdict included")
    print(f"wall {seconds:.1f} s (goal {GOAL_SECONDS}), CPU {cpu:.1f} s, peak memory {mb:.0f} MB (goal {GOAL_MB})")
    if seconds > GOAL_SECONDS or mb > GOAL_MB:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
