"""Measures speed, memory and sizes of the release build against its goals.

Everything runs on this machine over the loopback interface: `trilemma sim` answers, `trilemma
bench` and a 20-line script on the `openai` package (script.py) call it, in turns. Wall time, CPU
and peak memory are those of whole processes, as the operating system counts them (wait4). Medians
of several runs; where two programs are compared, the ratio is what to trust on a shared machine.

Needs Rust, Python 3 and pip. See README.md.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PROJECT = """\
[task]
name = "speed"
kind = "reasoning"
golden = "golden.jsonl"

[providers.sim]
dialect = "openai"
base_url = "{url}/v1"
api_key = {{ env = "SIM_KEY" }}

[[scorers]]
type = "numeric"
extract = ["strip:$,", "last_number"]

[bench]
concurrency = {concurrency}
repeats = {repeats}
"""
CANDIDATE = """
[[candidates]]
id = "{id}"
model = "sim/{model}"
stream = {stream}
params = {{ temperature = 0, max_output_tokens = 2048 }}
price = {{ input = "{price}", output = "0.60" }}
"""
SCENARIO = """\
golden = "golden.jsonl"
replay = ["answers.jsonl"]

[models.instant]
answers = { type = "replay", of = "answers" }

[models.delayed]
first_token_ms = 200
answers = { type = "replay", of = "answers" }

[models.paced]
first_token_ms = 20
gap_ms = { median = 0.5, sigma = 0.5, max = 5 }
answers = { type = "replay", of = "answers" }
"""


class Run:
    """One finished process."""

    def __init__(self, wall_s, usage, code, stdout):
        self.wall_s = wall_s
        self.cpu_s = usage.ru_utime + usage.ru_stime
        # Linux counts kilobytes, macOS bytes.
        self.peak_mb = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
        self.code = code
        self.stdout = stdout


def measure(command, **more):
    """Runs a command to its end. Its output goes to files, so that we use no CPU meanwhile."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, **more)
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        stdout = out.read().decode()
        if child.returncode not in (0, 1, 3):
            raise SystemExit(f"{command} ended with {child.returncode}:\n{err.read().decode()}")
    return Run(wall_s, usage, child.returncode, stdout)


def write_golden(folder, n_items):
    """Numbered word problems of 280 characters and recorded answers of 600, as GSM8K has them."""
    with open(folder / "golden.jsonl", "w") as golden, open(folder / "answers.jsonl", "w") as answers:
        for idx in range(n_items):
            trays, eggs, price = 3 + idx % 17, 12 + idx % 31, 2 + idx % 7
            eaten, total = idx % 5, (3 + idx % 17) * (12 + idx % 31)
            earned = (total - eaten) * price
            text = (
                f"Problem {idx}. A farm in the valley fills {trays} trays of {eggs} eggs each on every "
                f"working day of the season. The family that runs it keeps {eaten} of these eggs for its "
                f"own breakfast and sells all others at the market in town for {price} dollars each. How "
                "many dollars does the farm earn on such a day? End with the number."
            )
            # Every tenth answer is wrong.
            said = earned + 1 if idx % 10 == 0 else earned
            answer = (
                f"Let us work through this step by step.\n\n1. The farm fills {trays} trays with {eggs} "
                f"eggs each, which makes {trays} * {eggs} = {total} eggs on a working day.\n2. The family "
                f"keeps {eaten} of them for breakfast, so {total} - {eaten} = {total - eaten} eggs remain "
                f"to be sold at the market.\n3. Each egg is sold for {price} dollars, so that the farm "
                f"earns {total - eaten} * {price} = {said} dollars on such a day.\n\nNote that the cost of "
                "feed, of transport and of the stall at the market is not mentioned in the problem and is "
                "therefore left out of this calculation. The trays are assumed to be full, as the problem "
                f"says.\n\nThe farm earns {said}"
            )
            item_id = f"p{idx}"
            golden.write(json.dumps({"id": item_id, "input": text, "expected": str(earned)}) + "\n")
            answers.write(json.dumps({"id": item_id, "output": answer}) + "\n")


