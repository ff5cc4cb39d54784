"""Checks the gateway with the vendors' official packages, at their default settings.

Usage: run.py TRILEMMA [SCRIPT]: the program, and a copy of run.mjs that has the npm packages
installed beside it; or run.py --self-check [SCRIPT]: the checks themselves are checked, against an endpoint that
gives a short answer in good order to whatever it is asked, which every one of them has to find. Starts a simulator and a gateway before it, and asks by every package
through every pair of client dialect and upstream dialect, streamed and whole, for good answers and
for every fault; text, tools, and answers in a schema by the packages' own helpers. Each fault must be an
exception within the deadline, and the upstream must never be called more often than the gateway's settings
declare. The same by a policy (`model="auto"`): a rule sends each request to a faulty model, alone or in a
cascade, and another model has to answer as long as nothing has gone out. Exits with 1 when a check fails.
"""

import base64
import collections
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
import pydantic

import broken
import helper


TEXT = 'Grüße, 世界 🦀: "quoted"\nand a second line.'
TOOLS = [("weather", {"city": "Zürich", "days": 2}), ("clock", {})]
DIALECTS = {"openai": "/v1", "azure": "", "anthropic": "", "gemini": "/v1beta", "responses": "/v1"}
FAULTS = [
    "rate_limited", "server_error", "unavailable", "overloaded", "cut_before_head", "cut_mid_body",
    "stall_before_head", "stall_mid_body", "malformed_json", "malformed_stream",
    "error_after_200", "no_terminal",
]
RESETS = ["reset_before_head", "reset_mid_body"]
# Each way to ask has models of its own, so that its calls can be counted.
PARSERS = ["chat_parsed", "responses_parsed", "messages_tools"]
PARSERS += [f"js_{name}" for name in PARSERS]
CLIENTS = ["chat", "responses", "messages", "js_chat", "js_responses", "js_messages", *PARSERS]
# Of a policy: how the faulty model is asked, and in which dialect.
WAYS = {"alone": "openai", "cascade": "anthropic"}
# A stream has begun when these strike.
AFTER_THE_FIRST_TOKEN = ["cut_mid_body", "stall_mid_body", "malformed_json", "malformed_stream", "error_after_200", "no_terminal"]
KINDS = ["stream", "whole"]
N_AT_ONCE = 32
MAX_ATTEMPTS = 2
DEADLINE_S = 20
HELLO = "Hello"
SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}

# Helpers read a stream as it comes: until the fault strikes, it has to be the beginning of JSON.
LONG_JSON = 'answers = { type = "text", text = "{\\"more\\": \\"' + "word " * 40 + '\\", \\"ok\\": true}" }\n'
SCENARIO = """
[models.plain]
answers = { type = "text", text = "Grüße, 世界 🦀: \\"quoted\\"\\nand a second line." }
usage = { input = 100, output = 20 }
[models.tools]
answers = { type = "script", rules = [{ answers = [{ text = "Looking.", tool_calls = [{ name = "weather", arguments = { city = "Zürich", days = 2 } }, { name = "clock", arguments = {} }] }] }] }
[models.thinker]
answers = { type = "script", rules = [{ answers = [{ reasoning = "Let me think.", text = "Done." }] }] }
[models.json]
answers = { type = "text", text = "{\\"ok\\":true}" }
[models.long]
answers = { type = "tokens", count = 2000 }
"""


class Ok(pydantic.BaseModel):
    ok: bool


def asking(text):
    return [{"role": "user", "content": text}]


def faulty(clients=CLIENTS):
    for fault in FAULTS:
        for client in clients:
            for kind in KINDS:
                # A whole answer without its reason to stop is still whole.
                if (fault, kind) != ("no_terminal", "whole"):
                    yield f"{fault}-{client}-{kind}"


