"""Measures what the gateway adds: interleaved rounds of direct calls, ours and peers.

    python benchmarks/gateway.py [--rounds 5] [--seconds 3] [--streams 1000] [--soak MINUTES]
                                 [--mock-port PORT] [--peers PYTHON] [--peer NAME=URL,MODEL,PID ...]

Builds `trilemma` and the example `overhead` in release mode, starts the mock upstream and a gateway
before it (ledger on, evidence on, and a policy with rules when this version has them), and runs for
each load all parties in turn, in a new order each round. Prints medians and ranges; `added` is the
difference to the direct calls of the same round. CPU and memory are those of the gateway's process
alone; memory is resident (of which anonymous: what the process itself has made).

`--peers PYTHON` also starts TensorZero's gateway and LiteLLM's proxy, from an interpreter with
`pip install tensorzero 'litellm[proxy]'`; both without a database and without recording. `--peer` adds one
that somebody has started. `--streams` opens so many streams at once and tells the memory of each.
`--soak` goes on for so many minutes with 16 connections, and tells memory every ten seconds.
"""

import argparse
import json
import os
import pathlib
import random
import socket
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


def memory_mb(pid, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def memory(parties):
    told = lambda pid: f"{memory_mb(pid):.1f} MB ({memory_mb(pid, 'RssAnon'):.1f} anonymous)"
    return ", ".join(f"{name} {told(pid)}" for name, (_, _, pid) in parties.items() if pid)


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
    text += '[serve]\npolicy = "policy.json"\nconcurrency = 10000\n'
    for name in ("small", "large", "slow"):
        text += f'[[candidates]]\nid = "{name}"\nmodel = "mock/{name}"\nprice = {{ input = "1", output = "2" }}\n'
    (folder / "trilemma.toml").write_text(text)


TENSORZERO = '''
import os, sys, time
os.environ["RUST_LOG"] = "off"
import tensorzero
gateway = tensorzero._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False
)
print(gateway.base_url, os.getpid(), flush=True)
time.sleep(1e6)
'''


def peers(python, folder, mock):
    """Starts the peers; gives processes and parties."""
    config = folder / "tensorzero.toml"
    config.write_text(
        '[gateway]\nobservability.enabled = false\n[models.small]\nrouting = ["mock"]\n'
        f'[models.small.providers.mock]\ntype = "openai"\nmodel_name = "small"\napi_base = "{mock}/v1/"\n'
        'api_key_location = "none"\n'
    )
    zero, line = start(python, "-c", TENSORZERO, config)
    while line and not line.startswith("http"):
        line = zero.stdout.readline().strip()
    url, pid = line.split()
    parties = {"tensorzero": (url.split("/openai")[0] + "/openai", "tensorzero::model_name::small", int(pid))}
    port = free_port()
    (folder / "litellm.yaml").write_text(
        "model_list:\n  - model_name: small\n    litellm_params:\n      model: openai/small\n"
        f"      api_base: {mock}/v1\n      api_key: none\n"
        # It does not start without a key, and refuses weak ones.
        "general_settings:\n  master_key: sk-1234\n  dangerously_permit_weak_or_unset_master_key: true\n"
    )
    program = pathlib.Path(python).parent / "litellm"
    lite = subprocess.Popen(
        [program, "--config", folder / "litellm.yaml", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    for _ in range(120):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.5)
    parties["litellm"] = (f"http://127.0.0.1:{port}", "small", lite.pid)
    return [zero, lite], parties


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def streams(overhead, url, pid, n):
    before = memory_mb(pid), memory_mb(pid, "RssAnon")
    held, line = start(overhead, "hold", url, "slow", n, 8)
    if not line:
        sys.exit("the streams could not be opened")
    time.sleep(4)
    during = memory_mb(pid), memory_mb(pid, "RssAnon")
    held.wait(60)
    each = (during[0] - before[0]) * 1024 / n
    print(f"\n{n} open streams: {during[0]:.1f} MB, {each:.1f} KiB each (before: {before[0]:.1f} MB)")


def soak(overhead, url, pid, minutes):
    print(f"\nsoak, {minutes:g} minutes, 16 connections")
    load = subprocess.Popen(
        [str(word) for word in (overhead, "load", url, "auto", 16, minutes * 60)], stdout=subprocess.PIPE, text=True
    )
    seen = []
    began = time.monotonic()
    while load.poll() is None:
        time.sleep(min(10, minutes * 6))
        seen.append((time.monotonic() - began, memory_mb(pid), memory_mb(pid, "RssAnon")))
    for at, total, anonymous in seen[:: max(1, len(seen) // 20)]:
        print(f"  {at:5.0f} s  {total:6.1f} MB ({anonymous:.1f} anonymous)")
    print(f"  {load.stdout.read().strip()}")
    half = seen[len(seen) // 2 :]
    print(f"  second half: {min(s[1] for s in half):.1f} to {max(s[1] for s in half):.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=URL,MODEL,PID")
    parser.add_argument("--mock-port", default="0", help="a fixed one, for peers that need to know it")
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--soak", type=float, default=0.0, metavar="MINUTES")
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
        others = []
        if args.peers:
            others, more = peers(args.peers, folder, mock_url)
            parties.update(more)
        for peer in args.peer:
            name, rest = peer.split("=", 1)
            peer_url, model, pid = rest.rsplit(",", 2)
            parties[name] = (peer_url, model, int(pid))
        print("memory idle: " + memory(parties))
        try:
            if args.rounds > 0:
                rounds(overhead, parties, args)
            if args.streams > 0:
                streams(overhead, url, gateway.pid, args.streams)
            if args.soak > 0:
                soak(overhead, url, gateway.pid, args.soak)
        finally:
            for other in others:
                other.terminate()
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
        print("  memory: " + memory(parties))


if __name__ == "__main__":
    sys.exit(main())
