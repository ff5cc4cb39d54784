"""Compares the program's stamps of streams with those of the simulator that wrote them.

50 and then 500 streams at once, of some 150 chunks about 20 ms apart, between two processes on this machine.
For each call: the time to the first visible token as the program recorded it, against the
simulator's own (from the request's last byte read to the chunk's first byte handed to the socket);
and each gap between chunks likewise. Goals: absolute differences below 1 ms at the median and 5 ms
at p99. Both processes share the cores, so whatever else runs on the machine adds to the figures.

Needs Rust and Python 3. See README.md.
"""

import argparse
import json
import os
import pathlib
import shutil
import tempfile

import speed

SCENARIO = """\
golden = "golden.jsonl"
replay = ["answers.jsonl"]

[models.paced]
first_token_ms = { median = 300, sigma = 0.3, max = 1000 }
gap_ms = { median = 20, sigma = 0.5, max = 200 }
answers = { type = "replay", of = "answers" }
"""
MEDIAN_MS, P99_MS = 1.0, 5.0


def written(log):
    """First text and gaps in microseconds as the simulator wrote them, by its number of the call."""
    calls = {}
    for line in open(log):
        call = json.loads(line)
        if call.get("ended") == "complete":
            texts = [at for kind, at in call["chunks"] if kind == "text"]
            calls[call["seq"]] = (texts[0] - call["arrived_us"], gaps(texts))
    return calls


def recorded(exported):
    """The same as the program recorded it. The simulator's number is in its request ids."""
    for line in open(exported):
        row = json.loads(line)
        if row["record"] == "trial":
            (attempt,) = row["trial"]["attempts"]
            seq = int(attempt["request_id"].removeprefix("req_sim"), 16)
            stamps = attempt["timing"]["chunk_us"]
            yield seq, stamps[0], gaps(stamps)


def gaps(stamps):
    return [later - earlier for earlier, later in zip(stamps, stamps[1:])]


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(name, errors_us):
    errors = [abs(error) / 1e3 for error in errors_us]
    median, p99 = quantile(errors, 0.5), quantile(errors, 0.99)
    is_met = median < MEDIAN_MS and p99 < P99_MS
    print(
        f"{name}: n = {len(errors)}, median {median:.3f} ms (goal < {MEDIAN_MS:g}), p99 {p99:.3f} ms "
        f"(goal < {P99_MS:g}), largest {max(errors):.2f} ms{'' if is_met else '  MISSED'}"
    )
    return is_met


def measure(binary, calls, streams):
    work = pathlib.Path(tempfile.mkdtemp(prefix="trilemma-timing-"))
    log = work / "calls.jsonl"
    bench = speed.Bench(binary, work, calls, SCENARIO, ["--log", str(log)])
    try:
        folder = bench.project(calls, [("paced", True)], streams)
        load = os.getloadavg()[0]
        run = bench.run_bench(folder, calls)
        bench.trilemma(folder, "export", "--out", str(work / "exported.jsonl"))
        truth = written(log)
        first, between = [], []
        for seq, first_us, gaps_us in recorded(work / "exported.jsonl"):
            true_first_us, true_gaps_us = truth[seq]
            if len(gaps_us) != len(true_gaps_us):
                raise SystemExit(f"call {seq} has {len(gaps_us)} gaps, written were {len(true_gaps_us)}")
            first.append(first_us - true_first_us)
            between += [ours - theirs for ours, theirs in zip(gaps_us, true_gaps_us)]
    finally:
        bench.close()
        shutil.rmtree(work)
    print(
        f"{calls} calls, {streams} streams at once, {len(between) / run.wall_s:.0f} chunks/s, "
        f"{run.cpu_s / run.wall_s:.2f} cores used; {os.cpu_count()} cores, load before {load:.1f}"
    )
    is_met = [report("  first visible token", first), report("  gaps between chunks", between)]
    return all(is_met)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, help="measure this binary instead of building one")
    parser.add_argument("--calls", type=int, help="calls of each run (default: 500, at least three per stream)")
    parser.add_argument("--streams", type=int, action="append", help="streams at once, may be repeated (default: 50 and 500)")
    args = parser.parse_args()
    binary = speed.find_binary(args.binary)
    all_streams = args.streams or [50, 500]
    is_met = [measure(binary, args.calls or max(500, 3 * streams), streams) for streams in all_streams]
    raise SystemExit(0 if all(is_met) else 1)


if __name__ == "__main__":
    main()
