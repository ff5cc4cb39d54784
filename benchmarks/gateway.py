"""Measures what the gateway adds: interleaved rounds of direct calls, ours and peers.

    python benchmarks/gateway.py [--rounds 5] [--seconds 3] [--mock-port PORT] [--peer NAME=URL,MODEL,PID ...]

Builds `trilemma` and the example `overhead` in release mode, starts the mock upstream and a gateway
before it (ledger on, evidence on, and a policy with rules when this version has them), and runs for
each load all parties in turn, in a new order each round. Prints medians and ranges; `added` is the
difference to the direct calls of the same round. Peers are started by hand, before the mock's address
that `--mock-port` fixes: LiteLLM's proxy (`litellm --config …`) and TensorZero's gateway, as their
documentations say. CPU and memory are those of the gateway's process alone.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
LOADS = {
    "1 connection": ("1", ""),
    "64 connections": ("64", ""),
    "stream, 1 connection": ("1", "stream"),
    "streams, 64 connections": ("64", "stream"),
}


def build():
    run = lambda *args: subprocess.run(args, cwd=TOP, check=True)
    run("cargo", "build", "--release", "--quiet", "-p", "trilemma")
    run("cargo", "build", "--release", "--quiet", "-p", "trilemma-gateway", "--example", "overhead")
    target = json.loads(
        subprocess.check_output(
            ["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=TOP
        )
    )["target_directory"]
    return pathlib.Path(target) / "release"


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def start(*command):
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return process, process.stdout.readline().strip()


def project(folder, mock):
    (folder / "golden.jsonl").write_text('{"input": "a", "expected": "b"}\n')
    (folder / "policy.json").write_text(
        json.dumps(
            {
                "schema_version": 1,
                "name": "bench",
                "candidates": [{"id": "small"}, {"id": "large"}],
                "plan": {
                    "rules": {
                        "rules": [
                            {"name": "hard", "when": {"matches": "(?i)prove|derive"}, "then": {"single": "large"}},
                            {"name": "long", "when": {"words": {"min": 400}}, "then": {"single": "large"}},
                        ],
                        "otherwise": {"single": "small"},
                    }
                },
            }
        )
    )
    text = '[task]\nname = "b"\nkind = "other"\ngolden = "golden.jsonl"\n[[scorers]]\ntype = "exact"\n'
    text += f'[providers.mock]\ndialect = "openai"\nbase_url = "{mock}/v1"\napi_key = "none"\n'
    text += '[serve]\npolicy = "policy.json"\n'
    for name in ("small", "large"):
        text += f'[[candidates]]\nid = "{name}"\nmodel = "mock/{name}"\nprice = {{ input = "1", output = "2" }}\n'
    (folder / "trilemma.toml").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=URL,MODEL,PID")
    parser.add_argument("--mock-port", default="0", help="a fixed one, for peers that need to know it")
    parser.add_argument("--bin", type=pathlib.Path, help="folder of the built programs")
    args = parser.parse_args()
    release = args.bin or build()
    overhead = release / "overhead"
    if not overhead.exists():
        overhead = release / "examples" / "overhead"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mock, mock_url = start(overhead, "mock", args.mock_port)
        project(folder, mock_url)
        began = time.monotonic()
        gateway, url = start(
            release / "trilemma", "serve", "-p", folder / "trilemma.toml", "--listen", "127.0.0.1:0"
        )
        parties = {"direct": (mock_url, "small", None), "trilemma": (url, "auto", gateway.pid)}
        subprocess.run([overhead, "load", url, "auto", "1", "0.01"], check=True, capture_output=True)
        print(f"start to first answers: {(time.monotonic() - began) * 1000:.0f} ms, of which 510 ms are the load's own")
        for peer in args.peer:
            name, rest = peer.split("=", 1)
            peer_url, model, pid = rest.rsplit(",", 2)
            parties[name] = (peer_url, model, int(pid))
        print("memory idle: " + ", ".join(f"{n} {memory_mb(p):.1f} MB" for n, (_, _, p) in parties.items() if p))
        try:
            rounds(overhead, parties, args)
        finally:
            gateway.terminate()
            gateway.wait(60)
            mock.terminate()
    return 0


def rounds(overhead, parties, args):
    order = list(parties)
    for load, (connections, kind) in LOADS.items():
        figures = {name: [] for name in parties}
        for _ in range(args.rounds):
            random.shuffle(order)
            for name in order:
                url, model, pid = parties[name]
                before = cpu_seconds(pid) if pid else 0.0
                words = [overhead, "load", url, model, connections, str(args.seconds)] + [kind] * bool(kind)
                done = subprocess.run(words, capture_output=True, text=True)
                if done.returncode != 0:
                    sys.exit(f"{name}: {done.stderr}")
                got = json.loads(done.stdout)
                if pid:
                    # The half second of warming up is paid for, too.
                    share = args.seconds / (args.seconds + 0.5)
                    got["cpu_us"] = (cpu_seconds(pid) - before) * share / max(got["n"], 1) * 1e6
                figures[name].append(got)
        print(f"\n{load}")
        for name, got in figures.items():
            of = lambda key: [one[key] for one in got if key in one]
            middle = lambda key: statistics.median(of(key))
            line = f"  {name:10} {middle('per_s'):9,.0f}/s ({min(of('per_s')):,.0f}-{max(of('per_s')):,.0f})"
            for key in ("p50_ms", "p99_ms", "first_p50_ms"):
                line += f"  {key[:-3]} {middle(key):.3f}"
                if name != "direct":
                    added = [one[key] - direct[key] for one, direct in zip(got, figures["direct"])]
                    line += f" (+{statistics.median(added):.3f})"
            line += " ms"
            if of("cpu_us"):
                line += f"  {middle('cpu_us'):.1f} us CPU"
            print(line)
        print("  memory: " + ", ".join(f"{n} {memory_mb(p):.1f} MB" for n, (_, _, p) in parties.items() if p))


if __name__ == "__main__":
    sys.exit(main())