class Bench:
    """The program under test, a simulator, and folders to work in."""

    def __init__(self, binary, work, n_most, scenario=SCENARIO, sim_options=()):
        self.binary, self.work = binary, work
        write_golden(work, n_most)
        (work / "sim.toml").write_text(scenario)
        self.env = dict(os.environ, SIM_KEY="sk-simulated", NO_COLOR="1")
        self.sim = subprocess.Popen(
            [binary, "sim", "--scenario", "sim.toml", "--port", "0", "--warm", *sim_options],
            cwd=work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.url = self.sim.stdout.readline().strip()
        if not self.url.startswith("http://"):
            raise SystemExit("the simulator did not start")
        self.n_folders = 0

    def sim_cpu_s(self):
        """CPU time of the simulator so far; only known on Linux."""
        try:
            fields = pathlib.Path(f"/proc/{self.sim.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def project(self, n_items, candidates, concurrency=50, repeats=1):
        """A new project over the first items; `candidates` are pairs of model and stream."""
        self.n_folders += 1
        folder = self.work / f"project{self.n_folders}"
        folder.mkdir()
        with open(self.work / "golden.jsonl") as source, open(folder / "golden.jsonl", "w") as golden:
            golden.writelines(line for _, line in zip(range(n_items), source))
        text = PROJECT.format(url=self.url, concurrency=concurrency, repeats=repeats)
        for idx, (model, stream) in enumerate(candidates):
            text += CANDIDATE.format(
                id=f"{model}{idx}", model=model, stream=str(stream).lower(), price=f"0.{15 + idx}"
            )
        (folder / "trilemma.toml").write_text(text)
        return folder

    def trilemma(self, folder, *words):
        return measure([self.binary, "-p", str(folder / "trilemma.toml"), *words], env=self.env)

    def run_bench(self, folder, n_trials):
        run = self.trilemma(folder, "--json", "bench")
        summary = json.loads(run.stdout)
        if run.code != 0 or summary["n_answered"] != n_trials:
            raise SystemExit(f"the benchmark went wrong: {run.stdout}")
        return run

    def run_script(self, python, folder, model, concurrency):
        return measure(
            [python, HERE / "script.py", f"{self.url}/v1", model, folder / "golden.jsonl",
             folder / "script.jsonl", str(concurrency)], env=self.env,
        )

    def close(self):
        self.sim.send_signal(signal.SIGINT)
        self.sim.wait()


def median(runs, figure):
    return statistics.median(getattr(run, figure) for run in runs)


def spread(runs, figure):
    values = [getattr(run, figure) for run in runs]
    digits = 2 if min(values) >= 0.1 else 4
    return f"{min(values):.{digits}f}-{max(values):.{digits}f} s"


def file_bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Table:
    """Rows of figures against goals."""

    def __init__(self):
        self.rows = []

    def row(self, what, measured, unit, goal=None, note=""):
        """`goal` is the most that is allowed; a negative one is the least."""
        if goal is None:
            word, ratio = "", ""
        elif goal < 0:
            word, ratio = f">= {-goal:g}", measured / -goal
        else:
            word, ratio = f"<= {goal:g}", measured / goal
        missed = ratio != "" and (ratio < 1 if goal < 0 else ratio > 1)
        self.rows.append({
            "what": what, "goal": word, "measured": f"{measured:.3g} {unit}".strip(),
            "of goal": f"{ratio:.2f}" if ratio != "" else "", "": "MISSED" if missed else "", "note": note,
        })
        print(f"  {what}: {measured:.3g} {unit} {word} {note}", file=sys.stderr, flush=True)

    def show(self):
        columns = list(self.rows[0])
        widths = {name: max(len(name), *(len(row[name]) for row in self.rows)) for name in columns}
        for row in [dict(zip(columns, columns)), {name: "-" * widths[name] for name in columns}, *self.rows]:
            print("| " + " | ".join(row[name].ljust(widths[name]) for name in columns) + " |")


def throughput(bench, table, python, n_runs):
    """10,000 items at zero latency, against the script."""
    n_items = 10_000
    ours, theirs, streamed, sim_cpu = [], [], [], []
    for _ in range(n_runs):
        folder = bench.project(n_items, [("instant", False)])
        before = bench.sim_cpu_s()
        ours.append(bench.run_bench(folder, n_items))
        sim_cpu.append(bench.sim_cpu_s() - before)
        theirs.append(bench.run_script(python, folder, "instant", 50))
        same_scores(bench, folder, theirs[-1])
        streamed.append(bench.run_bench(bench.project(n_items, [("instant", True)]), n_items))
    wall, script = median(ours, "wall_s"), median(theirs, "wall_s")
    name = "10,000 items, instant, c50"
    table.row(f"{name}: wall", wall, "s", 1.8, spread(ours, "wall_s"))
    table.row(f"{name}: script's wall", script, "s", None, spread(theirs, "wall_s"))
    table.row(f"{name}: times faster than the script", script / wall, "x", -10)
    table.row(f"{name}: CPU a call", median(ours, "cpu_s") / n_items * 1e3, "ms", 0.15, spread(ours, "cpu_s"))
    table.row(f"{name}: script's CPU a call", median(theirs, "cpu_s") / n_items * 1e3, "ms")
    table.row(f"{name}: simulator's CPU a call", statistics.median(sim_cpu) / n_items * 1e3, "ms")
    golden_mb = (folder / "golden.jsonl").stat().st_size / 1e6
    small = median(ours, "peak_mb") - golden_mb
    table.row(f"{name}: peak memory beyond the golden set", small, "MB", 50, f"golden set {golden_mb:.1f} MB")
    table.row(f"{name}: script's peak memory", median(theirs, "peak_mb"), "MB")
    tokens = "streams of 150 tokens"
    table.row(f"{name}, {tokens}: wall", median(streamed, "wall_s"), "s", None, spread(streamed, "wall_s"))
    table.row(f"{name}, {tokens}: CPU a call", median(streamed, "cpu_s") / n_items * 1e3, "ms")
    return small


def same_scores(bench, folder, script):
    """Both must have scored the same answers the same way."""
    exported = folder / "exported.jsonl"
    bench.trilemma(folder, "export", "--out", str(exported))
    rows = (json.loads(line) for line in open(exported))
    scores = [row["scores"][0]["outcome"]["scored"]["score"] for row in rows if row["record"] == "trial"]
    rate = sum(score >= 1 for score in scores) / len(scores)
    if rate != float(script.stdout):
        raise SystemExit(f"pass rates differ: {rate}, script {script.stdout}")


def latency_bound(bench, table, python, n_runs):
    """1,000 items at 200 ms."""
    n_items = 1_000
    for concurrency, goal in [(50, 1.05), (200, 1.2)]:
        ours, theirs, streamed = [], [], []
        for _ in range(n_runs):
            folder = bench.project(n_items, [("delayed", False)], concurrency)
            ours.append(bench.run_bench(folder, n_items))
            theirs.append(bench.run_script(python, folder, "delayed", concurrency))
            streamed.append(bench.run_bench(bench.project(n_items, [("delayed", True)], concurrency), n_items))
        ideal = n_items * 0.2 / concurrency
        name = f"1,000 items, 200 ms, c{concurrency}: wall / ideal"
        for word, runs, limit in [("", ours, goal), (", streams", streamed, None), (", script", theirs, None)]:
            note = f"{spread(runs, 'wall_s')}, ideal {ideal:g} s"
            table.row(name + word, median(runs, "wall_s") / ideal, "", limit, note)


def at_scale(bench, table, small_mb, n_trials):
    """100,000 trials: memory, store, opening, decision and report."""
    cases = [
        ("100,000 items", n_trials, [("instant", False)]),
        ("10,000 items x 10 candidates", n_trials // 10, [("instant", False)] * 10),
    ]
    for name, n_items, candidates in cases:
        folder = bench.project(n_items, candidates)
        run = bench.run_bench(folder, n_trials)
        golden_mb = (folder / "golden.jsonl").stat().st_size / 1e6
        peak = run.peak_mb - golden_mb
        table.row(f"{name}: wall", run.wall_s, "s")
        table.row(f"{name}: CPU a call", run.cpu_s / n_trials * 1e3, "ms")
        table.row(f"{name}: peak memory beyond the golden set", peak, "MB", 50, f"golden set {golden_mb:.1f} MB")
        table.row(f"{name}: peak memory, times that of 10,000 trials", peak / small_mb, "x", 1.5)
        stored(bench, table, folder, name, (n_items, len(candidates)))
    verdict(bench, table, folder, "100,000 trials", 3.0)


def stored(bench, table, folder, name, shape):
    """Bytes on disk beyond each item's prompt, counted once, and each trial's answer."""
    n_items, n_candidates = shape
    n_trials = n_items * n_candidates
    with open(folder / "golden.jsonl") as lines:
        prompts = sum(len(json.loads(line)["input"].encode()) for line in lines)
    with open(bench.work / "answers.jsonl") as lines:
        answers = n_candidates * sum(len(json.loads(line)["output"].encode()) for _, line in zip(range(n_items), lines))
    beyond = file_bytes(folder / ".trilemma") - prompts - answers
    note = f"prompts {prompts / n_trials:.0f} B, answers {answers / n_trials:.0f} B"
    table.row(f"{name}: stored a trial beyond prompt and answer", beyond / n_trials, "B", 1500, note)


def verdict(bench, table, folder, name, goal):
    """Decision and report on what is stored."""
    def timed(*words):
        runs = [bench.trilemma(folder, *words) for _ in range(3)]
        return median(runs, "wall_s"), median(runs, "peak_mb")
    wall, peak = timed("--json", "decide")
    table.row(f"{name}: decide", wall, "s", None, f"peak {peak:.0f} MB")
    if has_command(bench, "report"):
        wall, peak = timed("report", "--format", "html", "--out", str(folder / "report.html"))
        table.row(f"{name}: decide and HTML", wall, "s", goal, f"peak {peak:.0f} MB")


def opening(bench, table):
    """Start, and opening a result."""
    folder = bench.project(10_000, [("instant", False)])
    name = json.loads(bench.run_bench(folder, 10_000).stdout)["run"]
    stored(bench, table, folder, "10,000 items", (10_000, 1))
    streamed = bench.project(10_000, [("paced", True)])
    bench.run_bench(streamed, 10_000)
    stored(bench, table, streamed, "10,000 items, streams of 150 paced chunks", (10_000, 1))
    for words, goal in [(["--help"], 0.02), (["runs", "show", name], 0.2), (["runs", "list"], 0.2), (["--json", "decide"], None)]:
        runs = [bench.trilemma(folder, *words) for _ in range(11)]
        name = " ".join(words[:2])
        if words != ["--help"]:
            name += ", 10,000 trials"
        table.row(name, median(runs, "wall_s"), "s", goal, spread(runs, "wall_s"))
    if has_command(bench, "report"):
        runs = [bench.trilemma(folder, "report", "--format", "html", "--out", str(folder / "r.html")) for _ in range(5)]
        table.row("report, 10,000 trials", median(runs, "wall_s"), "s", None, spread(runs, "wall_s"))


def has_command(bench, name):
    return re.search(rf"^  {name} ", measure([bench.binary, "--help"]).stdout, re.MULTILINE) is not None


def target_folder():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def find_binary(given):
    """The binary under test, built unless it is given."""
    if given is None:
        subprocess.run(["cargo", "build", "--release", "-p", "trilemma"], cwd=ROOT, check=True)
    return (given or target_folder() / "release" / "trilemma").resolve()


def make_venv():
    """The interpreter of an environment that has what script.py needs."""
    folder = target_folder() / "bench-venv"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", HERE / "requirements.txt"]
    subprocess.run(install, check=True)
    return python


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, help="measure this binary instead of building one")
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure that is compared (default: 3)")
    parser.add_argument("--work", type=pathlib.Path, help="parent of the folder to work in (default: the system's)")
    parser.add_argument("--only", choices=["throughput", "latency", "scale", "opening"], action="append")
    args = parser.parse_args()
    binary = find_binary(args.binary)
    python = make_venv()
    only = args.only or ["throughput", "latency", "scale", "opening"]
    load = os.getloadavg()[0]
    work = pathlib.Path(tempfile.mkdtemp(prefix="trilemma-speed-", dir=args.work))
    table = Table()
    table.row("binary", binary.stat().st_size / 1e6, "MB", 30)
    bench = Bench(binary, work, 100_000 if "scale" in only else 10_000)
    try:
        small = None
        if "throughput" in only:
            small = throughput(bench, table, python, args.runs)
        if "latency" in only:
            latency_bound(bench, table, python, args.runs)
        if "opening" in only:
            opening(bench, table)
        if "scale" in only:
            if small is None:
                folder = bench.project(10_000, [("instant", False)])
                small = bench.run_bench(folder, 10_000).peak_mb - (folder / "golden.jsonl").stat().st_size / 1e6
            at_scale(bench, table, small, 100_000)
    finally:
        bench.close()
        shutil.rmtree(work)
    print(f"{os.cpu_count()} cores; load of the machine before: {load:.1f}, after: {os.getloadavg()[0]:.1f}")
    table.show()


if __name__ == "__main__":
    main()