def write(folder, sim, other):
    text = '[task]\nname = "sdk"\nkind = "other"\ngolden = "golden.jsonl"\n'
    text += '[[scorers]]\ntype = "exact"\n'
    text += f'[serve]\npolicy = "policy.json"\nmax_attempts = {MAX_ATTEMPTS}\nfirst_token_timeout_s = 1\nanswer_timeout_s = 1\n'
    text += "idle_timeout_s = 1\nrequest_timeout_s = 6\nmax_request_mb = 1\n"
    text += '[[serve.embeddings]]\nid = "embed"\nmodel = "openai-other/embed-1"\nprice = "0.02"\n'
    for dialect, path in DIALECTS.items():
        for name, base in (("sim", sim), ("other", other)):
            text += f'[providers.{dialect}-{name}]\ndialect = "{dialect}"\nbase_url = "{base}{path}"\n'
            text += 'api_key = "none"\n'
            if dialect == "azure":
                text += 'api_version = "2024-10-21"\n'
            if dialect == "openai":
                text += "responses = true\n"
        for model in ("plain", "tools", "thinker", "json", "long"):
            text += candidate(f"{dialect}/{model}", f"{dialect}-sim/{model}")
        for model in faulty():
            # Upstreams share the simulator: each dialect has models of its own.
            text += candidate(f"{dialect}/{model}", f"{dialect}-sim/{dialect}.{model}")
        for reset in RESETS:
            text += candidate(f"{dialect}/{reset}", f"{dialect}-other/{reset}")
    for way, dialect in WAYS.items():
        for model in routed():
            text += candidate(f"{way}/{model}", f"{dialect}-sim/{way}.{model}")
    (folder / "policy.json").write_text(json.dumps(policy()))
    (folder / "trilemma.toml").write_text(text)
    (folder / "golden.jsonl").write_text('{"input": "a", "expected": "b"}\n')


def routed():
    return faulty([client for client in CLIENTS if client not in PARSERS])


def prompt(way, model):
    return f"{way} {model};"


def policy():
    """A rule for each faulty model: asked alone, or in a cascade with one that answers."""
    well = "gemini/plain"
    plans = {
        "alone": lambda faulty: {"single": faulty},
        "cascade": lambda faulty: {
            "cascade": {"ask": [faulty, well], "accept": {"agree": 2}, "escalate": {"single": well}}
        },
    }
    rules = [
        {"name": f"{way} {model}", "when": {"contains": [prompt(way, model)]}, "then": plan(f"{way}/{model}")}
        for way, plan in plans.items()
        for model in routed()
    ]
    agree = {"ask": ["openai/plain", "anthropic/plain"], "accept": {"agree": 2}, "escalate": {"single": well}}
    tools = {"name": "tools", "when": {"carries": ["tools"]}, "then": {"single": "anthropic/tools"}}
    return {
        "schema_version": 1,
        "name": "sdk",
        "candidates": [
            {"id": name}
            for name in [well, "openai/plain", "anthropic/plain", "anthropic/tools"]
            + [f"{way}/{model}" for way in WAYS for model in routed()]
        ],
        "plan": {"rules": {"rules": [*rules, tools], "otherwise": {"cascade": agree}}},
        "fallback": [well],
    }


def candidate(name, model):
    price = 'price = { input = "1", output = "2" }'
    return f'[[candidates]]\nid = "{name}"\nmodel = "{model}"\n{price}\n'


def scenario():
    text = SCENARIO
    for dialect in DIALECTS:
        for model in faulty():
            fault, client, _ = model.split("-")
            text += f'[models."{dialect}.{model}"]\n'
            text += LONG_JSON if client in PARSERS else 'answers = { type = "tokens", count = 40 }\n'
            text += f'faults = [{{ kind = "{fault}", every = 1, stall_s = 30 }}]\n'
    for way in WAYS:
        for model in routed():
            fault = model.split("-")[0]
            text += f'[models."{way}.{model}"]\n'
            text += 'answers = { type = "tokens", count = 40 }\n'
            text += f'faults = [{{ kind = "{fault}", every = 1, stall_s = 30 }}]\n'
    return text


