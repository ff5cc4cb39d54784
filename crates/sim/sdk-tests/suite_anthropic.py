"""The official `anthropic` package."""

import anthropic
from checks import TEXT, TOOLS, check, equal, raises, truth

CLIENT = None
ASK = {
    "max_tokens": 1000,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
}


def connect(base):
    global CLIENT
    CLIENT = anthropic.Anthropic(base_url=base, api_key="none", max_retries=0, timeout=2.0)


def ask(model, client=None, **more):
    return (client or CLIENT).messages.create(model=model, **(ASK | more))


def told(model):
    """The final message of a stream."""
    with CLIENT.messages.stream(model=model, **ASK) as stream:
        return stream.get_final_message()


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


@check
def whole_and_streamed_answer():
    for got in (ask("plain"), told("plain")):
        equal((text_of(got), got.stop_reason, got.model), (TEXT, "end_turn", "plain"))
        truth(got.id.startswith("msg_sim") and got.usage.output_tokens > 10, "id and usage")
    truth(ask("plain")._request_id.startswith("req_sim"), "request id")


@check
def reported_usage():
    for got in (ask("reported").usage, told("reported").usage):
        equal((got.input_tokens, got.output_tokens), (100, 20))
        equal((got.cache_read_input_tokens, got.cache_creation_input_tokens), (40, 8))


@check
def served_model():
    equal((ask("served").model, told("served").model), ("served-2024-08-06",) * 2)


@check
def tool_calls():
    for got in (ask("tools"), told("tools")):
        calls = [(b.name, b.input) for b in got.content if b.type == "tool_use"]
        equal((calls, got.stop_reason), (TOOLS, "tool_use"))
        equal(text_of(got), "Looking it up.")


@check
def thinking_comes_before_text():
    for got in (ask("thinker"), told("thinker")):
        equal([block.type for block in got.content], ["thinking", "text"])
        equal(got.content[0].thinking, "Let me think about it.")


@check
def event_order():
    events = [event.type for event in ask("plain", stream=True)]
    equal(events[0], "message_start")
    equal(events[-3:], ["content_block_stop", "message_delta", "message_stop"])


@check
def models():
    truth("plain" in {model.id for model in CLIENT.models.list()}, "models")


@check
def rate_limit_headers():
    headers = CLIENT.messages.with_raw_response.create(model="limited", **ASK).headers
    equal(headers["anthropic-ratelimit-requests-limit"], "600")
    truth(headers["anthropic-ratelimit-tokens-reset"].endswith("Z"), "reset")


@check
def errors():
    error = raises(anthropic.RateLimitError, lambda: ask("e429"), 429)
    equal(error.response.headers["retry-after"], "1")
    equal(error.body["error"]["type"], "rate_limit_error")
    raises(anthropic.InternalServerError, lambda: ask("e500"), 500)
    raises(anthropic.APIStatusError, lambda: ask("e529"), 529)
    raises(anthropic.APIStatusError, lambda: told("e529"), 529)
    raises(anthropic.NotFoundError, lambda: ask("no-such-model"), 404)
    raises(anthropic.BadRequestError, lambda: ask("plain", extra_body={"messages": 3}), 400)


@check
def broken_connections():
    raises(anthropic.APIConnectionError, lambda: ask("cut-head"))
    raises(Exception, lambda: ask("cut-body"))
    raises(Exception, lambda: told("cut-body"))
    raises(anthropic.APITimeoutError, lambda: ask("stall-head"))
    raises(Exception, lambda: told("stall-body"))


@check
def broken_bodies():
    raises(Exception, lambda: text_of(ask("bad-json")))
    raises(Exception, lambda: told("bad-json"))
    raises(anthropic.APIStatusError, lambda: told("late-error"))
    equal(told("no-terminal").stop_reason, None)


@check
def withheld_and_cut_answers():
    equal((ask("refusal").stop_reason, told("refusal").stop_reason), ("refusal",) * 2)
    equal((ask("filtered").stop_reason, told("filtered").stop_reason), ("refusal",) * 2)
    for got in (ask("length"), told("length")):
        equal((text_of(got), got.stop_reason), (" word" * 20, "max_tokens"))
