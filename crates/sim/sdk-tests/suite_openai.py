"""The official `openai` package, also with its Azure client."""

import json

import openai
from checks import TEXT, TOOLS, check, equal, raises, truth

CLIENT = AZURE = None
ASK = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]


def connect(base):
    global CLIENT, AZURE
    options = {"api_key": "none", "max_retries": 0, "timeout": 2.0}
    CLIENT = openai.OpenAI(base_url=f"{base}/v1", **options)
    AZURE = openai.AzureOpenAI(azure_endpoint=base, api_version="2024-10-21", **options)


def ask(model, client=None, **more):
    client = client or CLIENT
    return client.chat.completions.create(model=model, messages=ASK, **more)


def told(stream):
    """Text, refusal, last finish reason and usage of a stream."""
    text, refusal, finish, usage = "", "", None, None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            refusal += getattr(choice.delta, "refusal", None) or ""
            finish = choice.finish_reason or finish
    return text, refusal, finish, usage


@check
def whole_answer():
    got = ask("plain")
    equal(got.choices[0].message.content, TEXT)
    equal(got.choices[0].finish_reason, "stop")
    equal((got.model, got.system_fingerprint, got.object), ("plain", "fp_sim", "chat.completion"))
    truth(got.usage.prompt_tokens > 3 and got.usage.completion_tokens > 10, "usage")
    truth(got._request_id.startswith("req_sim"), "request id")


@check
def streamed_answer():
    text, _, finish, usage = told(ask("plain", stream=True))
    equal((text, finish, usage), (TEXT, "stop", None))
    _, _, _, usage = told(ask("plain", stream=True, stream_options={"include_usage": True}))
    equal(usage.completion_tokens, ask("plain").usage.completion_tokens)


@check
def reported_usage():
    for got in (
        ask("reported").usage,
        told(ask("reported", stream=True, stream_options={"include_usage": True}))[3],
    ):
        equal((got.prompt_tokens, got.completion_tokens, got.total_tokens), (148, 20, 168))
        equal(got.prompt_tokens_details.cached_tokens, 40)
        equal(got.completion_tokens_details.reasoning_tokens, 5)


@check
def estimated_usage_is_marked():
    create = CLIENT.chat.completions.with_raw_response.create
    equal(create(model="plain", messages=ASK).headers.get("x-trilemma-usage"), "estimated")
    equal(create(model="reported", messages=ASK).headers.get("x-trilemma-usage"), None)


@check
def served_model():
    equal(ask("served").model, "served-2024-08-06")
    equal({chunk.model for chunk in ask("served", stream=True)}, {"served-2024-08-06"})


@check
def tool_calls():
    message = ask("tools").choices[0].message
    got = [(c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls]
    equal(got, TOOLS)
    with CLIENT.chat.completions.stream(model="tools", messages=ASK) as stream:
        choice = stream.get_final_completion().choices[0]
    got = [(c.function.name, json.loads(c.function.arguments)) for c in choice.message.tool_calls]
    equal((got, choice.finish_reason), (TOOLS, "tool_calls"))
    equal(choice.message.content, "Looking it up.")


@check
def reasoning_comes_before_text():
    kinds = []
    for chunk in ask("thinker", stream=True):
        for choice in chunk.choices:
            if getattr(choice.delta, "reasoning_content", None):
                kinds.append("reasoning")
            elif choice.delta.content:
                kinds.append("text")
    equal(sorted(set(kinds), key=kinds.index), ["reasoning", "text"])


@check
def azure_client():
    got = ask("plain", AZURE)
    equal((got.choices[0].message.content, got.model), (TEXT, "plain"))
    chunks = list(ask("plain", AZURE, stream=True))
    equal((chunks[0].choices, chunks[0].id), ([], ""))
    equal(told(chunks)[0], TEXT)


@check
def models():
    truth("plain" in {model.id for model in CLIENT.models.list()}, "models")


@check
def rate_limit_headers():
    create = CLIENT.chat.completions.with_raw_response.create
    headers = create(model="limited", messages=ASK).headers
    equal(headers["x-ratelimit-limit-requests"], "600")
    truth(int(headers["x-ratelimit-remaining-tokens"]) < 100_000, "remaining tokens")
    truth(headers["x-ratelimit-reset-requests"].endswith("s"), "reset")


@check
def errors():
    error = raises(openai.RateLimitError, lambda: ask("e429"), 429)
    equal((error.response.headers["retry-after"], error.code), ("1", "rate_limit_exceeded"))
    equal(error.response.headers["retry-after-ms"], "500")
    for model, status in (("e500", 500), ("e503", 503), ("e529", 529)):
        raises(openai.InternalServerError, lambda model=model: ask(model), status)
        raises(openai.InternalServerError, lambda model=model: ask(model, stream=True), status)
    raises(openai.NotFoundError, lambda: ask("no-such-model"), 404)
    raises(openai.BadRequestError, lambda: ask("plain", extra_body={"messages": 3}), 400)


@check
def a_retry_succeeds():
    got = ask("first-fails", CLIENT.with_options(max_retries=2))
    equal(got.choices[0].message.content, "recovered")


@check
def broken_connections():
    broken = (openai.APIConnectionError, openai.APIError)
    raises(broken, lambda: ask("cut-head"))
    raises(Exception, lambda: ask("cut-body"))
    raises(Exception, lambda: told(ask("cut-body", stream=True)))
    raises(openai.APITimeoutError, lambda: ask("stall-head"))
    raises(Exception, lambda: told(ask("stall-body", stream=True)))


@check
def broken_bodies():
    raises(Exception, lambda: ask("bad-json").choices[0].message)
    raises(Exception, lambda: told(ask("bad-json", stream=True)))
    raises(openai.APIError, lambda: told(ask("late-error", stream=True)))
    text, _, finish, _ = told(ask("no-terminal", stream=True))
    equal((text, finish), (" word" * 20, None))


@check
def withheld_and_cut_answers():
    choice = ask("refusal").choices[0]
    truth(choice.message.refusal and not choice.message.content, "refusal")
    truth(told(ask("refusal", stream=True))[1] == choice.message.refusal, "streamed refusal")
    equal(ask("filtered").choices[0].finish_reason, "content_filter")
    equal(told(ask("filtered", stream=True))[2], "content_filter")
    for text, finish in (
        (ask("length").choices[0].message.content, ask("length").choices[0].finish_reason),
        told(ask("length", stream=True))[0:3:2],
    ):
        equal((text, finish), (" word" * 20, "length"))
    equal(ask("slow", max_completion_tokens=7).choices[0].finish_reason, "length")
