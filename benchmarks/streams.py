"""Many slow streams at once: how late is the client itself?

A simulator writes one token each 100 ms on every stream; `trilemma latency` reads so many streams at
once (5,000), both on this machine. Shown are what the client says of its own delay (waiting before
sending), the gaps that it saw beside the gaps that the simulator wrote, and the CPU of both. The
simulator shares the cores: where the gaps that it *wrote* are late, it is the limit, and where only
the gaps that were *seen* are, the client is. `--streams` given several times finds where that begins.

Needs Rust and Python 3; raises the limit of open files as far as allowed. See README.md.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import speed
from timing import quantile

SCENARIO = """\
[models.slow]
first_token_ms = 200
gap_ms = 100
answers = { type = "tokens", count = 100 }
"""
GAP_MS = 100.0
# Streams at which the goal holds; the gap seen may be so much later at p99 than the gap written.
GOAL_STREAMS, GOAL_MS = 5000, 10.0


def written_gaps(log, started_s):
    """Gaps in milliseconds as the simulator wrote them, of calls that arrived after the warm-up."""
    gaps = []
    for line in open(log):
        call = json.loads(line)
        if call.get("ended") == "complete" and call["arrived_us"] / 1e6 >= started_s:
            texts = [at for kind, at in call["chunks"] if kind == "text"]
            gaps += [(later - earlier) / 1e3 for earlier, later in zip(texts, texts[1:])]
    return gaps


def run(binary, work, streams, seconds):
    log = work / f"calls-{streams}.jsonl"
    (work / "sim.toml").write_text(SCENARIO)
    sim = subprocess.Popen(
        [binary, "sim", "--scenario", "sim.toml", "--port", "0", "--log", str(log)],
        cwd=work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    url = sim.stdout.readline().strip()
    try:
        client = speed.measure(
            [binary, "--json", "-q", "latency", "--base-url", f"{url}/v1", "--model", "slow", "-c", str(streams),
             "--prompt-tokens", "20", "--prompts", "50", "--warmup", "12s", "--duration", f"{seconds}s"],
            cwd=work,
        )
        fields = pathlib.Path(f"/proc/{sim.pid}/stat").read_text().rsplit(")", 1)[1].split()
        sim_cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    finally:
        sim.send_signal(signal.SIGINT)
        sim.wait()
    figures = json.loads(client.stdout)["candidates"][0]["stages"][0]["figures"]
    theirs = written_gaps(log, 0)
    itl = figures["itl"]
    wait = {one["p"]: one["ms"] for one in figures["client_wait"]["quantiles"]}
    late = itl["p99_ms"] - quantile(theirs, 0.99)
    print(
        f"{streams} streams: {figures['n_answered']} answers, {figures['n_failed']} failed, "
        f"{(figures['output_tokens_per_s'] or {}).get('per_s', 0):.0f} tokens/s of {streams * 1000 / GAP_MS:.0f}\n"
        f"  client's own wait before sending: p50 {wait.get(0.5) or 0:.3f}, p95 {wait.get(0.95) or 0:.3f}, "
        f"p99 {wait.get(0.99) or 0:.3f} ms\n"
        f"  gaps written: p50 {quantile(theirs, 0.5):.2f}, p95 {quantile(theirs, 0.95):.2f}, p99 {quantile(theirs, 0.99):.2f} ms"
        f" (asked: {GAP_MS:.0f})\n"
        f"  gaps seen:    p50 {itl['p50_ms']:.2f}, p95 {itl['p95_ms']:.2f}, p99 {itl['p99_ms']:.2f} ms; at p99 {late:+.2f} ms"
        f" against the simulator\n"
        f"  CPU: client {client.cpu_s / client.wall_s:.2f} cores, {client.peak_mb:.0f} MB; simulator {sim_cpu / client.wall_s:.2f} cores"
    )
    return figures["n_failed"] == 0 and late <= GOAL_MS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, help="measure this binary instead of building one")
    parser.add_argument("--streams", type=int, action="append", help="streams at once (default: 5000)")
    parser.add_argument("--seconds", type=int, default=30, help="measured time, after 12 s of warm-up (default: 30)")
    args = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    binary = speed.find_binary(args.binary)
    work = pathlib.Path(tempfile.mkdtemp(prefix="trilemma-streams-"))
    load = os.getloadavg()[0]
    is_met = True
    try:
        for streams in args.streams or [GOAL_STREAMS]:
            met = run(binary, work, streams, args.seconds)
            is_met &= met or streams > GOAL_STREAMS
            shutil.rmtree(work / ".trilemma", ignore_errors=True)
            time.sleep(1)
    finally:
        shutil.rmtree(work)
    print(f"{os.cpu_count()} cores; load before: {load:.1f}; goal: no failure, and at most {GOAL_MS:g} ms later at p99")
    raise SystemExit(0 if is_met else 1)


if __name__ == "__main__":
    main()
