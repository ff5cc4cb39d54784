"""Writes crates/cli/link/early.txt: which functions the gateway runs, to be kept together in the program.

    python benchmarks/early.py [--binary FILE] [--mock FILE]

Needs valgrind and nm. Builds the program with its symbols and the example `overhead` in release mode (or takes those
given), starts the gateway under valgrind, asks it in each dialect, whole and as a stream, and notes every function that
ran. Functions are noted without the hash that ends their names, because it changes with every dependency; of those
that share such a name, others may not have run. They are therefore parted by blank lines: names whose code nearly
always ran first, then those of which a quarter ran, then the rest.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import gateway

TARGET = gateway.TOP / "crates" / "cli" / "link" / "early.txt"
TEXT = [{"role": "user", "content": "Is 7 a prime number? Prove it."}]
ASKED = {
    "/v1/chat/completions": {"messages": TEXT},
    "/v1/messages": {"messages": TEXT, "max_tokens": 64},
    "/v1/responses": {"input": "Is 7 a prime number?"},
}


def build():
    environment = dict(os.environ, CARGO_PROFILE_RELEASE_STRIP="none")
    run = lambda *args: subprocess.run(args, cwd=gateway.TOP, check=True, env=environment)
    run("cargo", "build", "--release", "--quiet", "--workspace", "--bin", "trilemma", "--example", "overhead")
    told = subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=gateway.TOP)
    release = pathlib.Path(json.loads(told)["target_directory"]) / "release"
    return release / "trilemma", release / "examples" / "overhead"


def ask(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        error.read()


def ran(binary, overhead):
    """Names of all functions that ran."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mock, mock_url = gateway.start(overhead, "mock", "0")
        gateway.project(folder, mock_url)
        counts = folder / "counts"
        served, url = gateway.start(
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", "--demangle=no",
            binary, "serve", "-p", folder / "trilemma.toml", "--listen", "127.0.0.1:0",
        )
        for path, body in ASKED.items():
            for model in ("auto", "small", "nobody"):
                for stream in (False, True):
                    ask(url + path, {**body, "model": model, "stream": stream})
        for kind in ("", "stream"):
            subprocess.run([overhead, "load", url, "auto", "4", "1"] + [kind] * bool(kind), check=True, capture_output=True)
        time.sleep(2)
        served.terminate()
        served.wait(120)
        mock.terminate()
        return set(re.findall(r"^c?fn=\(\d+\) ([^\s']+)", counts.read_text(), re.M))


def without_hash(name):
    if name.startswith("_R"):
        return re.sub(r"(?<=Cs)[0-9A-Za-z]+_", "*_", name)
    return re.sub(r"17h[0-9a-f]{16}E", "17h*E", name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, help="built with symbols")
    parser.add_argument("--mock", type=pathlib.Path, help="the example `overhead`")
    args = parser.parse_args()
    binary, overhead = (args.binary, args.mock) if args.binary and args.mock else build()
    names = ran(binary, overhead)
    used, whole = collections.Counter(), collections.Counter()
    for line in subprocess.check_output(["nm", "-S", binary], text=True).splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tTwW":
            name = without_hash(words[3])
            whole[name] += int(words[1], 16)
            if words[3] in names:
                used[name] += int(words[1], 16)
    if not used:
        sys.exit("no function of the program is known by name; was it built with its symbols?")
    groups = [[], [], []]
    for name in sorted(used):
        share = used[name] / whole[name]
        groups[0 if share >= 0.9 else 1 if share >= 0.25 else 2].append(name)
    TARGET.write_text("\n\n".join("\n".join(group) for group in groups) + "\n")
    for group in groups:
        size = sum(whole[name] for name in group)
        print(f"{len(group):5} names, {size:9,} bytes, of which {sum(used[name] for name in group):9,} ran")
    print(f"of {sum(whole.values()):,} bytes; {TARGET.relative_to(gateway.TOP)} is written")


if __name__ == "__main__":
    main()
