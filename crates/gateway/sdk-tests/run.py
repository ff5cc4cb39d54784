"""Checks the gateway with the vendors' official Python packages, at their default settings.

Usage: run.py TRILEMMA, the program. Starts a simulator and a gateway before it, and asks through
every pair of client dialect and upstream dialect, streamed and whole, for good answers and for
every fault. Each fault must be an exception within the deadline, and the upstream must never be
called more often than the gateway's settings declare. Exits with 1 when a check fails.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai

TEXT = 'Grüße, 世界 🦀: "quoted"\nand a second line.'
TOOLS = [("weather", {"city": "Zürich", "days": 2}), ("clock", {})]
DIALECTS = {"openai": "/v1", "azure": "", "anthropic": "", "gemini": "/v1beta"}
FAULTS = [
    "rate_limited", "server_error", "unavailable", "overloaded", "cut_before_head", "cut_mid_body",
    "stall_before_head", "stall_mid_body", "malformed_json", "malformed_stream",
    "error_after_200", "no_terminal",
]
MAX_ATTEMPTS = 2
DEADLINE_S = 20
ASK = [{"role": "user", "content": "Hello"}]

SCENARIO = """
[models.plain]
answers = { type = "text", text = "Grüße, 世界 🦀: \\"quoted\\"\\nand a second line." }
usage = { input = 100, output = 20 }
[models.tools]
answers = { type = "script", rules = [{ answers = [{ text = "Looking.", tool_calls = [{ name = "weather", arguments = { city = "Zürich", days = 2 } }, { name = "clock", arguments = {} }] }] }] }
[models.json]
answers = { type = "text", text = "{\\"ok\\":true}" }
[models.long]
answers = { type = "tokens", count = 2000 }
"""


def models():
    yield from ("plain", "tools", "json", "long")
    for fault in FAULTS:
        # One model for each way to ask, so that its calls can be counted.
        for sdk in ("openai", "anthropic"):
            for kind in ("stream", "whole"):
                yield f"{fault}-{sdk}-{kind}"


def write(folder, sim):
    text = '[task]\nname = "sdk"\nkind = "other"\ngolden = "golden.jsonl"\n'
    text += '[[scorers]]\ntype = "exact"\n'
    text += f"[serve]\nmax_attempts = {MAX_ATTEMPTS}\nfirst_token_timeout_s = 1\n"
    text += "idle_timeout_s = 1\nrequest_timeout_s = 6\nmax_request_mb = 1\n"
    for dialect, path in DIALECTS.items():
        text += f'[providers.{dialect}-sim]\ndialect = "{dialect}"\nbase_url = "{sim}{path}"\n'
        text += 'api_key = "none"\n'
        if dialect == "azure":
            text += 'api_version = "2024-10-21"\n'
        for model in models():
            # Upstreams share the simulator: each dialect has models of its own.
            name = f"{dialect}.{model}" if "-" in model else model
            text += f'[[candidates]]\nid = "{dialect}/{model}"\nmodel = "{dialect}-sim/{name}"\n'
            text += 'price = { input = "1", output = "2" }\n'
    (folder / "trilemma.toml").write_text(text)
    (folder / "golden.jsonl").write_text('{"input": "a", "expected": "b"}\n')


def scenario():
    text = SCENARIO
    for dialect in DIALECTS:
        for model in models():
            if "-" not in model:
                continue
            fault = model.split("-")[0]
            text += f'[models."{dialect}.{model}"]\n'
            text += 'answers = { type = "tokens", count = 40 }\n'
            text += f'faults = [{{ kind = "{fault}", every = 1, stall_s = 30 }}]\n'
    return text


def start(*command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, process.stdout.readline().strip()


class OpenAi:
    def __init__(self, base):
        self.client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", timeout=DEADLINE_S)

    def whole(self, model, **more):
        got = self.client.chat.completions.create(model=model, messages=ASK, **more)
        message = got.choices[0].message
        calls = [(c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls or []]
        return message.content, calls, got.choices[0].finish_reason

    def stream(self, model, pause=0.0):
        with self.client.chat.completions.stream(model=model, messages=ASK) as stream:
            for _ in stream:
                time.sleep(pause)
            got = stream.get_final_completion()
        message = got.choices[0].message
        calls = [(c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls or []]
        return message.content, calls, got.choices[0].finish_reason


class Anthropic:
    def __init__(self, base):
        self.client = anthropic.Anthropic(base_url=base, api_key="none", timeout=DEADLINE_S)

    @staticmethod
    def parts(got):
        text = "".join(block.text for block in got.content if block.type == "text")
        calls = [(block.name, block.input) for block in got.content if block.type == "tool_use"]
        return text, calls, got.stop_reason

    def whole(self, model, **more):
        return self.parts(
            self.client.messages.create(model=model, messages=ASK, max_tokens=100, **more)
        )

    def stream(self, model, pause=0.0):
        with self.client.messages.stream(model=model, messages=ASK, max_tokens=3000) as stream:
            for _ in stream:
                time.sleep(pause)
            return self.parts(stream.get_final_message())


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def good(sdk, dialect):
    is_openai = isinstance(sdk, OpenAi)
    stop, tool = ("stop", "tool_calls") if is_openai else ("end_turn", "tool_use")
    for ask in (sdk.whole, sdk.stream):
        equal(ask(f"{dialect}/plain"), (TEXT, [], stop))
        text, calls, finish = ask(f"{dialect}/tools")
        equal((text, calls, finish), ("Looking.", TOOLS, tool))
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    if is_openai:
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
        got = sdk.whole(f"{dialect}/json", response_format=form)
    else:
        form = {"format": {"type": "json_schema", "schema": schema}}
        got = sdk.whole(f"{dialect}/json", extra_body={"output_config": form})
    equal(json.loads(got[0]), {"ok": True})
    # A client that reads slowly gets everything all the same.
    equal(sdk.stream(f"{dialect}/long", pause=0.0005)[0], " word" * 2000)


def bad(sdk, model, kind):
    started = time.monotonic()
    try:
        got = (sdk.stream if kind == "stream" else sdk.whole)(model)
    except (openai.OpenAIError, anthropic.AnthropicError):
        pass
    except Exception as error:  # A connection that breaks in mid-body is httpx's to tell.
        if type(error).__module__.split(".")[0] not in ("httpx", "httpcore"):
            raise
    else:
        raise AssertionError(f"a broken answer passed for whole: {got!r}")
    took = time.monotonic() - started
    if took > DEADLINE_S:
        raise AssertionError(f"took {took:.1f} s")


def oversize(sdk):
    try:
        sdk.whole("openai/plain", extra_body={"padding": "x" * (2 << 20)})
    except (openai.APIError, anthropic.APIError):
        return
    raise AssertionError("a request above the limit was answered")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "sim.toml").write_text(scenario())
        log = folder / "calls.jsonl"
        sim, sim_url = start(
            program, "sim", "--scenario", folder / "sim.toml", "--port", "0", "--log", log
        )
        write(folder, sim_url)
        gateway, url = start(
            program, "serve", "-p", folder / "trilemma.toml", "--listen", "127.0.0.1:0"
        )
        try:
            failed = checks(url)
        finally:
            gateway.terminate()
            stopped = gateway.wait(60)
            sim.terminate()
            sim.wait(60)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        # The last line holds totals, no call.
        calls = collections.Counter((line["dialect"], line["model"]) for line in lines if "model" in line)
        asked = [call for call in calls if "-" in call[1]]
        if not asked:
            print("FAILED the simulator's log holds no call of a fault")
            failed += 1
        for call in asked:
            # The packages repeat failed calls twice by themselves, unless they are told not to.
            if calls[call] > MAX_ATTEMPTS:
                print(f"FAILED {call} was called {calls[call]} times, declared are {MAX_ATTEMPTS}")
                failed += 1
        if stopped != 0:
            print(f"FAILED the gateway ended with {stopped}")
            failed += 1
    return 1 if failed else 0


def checks(url):
    todo = []
    for name, sdk in (("openai", OpenAi(url)), ("anthropic", Anthropic(url))):
        todo.append((f"{name}: oversize", oversize, (sdk,)))
        for dialect in DIALECTS:
            todo.append((f"{name} -> {dialect}: good answers", good, (sdk, dialect)))
            for fault in FAULTS:
                for kind in ("stream", "whole"):
                    if fault == "no_terminal" and kind == "whole":
                        continue  # A whole answer without its reason to stop is still whole.
                    model = f"{dialect}/{fault}-{name}-{kind}"
                    todo.append((f"{name} -> {dialect}: {fault} {kind}", bad, (sdk, model, kind)))
    failed = 0
    with ThreadPoolExecutor(16) as pool:
        running = [(what, pool.submit(function, *args)) for what, function, args in todo]
        for what, future in running:
            try:
                future.result()
            except Exception as error:
                failed += 1
                print(f"FAILED {what}: {type(error).__name__}: {error}", flush=True)
    print(f"{len(todo) - failed} of {len(todo)} checks passed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
