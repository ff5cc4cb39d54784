"""The official `google-genai` package."""

from checks import TEXT, TOOLS, check, equal, raises, truth
from google import genai
from google.genai import errors, types

CLIENT = None
CONFIG = types.GenerateContentConfig(system_instruction="Be brief.", max_output_tokens=1000)


def connect(base):
    global CLIENT
    options = types.HttpOptions(base_url=base, timeout=2000)
    CLIENT = genai.Client(api_key="none", http_options=options)


def ask(model):
    return CLIENT.models.generate_content(model=model, contents="Hello", config=CONFIG)


def stream(model):
    return CLIENT.models.generate_content_stream(model=model, contents="Hello", config=CONFIG)


def parts(responses):
    return [
        part
        for response in responses
        for candidate in response.candidates or []
        for part in (candidate.content and candidate.content.parts) or []
    ]


def text_of(responses):
    return "".join(part.text or "" for part in parts(responses) if not part.thought)


def finish_of(responses):
    reasons = [c.finish_reason for r in responses for c in r.candidates or [] if c.finish_reason]
    return reasons[-1].name if reasons else None


@check
def whole_and_streamed_answer():
    for got in ([ask("plain")], list(stream("plain"))):
        equal((text_of(got), finish_of(got)), (TEXT, "STOP"))
        equal({response.model_version for response in got}, {"plain"})
        truth(got[-1].response_id.startswith("sim"), "response id")


@check
def usage_is_cumulative_and_last():
    for got in ([ask("reported")], list(stream("reported"))):
        usage = got[-1].usage_metadata
        equal((usage.prompt_token_count, usage.cached_content_token_count), (148, 40))
        equal((usage.candidates_token_count, usage.thoughts_token_count), (15, 5))
        equal(usage.total_token_count, 168)
    counts = [r.usage_metadata.candidates_token_count for r in stream("plain")]
    equal(counts, sorted(counts))


@check
def served_model():
    equal(ask("served").model_version, "served-2024-08-06")


@check
def tool_calls():
    for got in ([ask("tools")], list(stream("tools"))):
        calls = [part.function_call for part in parts(got) if part.function_call]
        equal([(call.name, call.args) for call in calls], TOOLS)


@check
def thoughts_come_before_text():
    for got in ([ask("thinker")], list(stream("thinker"))):
        all_parts = [part for part in parts(got) if part.text]
        thoughts = "".join(part.text for part in all_parts if part.thought)
        equal((thoughts, all_parts[0].thought), ("Let me think about it.", True))
        equal(text_of(got), "Done.")


@check
def models():
    truth("models/plain" in {model.name for model in CLIENT.models.list()}, "models")


@check
def error_statuses():
    error = raises(errors.ClientError, lambda: ask("e429"), 429)
    equal(error.status, "RESOURCE_EXHAUSTED")
    truth("retryDelay" in str(error.details), "retry delay in the details")
    for model, status in (("e500", 500), ("e503", 503), ("e529", 529)):
        raises(errors.ServerError, lambda model=model: ask(model), status)
    raises(errors.ServerError, lambda: list(stream("e503")), 503)
    raises(errors.ClientError, lambda: ask("no-such-model"), 404)


@check
def broken_connections():
    raises(Exception, lambda: ask("cut-head"))
    raises(Exception, lambda: ask("cut-body"))
    raises(Exception, lambda: list(stream("cut-body")))
    raises(Exception, lambda: ask("stall-head"))
    raises(Exception, lambda: list(stream("stall-body")))


@check
def broken_bodies():
    raises(Exception, lambda: ask("bad-json").candidates[0])
    raises(Exception, lambda: list(stream("bad-json")))
    raises(Exception, lambda: list(stream("late-error")))
    equal(finish_of(list(stream("no-terminal"))), None)


@check
def withheld_and_cut_answers():
    for got in ([ask("refusal")], list(stream("refusal"))):
        equal(got[-1].prompt_feedback.block_reason.name, "PROHIBITED_CONTENT")
    for got in ([ask("filtered")], list(stream("filtered"))):
        equal((finish_of(got), text_of(got)), ("SAFETY", ""))
    for got in ([ask("length")], list(stream("length"))):
        equal((text_of(got), finish_of(got)), (" word" * 20, "MAX_TOKENS"))