def start(*command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, process.stdout.readline().strip()


class Chat:
    """Chat completions of the openai package."""

    stop, tool = "stop", "tool_calls"

    def __init__(self, base):
        self.client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", timeout=DEADLINE_S)

    @staticmethod
    def parts(got):
        message = got.choices[0].message
        calls = [(c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls or []]
        return message.content, calls, got.choices[0].finish_reason

    def whole(self, model, text=HELLO, **more):
        return self.parts(self.client.chat.completions.create(model=model, messages=asking(text), **more))

    def stream(self, model, text=HELLO, pause=0.0, **more):
        with self.client.chat.completions.stream(model=model, messages=asking(text), **more) as stream:
            for _ in stream:
                time.sleep(pause)
            return self.parts(stream.get_final_completion())

    def in_schema(self, model):
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}
        return self.whole(model, response_format=form)


class Responses:
    """Responses of the openai package."""

    stop, tool = "completed", "completed"

    def __init__(self, base):
        self.client = openai.OpenAI(base_url=f"{base}/v1", api_key="none", timeout=DEADLINE_S)

    @staticmethod
    def parts(got):
        calls = [(c.name, json.loads(c.arguments)) for c in got.output if c.type == "function_call"]
        return got.output_text, calls, got.status

    def whole(self, model, text=HELLO, **more):
        return self.parts(self.client.responses.create(model=model, input=asking(text), **more))

    def stream(self, model, text=HELLO, pause=0.0, **more):
        with self.client.responses.stream(model=model, input=text, store=False, **more) as stream:
            for _ in stream:
                time.sleep(pause)
            return self.parts(stream.get_final_response())

    def in_schema(self, model):
        form = {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}
        return self.parts(self.client.responses.create(model=model, input=HELLO, text=form))

    def thinks(self, model):
        """Reasoning is an item of its own, whole and streamed; a conversation goes on after calls."""
        whole = self.client.responses.create(model=model, input="Hello")
        with self.client.responses.stream(model=model, input="Hello") as stream:
            events = list(stream)
            streamed = stream.get_final_response()
        for got in (whole, streamed):
            summary = [part.text for item in got.output if item.type == "reasoning" for part in item.summary]
            equal(("".join(summary), got.output_text), ("Let me think.", "Done."))
        numbers = [event.sequence_number for event in events if event.type.endswith(".added")]
        equal(numbers, sorted(numbers))
        again = asking(HELLO) + [
            *(item.model_dump(exclude_none=True) for item in whole.output),
            {"type": "function_call", "call_id": "c1", "name": "clock", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "noon"},
        ]
        equal(self.client.responses.create(model=model, input=again).output_text, "Done.")


class Messages:
    """Messages of the anthropic package."""

    stop, tool = "end_turn", "tool_use"

    def __init__(self, base):
        self.client = anthropic.Anthropic(base_url=base, api_key="none", timeout=DEADLINE_S)

    @staticmethod
    def parts(got):
        text = "".join(block.text for block in got.content if block.type == "text")
        calls = [(block.name, block.input) for block in got.content if block.type == "tool_use"]
        return text, calls, got.stop_reason

    def whole(self, model, text=HELLO, **more):
        return self.parts(
            self.client.messages.create(model=model, messages=asking(text), max_tokens=100, **more)
        )

    def stream(self, model, text=HELLO, pause=0.0, **more):
        with self.client.messages.stream(model=model, messages=asking(text), max_tokens=3000, **more) as stream:
            for _ in stream:
                time.sleep(pause)
            return self.parts(stream.get_final_message())

    def in_schema(self, model):
        form = {"format": {"type": "json_schema", "schema": SCHEMA}}
        return self.whole(model, extra_body={"output_config": form})


class ChatParsed(Chat):
    """Answers in a schema, by the openai package's own helpers for chat completions."""

    @staticmethod
    def parts(got):
        return got.choices[0].message.parsed

    def whole(self, model):
        return self.parts(self.client.chat.completions.parse(model=model, messages=asking(HELLO), response_format=Ok))

    def stream(self, model):
        return super().stream(model, response_format=Ok)


class ResponsesParsed(Responses):
    """The same for Responses."""

    @staticmethod
    def parts(got):
        return got.output_parsed

    def whole(self, model):
        return self.parts(self.client.responses.parse(model=model, input=HELLO, text_format=Ok))

    def stream(self, model):
        return super().stream(model, text_format=Ok)


class MessagesTools(Messages):
    """Calls of tools, whole and streamed, by the anthropic package."""

    tools = [{"name": name, "input_schema": {"type": "object"}} for name, _ in TOOLS]

    def whole(self, model):
        return super().whole(model, tools=self.tools)

    def stream(self, model):
        return super().stream(model, tools=self.tools)


def parsed(sdk, dialect):
    """What a helper makes of an answer, whole and streamed."""
    for ask in (sdk.whole, sdk.stream):
        if isinstance(sdk, MessagesTools):
            equal(ask(f"{dialect}/tools"), ("Looking.", TOOLS, sdk.tool))
        else:
            equal(ask(f"{dialect}/json"), Ok(ok=True))


def by_policy(sdk):
    """A policy's cascade agrees on an answer; a rule sends tools elsewhere."""
    for ask in (sdk.whole, sdk.stream):
        equal(ask("auto"), (TEXT, [], sdk.stop))
    if isinstance(sdk, Messages):
        tools = [{"name": name, "input_schema": {"type": "object"}} for name, _ in TOOLS]
        for ask in (sdk.whole, sdk.stream):
            equal(ask("auto", tools=tools), ("Looking.", TOOLS, sdk.tool))


def rescued(sdk, way, model, kind):
    """Another model answers as long as nothing has gone out; after that the client sees an error."""
    fault = model.split("-")[0]
    ask = sdk.stream if kind == "stream" else sdk.whole
    if (way, kind) == ("alone", "stream") and fault in AFTER_THE_FIRST_TOKEN:
        bad(sdk, "auto", kind, text=prompt(way, model))
    else:
        equal(ask("auto", text=prompt(way, model)), (TEXT, [], sdk.stop))


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def good(sdk, dialect):
    for ask in (sdk.whole, sdk.stream):
        equal(ask(f"{dialect}/plain"), (TEXT, [], sdk.stop))
        equal(ask(f"{dialect}/tools"), ("Looking.", TOOLS, sdk.tool))
    equal(json.loads(sdk.in_schema(f"{dialect}/json")[0]), {"ok": True})
    if isinstance(sdk, Responses):
        sdk.thinks(f"{dialect}/thinker")
    # A client that reads slowly gets everything all the same.
    equal(sdk.stream(f"{dialect}/long", pause=0.0005)[0], " word" * 2000)


def bad(sdk, model, kind, **more):
    started = time.monotonic()
    try:
        got = (sdk.stream if kind == "stream" else sdk.whole)(model, **more)
    except (openai.OpenAIError, anthropic.AnthropicError):
        pass
    except Exception as error:  # A connection that breaks in mid-body is the transport's to tell.
        if not type(error).__module__.startswith(("httpx", "httpcore")):
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


def stored(sdk):
    """State is the vendor's: it passes where the vendor is asked, and is refused elsewhere."""
    equal(sdk.whole("openai/plain", previous_response_id="resp_1")[0], TEXT)
    for more in ({"previous_response_id": "resp_1"}, {"store": True}, {"conversation": "conv_1"}):
        for model in ("azure/plain", "anthropic/plain", "gemini/plain"):
            refused(sdk, model, more, next(iter(more)))
    refused(sdk, "openai/plain", {"background": True}, "background")


def refused(sdk, model, more, word):
    try:
        sdk.whole(model, **more)
    except openai.BadRequestError as error:
        if word in str(error):
            return
        raise
    raise AssertionError(f"{model} took {more}")


def embeddings(sdk):
    for more in ({}, {"encoding_format": "float"}):
        got = sdk.client.embeddings.create(model="embed", input=["a", "b"], **more)
        equal([one.embedding for one in got.data], [helper.VECTOR] * 2)
        equal(got.usage.prompt_tokens, 7)
    try:
        sdk.client.embeddings.create(model="openai/plain", input="a")
    except openai.NotFoundError:
        return
    raise AssertionError("a chat model made embeddings")


def image(sdk):
    dot = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    parts = [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{dot}", "detail": "auto"},
    ]
    for dialect in DIALECTS:
        got = sdk.client.responses.create(
            model=f"{dialect}/plain", instructions="Be brief.", input=[{"role": "user", "content": parts}]
        )
        equal(got.output_text, TEXT)


def checks(url):
    todo = []
    sdks = {"chat": Chat(url), "responses": Responses(url), "messages": Messages(url)}
    todo.append(("responses: stored state", stored, (sdks["responses"],)))
    todo.append(("responses: image", image, (sdks["responses"],)))
    todo.append(("chat: embeddings", embeddings, (sdks["chat"],)))
    for name, sdk in sdks.items():
        todo.append((f"{name} -> auto: good answers", by_policy, (sdk,)))
        for way in WAYS:
            for model in routed():
                fault, client, kind = model.split("-")
                if client == name:
                    todo.append((f"{name} -> auto, {way}: {fault} {kind}", rescued, (sdk, way, model, kind)))
    parsers = {"chat_parsed": ChatParsed(url), "responses_parsed": ResponsesParsed(url), "messages_tools": MessagesTools(url)}
    for name, sdk in (sdks | parsers).items():
        if name in sdks:
            todo.append((f"{name}: oversize", oversize, (sdk,)))
        for dialect in DIALECTS:
            check = good if name in sdks else parsed
            todo.append((f"{name} -> {dialect}: good answers", check, (sdk, dialect)))
            for model in faulty():
                fault, client, kind = model.split("-")
                if client == name:
                    todo.append((f"{name} -> {dialect}: {fault} {kind}", bad, (sdk, f"{dialect}/{model}", kind)))
            for reset in RESETS:
                for kind in KINDS:
                    todo.append((f"{name} -> {dialect}: {reset} {kind}", bad, (sdk, f"{dialect}/{reset}", kind)))
    return todo


def run(todo):
    """Runs checks; gives those that failed, and how."""
    failed = {}
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        running = [(what, pool.submit(function, *args)) for what, function, args in todo]
        for what, future in running:
            try:
                future.result()
            except Exception as error:
                failed[what] = f"{type(error).__name__}: {error}"
    return failed


def told(todo, failed):
    """Says what failed; gives how many."""
    for what, how in failed.items():
        print(f"FAILED {what}: {how}", flush=True)
    print(f"{len(todo) - len(failed)} of {len(todo)} checks passed with the packages for Python", flush=True)
    return len(failed)


def checks_of_node(script, url, **how):
    """Starts the checks of the npm packages; they run beside those of the Python packages."""
    setup = {
        "url": url, "text": TEXT, "tools": TOOLS, "dialects": list(DIALECTS), "resets": RESETS,
        "faulty": list(faulty()), "kinds": KINDS, "deadline_s": DEADLINE_S, "schema": SCHEMA,
        "at_once": N_AT_ONCE, "vector": helper.VECTOR, "ways": list(WAYS), "routed": list(routed()),
        "after_the_first_token": AFTER_THE_FIRST_TOKEN,
    }
    return subprocess.Popen(["node", script, json.dumps(setup)], **how)


def n_over(lines, has_node):
    """Upstreams that were called more often than declared, by the lines of the simulator's log."""
    # The last line holds totals, no call.
    calls = collections.Counter((line["dialect"], line["model"]) for line in lines if "model" in line)
    asked = {call: n for call, n in calls.items() if "-" in call[1]}
    clients = [client for client in CLIENTS if has_node or not client.startswith("js_")]
    n_by_policy = len(WAYS) * len([client for client in clients if client not in PARSERS])
    wanted = (len(DIALECTS) * len(clients) + n_by_policy) * (len(FAULTS) * len(KINDS) - 1)
    # The dialect at the simulator is another where a client's own passes.
    n_models = len({model for _, model in asked})
    failed = 0
    if n_models != wanted:
        print(f"FAILED the simulator's log holds calls of {n_models} faulty models, not {wanted}")
        failed += 1
    for call, n in asked.items():
        # The packages repeat failed calls twice by themselves, unless they are told not to.
        if n > MAX_ATTEMPTS:
            print(f"FAILED {call} was called {n} times, declared are {MAX_ATTEMPTS}")
            failed += 1
    return failed


def self_check(script):
    """Every check must fail where nothing is right; gives how many things were not found."""
    # One dialect and two faults are enough: what looks at an answer is the same for all.
    globals().update(DIALECTS={"openai": "/v1"}, FAULTS=["cut_mid_body", "no_terminal"])
    url = broken.start()
    beside = checks_of_node(script, url, stdout=subprocess.PIPE, text=True) if script else None
    todo = checks(url)
    failed = run(todo)
    passed = [what for what, _, _ in todo if what not in failed]
    for what in passed:
        print(f"NOT FOUND {what}: the check passes with an endpoint that cuts every answer short")
    missed = len(passed)
    print(f"{len(failed)} of {len(todo)} checks of the packages for Python fail where nothing is right")
    if beside is not None:
        lines = beside.communicate(timeout=120)[0].splitlines()
        print(f"packages for Node.js, where nothing is right: {lines[-1] if lines else 'nothing was said'}")
        if beside.returncode == 0 or not lines or not lines[-1].startswith("0 of "):
            print("NOT FOUND: checks of the packages for Node.js pass with an endpoint that cuts every answer short")
            missed += 1
    missed += self_check_of_calls()
    return 1 if missed else 0


def self_check_of_calls():
    """One call too many, and a model that nobody called, are seen."""
    asked = [(dialect, f"{dialect}.{model}") for dialect in DIALECTS for model in faulty()]
    asked += [(dialect, f"{way}.{model}") for way, dialect in WAYS.items() for model in routed()]
    lines = [{"dialect": dialect, "model": model} for dialect, model in asked for _ in range(MAX_ATTEMPTS)]
    missed = 0
    for what, seen, wanted in [("all is well", lines, 0), ("one call too many", [*lines, lines[0]], 1), ("a model is missing", lines[2:], 1)]:
        with contextlib.redirect_stdout(io.StringIO()):
            found = n_over(seen, True)
        if found != wanted:
            print(f"NOT FOUND in the simulator's log: {what}: {found} complaints instead of {wanted}")
            missed += 1
    return missed


def main():
    if sys.argv[1:2] == ["--self-check"] and len(sys.argv) in (2, 3):
        return self_check((sys.argv[2:] or [None])[0])
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    program, script = sys.argv[1], (sys.argv[2:] or [None])[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "sim.toml").write_text(scenario())
        log = folder / "calls.jsonl"
        sim, sim_url = start(
            program, "sim", "--scenario", folder / "sim.toml", "--port", "0", "--log", log
        )
        write(folder, sim_url, helper.start())
        gateway, url = start(
            program, "serve", "-p", folder / "trilemma.toml", "--listen", "127.0.0.1:0"
        )
        try:
            beside = checks_of_node(script, url) if script else None
            todo = checks(url)
            failed = told(todo, run(todo))
            if beside is not None and beside.wait(300) != 0:
                failed += 1
        finally:
            gateway.terminate()
            stopped = gateway.wait(60)
            sim.terminate()
            sim.wait(60)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        failed += n_over(lines, script is not None)
        if stopped != 0:
            print(f"FAILED the gateway ended with {stopped}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
