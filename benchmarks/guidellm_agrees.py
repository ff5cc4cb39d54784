"""The same simulator measured by guidellm and by `trilemma latency`, definitions converted.

Both send the same prompts in a closed loop of 8 to one simulated model, in turns; ours are printed by
guidellm's definitions (`converted` in the JSON). Figures of a log-normal endpoint differ from run to
run, so that medians are held against the larger of 5 % and 5 ms.

Installs guidellm into an environment beside the build (about 1 GB with its dependencies). See README.md.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import speed

GUIDELLM = "guidellm==0.8.1"
SCENARIO = """\
[models.sim-model]
first_token_ms = { median = 120, sigma = 0.3, max = 600 }
gap_ms = { median = 10, sigma = 0.3, max = 80 }
answers = { type = "tokens", count = 40 }
usage = { input = 20, output = 40 }
"""
REQUESTS, CONCURRENCY = 300, 8
FIGURES = {
    "time_to_first_token_ms": 1.0,
    "inter_token_latency_ms": 1.0,
    "time_per_output_token_ms": 1.0,
    "request_latency": 1e3,
}


def make_venv():
    folder = speed.target_folder() / "guidellm-venv"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", GUIDELLM], check=True)
    return folder / "bin" / "guidellm"


def by_guidellm(program, work, url):
    out = work / "guidellm.json"
    env = dict(os.environ, HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    command = [
        str(program), "run", "--disable-console",
        "--backend", f"kind=openai_http,target={url},model=sim-model,validate_backend=false",
        "--profile", f"kind=concurrent,streams={CONCURRENCY}", "--constraint", f"kind=max_requests,count={REQUESTS}",
        "--data", f"kind=json_file,path={work / 'prompts.jsonl'}", "--output", f"kind=json,path={out}",
    ]
    done = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"guidellm ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    metrics = json.loads(out.read_text())["benchmarks"][0]["metrics"]
    found = {}
    for name, factor in FIGURES.items():
        one = metrics[name]["successful"]
        found[name] = (one["median"] * factor, one["percentiles"]["p95"] * factor)
    return found


def by_us(binary, work, url):
    run = speed.measure(
        [binary, "--json", "-q", "latency", "--base-url", f"{url}/v1", "--model", "sim-model", "-c", str(CONCURRENCY),
         "-n", str(REQUESTS), "--warmup", "0", "--prompt-tokens", "20"], cwd=work,
    )
    converted = json.loads(run.stdout)["candidates"][0]["stages"][0]["figures"]["converted"]
    return {one["figure"]: (one["p50_ms"], one["p95_ms"]) for one in converted if one["tool"].startswith("guidellm")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, help="measure this binary instead of building one")
    parser.add_argument("--guidellm", type=pathlib.Path, help="use this program instead of installing one")
    args = parser.parse_args()
    binary = speed.find_binary(args.binary)
    guidellm = args.guidellm or make_venv()
    work = pathlib.Path(tempfile.mkdtemp(prefix="trilemma-guidellm-"))
    (work / "sim.toml").write_text(SCENARIO)
    (work / "prompts.jsonl").write_text(
        "".join(json.dumps({"prompt": f"Request {n}: write a long text about rivers."}) + "\n"
                for n in range(REQUESTS))
    )
    sim = subprocess.Popen([binary, "sim", "--scenario", "sim.toml", "--port", "0"], cwd=work,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    url = sim.stdout.readline().strip()
    try:
        ours = by_us(binary, work, url)
        theirs = by_guidellm(guidellm, work, url)
        again = by_us(binary, work, url)
    finally:
        sim.send_signal(signal.SIGINT)
        sim.wait()
        shutil.rmtree(work)
    agree = True
    print(f"{REQUESTS} requests, {CONCURRENCY} at once; ms; ours before and after guidellm's run")
    for name in FIGURES:
        for place, label in enumerate(["median", "p95"]):
            a, b, c = ours[name][place], theirs[name][place], again[name][place]
            allowed = max(0.05 * b, 5.0) if label == "median" else max(0.15 * b, 15.0)
            is_close = abs((a + c) / 2 - b) <= allowed
            agree &= is_close
            print(f"{name:26} {label:7} ours {a:8.2f} and {c:8.2f}, guidellm {b:8.2f}{'' if is_close else '  APART'}")
    raise SystemExit(0 if agree else 1)


if __name__ == "__main__":
    main()
