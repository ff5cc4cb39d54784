"""What people decided or read by hand: models, lines, classes, aliases, ends, terms, rules."""

DOCUMENT_DAY = "2025-01-01"  # the design document says "as of early 2025"
READ = "2026-11-23"

HEADER = """# {name}: models, dated prices and terms.
#
# Money is US dollars per million tokens, as decimal strings; a price that no source states has no
# entry. `from` is the first day of a price, `to` the first day on which it no longer holds; rows
# are never edited: a change closes one and opens the next. `above_tokens` rows hold for requests
# with more input tokens than that and re-price the whole request. Prices seeded by
# scripts/seed.py from MIT data (LICENSES); `role`, `line` and `tier` are editorial.
"""

SOURCES = {
    "litellm": dict(title="LiteLLM 1.109.1 price map", url="https://github.com/BerriAI/litellm", date="2026-11-23"),
    "model-prices": dict(title="model-prices 0.0.5, dated history on models.dev commits", url="https://github.com/wakamex/model-prices", date="2026-10-26"),
    "genai-prices": dict(title="genai-prices 0.2.1", url="https://github.com/pydantic/genai-prices", date="2026-10-30"),
    "models-dev": dict(title="models.dev, snapshot of May 2026", url="https://github.com/sst/models.dev"),
    "llmfit": dict(title="llmfit 1.1.18, configurations of open weights", url="https://github.com/AlexsJones/llmfit", date="2026-11-23"),
    "design-document": dict(title="the design document on model selection, early 2025"),
    "list-2024": dict(title="list prices of 2024 (simonw/llm-prices, pydantic/genai-prices; some open-weight prices are typical Together prices)", url="https://github.com/simonw/llm-prices"),
    "project": dict(title="editorial judgement of this project", date="2026-11-23"),
    "gemini-2024": dict(title="Gemini API cost structure, page of 2024", url="https://bigbullcloud.com/blog/google-gemini-api-cost-structure"),
    "gemini-cut-2024": dict(title="Google: updated Gemini models, reduced 1.5 Pro pricing from 2024-10-01", url="https://developers.googleblog.com/en/updated-gemini-models-reduced-15-pro-pricing-increased-rate-limits-and-more/", date="2024-09-24"),
    "openai-deprecations": dict(title="OpenAI deprecations", url="https://developers.openai.com/api/docs/deprecations", date="2026-11-23"),
    "openai-shutdowns": dict(title="every OpenAI shutdown until January 2027 and what replaces it", url="https://dev.to/importstatic/every-openai-model-shutdown-date-until-january-2027-and-what-replaces-it-1dfk", date="2026-10-15"),
    "openai-4o-end": dict(title="GPT-4o and GPT-4.1 API shutdown, citing OpenAI's deprecations page", url="https://codersera.com/blog/gpt-4o-gpt-4-1-api-shutdown-migration-2026/"),
    "openai-data": dict(title="OpenAI: data controls; data residency", url="https://developers.openai.com/api/docs/guides/data-residency.md", date="2026-11-23"),
    "openai-luna": dict(title="what breaks when you switch to gpt-6-luna, citing its model page", url="https://dev.to/prasadrandika/gpt-4o-shuts-down-on-jan-14-2027-what-breaks-when-you-switch-to-gpt-6-luna-59kg"),
    "openai-sol-61": dict(title="how to use GPT-6.1 Sol, citing its model page", url="https://dev.to/hassann/how-to-use-gpt-61-sol-apl--45cg", date="2026-09-30"),
    "deepseek-location": dict(title="Arize: DeepSeek stores and processes data in the People's Republic of China", url="https://arize.com/docs/ax/security-and-settings/integrations-playground/deepseek"),
    "anthropic-opus-55": dict(title="Anthropic: migrating to Claude Opus 5.5 (a fixed model id without date)", url="https://platform.claude.com/docs/en/models/opus-5-5/migration-guide.md"),
    "anthropic-sonnet-5": dict(title="AnyFast: parameters of Claude Sonnet 5", url="https://docs.anyfast.ai/api-reference/model-api/anthropic/claude-sonnet-5"),
    "anthropic-deprecations": dict(title="Anthropic: model deprecations", url="https://platform.claude.com/docs/en/about-claude/model-deprecations"),
    "anthropic-haiku-3": dict(title="Claude Haiku 3 retired 2026-04-20, citing Anthropic's release notes", url="https://24-ai.news/en/vijest/2026-04-21/anthropic-claude-haiku-3-retirement", date="2026-04-21"),
    "anthropic-watch": dict(title="ai-provider-watch, citing Anthropic's release notes", url="https://github.com/ottto-ai/ai-provider-watch", date="2026-06-17"),
    "anthropic-roster": dict(title="research note of this project: Claude 3.5 Sonnet retired 2025-10-28", date="2026-11-23"),
    "anthropic-ids": dict(title="models overview: dateless ids from 4.6 on are pinned snapshots", url="https://claudemaster.net/features/api-models-overview"),
    "anthropic-data": dict(title="Anthropic: data residency (`inference_geo` global or us); commercial data not used for training", url="https://platform.claude.com/docs/en/manage-claude/data-residency.md", date="2026-08-05"),
    "anthropic-sampling": dict(title="Opus 4.7 and later refuse `temperature`", url="https://github.com/OpenGradient/tee-gateway/pull/79"),
    "anthropic-api": dict(title="Anthropic Messages API reference: `max_tokens` is required", url="https://platform.claude.com/docs/en/api/messages"),
    "gemini-vertex-versions": dict(title="Google Cloud: model versions and lifecycle", url="https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"),
    "gemini-20-end": dict(title="Firebase AI Logic: Gemini 2.0 Flash and Flash-Lite shut down on 2026-06-01", url="https://firebase.google.com/docs/ai-logic/prompt-design", date="2026-06-18"),
    "gemini-25-end": dict(title="what to do before Gemini 2.5 Pro and Flash are retired, citing Google's deprecations page read 2026-11-10", url="https://dev.to/aideprecations/what-to-do-before-gemini-25-pro-and-25-flash-are-retired-on-december-1-2026-5gg9", date="2026-11-10"),
    "gemini-deprecations": dict(title="Gemini deprecations", url="https://ai.google.dev/gemini-api/docs/deprecations", date="2026-09-15"),
    "gemini-terms": dict(title="Gemini API additional terms: paid services", url="https://ai.google.dev/gemini-api/terms", date="2026-03-23"),
    "vendor-terms": dict(title="survey of AI vendors' own terms, 2026-08-05", url="https://github.com/ThomasMoreAI/legal-skills-open", date="2026-08-05"),
    "mistral-privacy": dict(title="Mistral: privacy", url="https://docs.mistral.ai/admin/security-access/privacy"),
    "xai-regions": dict(title="xAI: regional endpoints", url="https://docs.x.ai/developers/advanced-api-usage/regions.md", date="2026-11-23"),
    "together-privacy": dict(title="Together: privacy and security", url="https://docs.together.ai/docs/privacy-and-security.md", date="2026-11-23"),
    "deepinfra-privacy": dict(title="DeepInfra: data privacy", url="https://docs.deepinfra.com/account/data-privacy", date="2026-11-23"),
    "zeroeval": dict(title="name in WildEval/ZeroEval result files", url="https://github.com/WildEval/ZeroEval"),
    "gguf": dict(title="GGUF Q4_K_M file sizes on Hugging Face (bartowski, mradermacher)", url="https://huggingface.co/models?library=gguf"),
    "vendor-api": dict(title="the vendor's API documentation", date="2026-11-23"),
}

MODELS_DEV = {"together": "togetherai", "fireworks": "fireworks-ai", "moonshot": "moonshotai"}


def alias(name, source="litellm", moving=True, **more):
    return dict(name=name, moving=moving, **more, source=source)


def rates(**money):
    return money


CLASSIC = dict(temperature=True, top_p=True, seed=True, reasoning="off", source="vendor-api", checked=READ)


def reasons(*efforts, how="always", source="models-dev", **more):
    out = dict(temperature=False, top_p=False, max_tokens_field="max_completion_tokens", reasoning=how)
    if efforts:
        out["efforts"] = list(efforts)
    return {**out, **more, "source": source, "checked": READ}


O_SERIES = reasons("low", "medium", "high")
GPT_5 = reasons("minimal", "low", "medium", "high")
GPT_51 = reasons("none", "low", "medium", "high", how="on-request")
GPT_52 = reasons("none", "low", "medium", "high", "xhigh", how="on-request")
GPT_56 = reasons(how="default", source="openai-luna")
SOL_61 = reasons(source="openai-sol-61", note="reasoning_effort \"none\" and \"minimal\" are refused")
LUNA = reasons(how="default", source="openai-luna", note="on chat completions, tools need reasoning_effort \"none\"")

CLAUDE = dict(temperature=True, needs_max_tokens=True, reasoning="off", source="anthropic-api", checked=READ)
CLAUDE_THINKS = dict(temperature=True, needs_max_tokens=True, reasoning="on-request", note="temperature or top_p, not both", source="anthropic-api", checked=READ)
CLAUDE_47 = dict(temperature=False, top_p=False, needs_max_tokens=True, source="anthropic-sampling", checked=READ)
CLAUDE_5 = dict(temperature=False, top_p=False, needs_max_tokens=True, reasoning="default", efforts=["low", "medium", "high", "xhigh", "max"], note="other than default sampling parameters are refused; effort goes into output_config", source="anthropic-sonnet-5", checked=READ)
CLAUDE_55 = dict(needs_max_tokens=True, reasoning="always", source="anthropic-opus-55", checked=READ)
CLAUDE_NEEDS = dict(needs_max_tokens=True, source="anthropic-api", checked=READ)
GEMINI = dict(temperature=True, top_p=True, seed=True, reasoning="off", source="models-dev", checked=READ)
GEMINI_THINKS = dict(temperature=True, top_p=True, seed=True, reasoning="default", source="models-dev", checked=READ)
OLD_CLAUDE = dict(can=["tools", "vision", "prompt_cache"], cannot=["json_schema", "reasoning"])
OLD_GEMINI = dict(can=["tools", "json_schema", "json_mode", "vision", "files"], cannot=["reasoning"])
OPENAI_OLD_CAN = ["seed", "logprobs"]


def document(start_input, output=None):
    prices = dict(input=start_input)
    if output:
        prices["output"] = output
    return dict(start=DOCUMENT_DAY, book="design-document", rates=prices, source="design-document", checked=DOCUMENT_DAY)


def list_2024(start, money_in, money_out, **more):
    return dict(start=start, rates=dict(input=money_in, output=money_out), source="list-2024", checked="2024-12-01", closes=True, **more)


def openai(model, history=None, litellm=None, /, **more):
    return dict(id=f"openai/{model}", litellm=litellm or model, history=f"openai/{history}" if history else None, **more)


def anthropic(model, history=None, /, **more):
    return dict(id=f"anthropic/{model}", litellm=model, history=f"anthropic/{history or model}", **more)


def google(model, history=None, /, **more):
    return dict(id=f"google/{model}", litellm=f"gemini/{model}", history=f"google/{history or model}", **more)


END_4O = dict(deprecated="2026-10-14", replacement="openai/gpt-6-luna", on_shutdown="error", source="openai-4o-end")
END_5 = dict(deprecated="2026-06-11", on_shutdown="error", source="openai-deprecations")


def ended(day, replacement=None, source="openai-shutdowns", **more):
    out = dict(shutdown=day, on_shutdown="error", source=source, **more)
    if replacement:
        out["replacement"] = replacement
    return out


OPENAI = [
    openai("gpt-3.5-turbo-0125", "gpt-3.5-turbo-0125", name="GPT-3.5 Turbo (0125)", line="gpt-mini", tier="small", role="economy", pin="snapshot", context=16385, tokenizer="cl100k", parameters=CLASSIC, cannot=["vision", "reasoning"], aliases=[alias("gpt-3.5-turbo")], prices=[list_2024("2024-01-25", "0.5", "1.5")], lifecycle=dict(released="2024-01-25", **ended("2026-10-23", "openai/gpt-5.6-terra"))),
    openai("gpt-4-turbo-2024-04-09", "gpt-4-turbo-2024-04-09", name="GPT-4 Turbo (2024-04-09)", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", context=128000, tokenizer="cl100k", parameters=CLASSIC, cannot=["reasoning"], aliases=[alias("gpt-4-turbo")], lifecycle=dict(released="2024-04-09", **ended("2026-10-23", "openai/gpt-5.6-sol"))),
    openai("gpt-4o-2024-05-13", "gpt-4o-2024-05-13", name="GPT-4o (2024-05-13)", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", tokenizer="o200k", parameters=CLASSIC, can=OPENAI_OLD_CAN, cannot=["reasoning", "json_schema"], lifecycle=ended("2026-10-23", "openai/gpt-5.6-sol")),
    openai("gpt-4o-2024-08-06", "gpt-4o-2024-08-06", name="GPT-4o (2024-08-06)", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", tokenizer="o200k", parameters=CLASSIC, can=OPENAI_OLD_CAN, cannot=["reasoning"], aliases=[alias("gpt-4o")], strengths="Balanced, vision, function calling", prices=[document("2.50", "10.00"), list_2024("2024-08-06", "2.5", "10")], lifecycle=END_4O),
    openai("gpt-4o-2024-11-20", "gpt-4o-2024-11-20", name="GPT-4o (2024-11-20)", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", tokenizer="o200k", parameters=CLASSIC, can=OPENAI_OLD_CAN, cannot=["reasoning"], lifecycle=END_4O),
    openai("gpt-4o-mini-2024-07-18", "gpt-4o-mini", name="GPT-4o mini (2024-07-18)", line="gpt-mini", tier="mid", role="economy", pin="snapshot", models_dev="gpt-4o-mini", tokenizer="o200k", parameters=CLASSIC, can=OPENAI_OLD_CAN, cannot=["reasoning"], aliases=[alias("gpt-4o-mini")], strengths="Fast, cheap, surprisingly capable", prices=[document("0.15", "0.60"), list_2024("2024-07-18", "0.15", "0.6")], lifecycle=END_4O),
    openai("gpt-4.1-2025-04-14", "gpt-4.1", name="GPT-4.1", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", models_dev="gpt-4.1", tokenizer="o200k", parameters=CLASSIC, can=OPENAI_OLD_CAN, cannot=["reasoning"], aliases=[alias("gpt-4.1")], lifecycle=END_4O),
    openai("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini", name="GPT-4.1 mini", line="gpt-mini", tier="mid", role="workhorse", pin="snapshot", models_dev="gpt-4.1-mini", tokenizer="o200k", parameters=CLASSIC, can=OPENAI_OLD_CAN, cannot=["reasoning"], aliases=[alias("gpt-4.1-mini")], lifecycle=END_4O),
    openai("gpt-4.1-nano-2025-04-14", "gpt-4.1-nano", name="GPT-4.1 nano", line="gpt-nano", tier="small", role="economy", pin="snapshot", models_dev="gpt-4.1-nano", tokenizer="o200k", parameters=CLASSIC, can=OPENAI_OLD_CAN, cannot=["reasoning"], aliases=[alias("gpt-4.1-nano")], lifecycle=ended("2026-10-23", "openai/gpt-5.6-luna")),
    openai("o1-2024-12-17", "o1", name="o1", line="o", tier="large", role="premium", pin="snapshot", models_dev="o1", tokenizer="o200k", parameters=O_SERIES, aliases=[alias("o1")], lifecycle=ended("2026-10-23", "openai/gpt-5.6-sol")),
    openai("o3-mini-2025-01-31", "o3-mini", name="o3-mini", line="o-mini", tier="mid", role="workhorse", pin="snapshot", tokenizer="o200k", parameters=O_SERIES, context=200000, cannot=["vision"], aliases=[alias("o3-mini")], lifecycle=dict(released="2025-01-31", **ended("2026-10-23", "openai/gpt-5.6-sol"))),
    openai("o3-2025-04-16", "o3", name="o3", line="o", tier="large", role="flagship", pin="snapshot", models_dev="o3", tokenizer="o200k", parameters=O_SERIES, aliases=[alias("o3")], lifecycle=dict(replacement="openai/gpt-5.6-sol", **END_5)),
    openai("o4-mini-2025-04-16", "o4-mini", name="o4-mini", line="o-mini", tier="mid", role="workhorse", pin="snapshot", models_dev="o4-mini", tokenizer="o200k", parameters=O_SERIES, aliases=[alias("o4-mini")], lifecycle=ended("2026-10-23", "openai/gpt-5.6-terra")),
    openai("gpt-5-2025-08-07", "gpt-5", name="GPT-5", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", models_dev="gpt-5", tokenizer="o200k", parameters=GPT_5, aliases=[alias("gpt-5")], lifecycle=dict(replacement="openai/gpt-6.1-sol", **END_5)),
    openai("gpt-5-mini-2025-08-07", "gpt-5-mini", name="GPT-5 mini", line="gpt-mini", tier="mid", role="workhorse", pin="snapshot", models_dev="gpt-5-mini", tokenizer="o200k", parameters=GPT_5, aliases=[alias("gpt-5-mini")], lifecycle=dict(replacement="openai/gpt-6.1-terra", **END_5)),
    openai("gpt-5-nano-2025-08-07", "gpt-5-nano", name="GPT-5 nano", line="gpt-nano", tier="small", role="economy", pin="snapshot", models_dev="gpt-5-nano", tokenizer="o200k", parameters=GPT_5, aliases=[alias("gpt-5-nano")], lifecycle=END_5),
    openai("gpt-5.1-2025-11-13", "gpt-5.1", name="GPT-5.1", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", models_dev="gpt-5.1", tokenizer="o200k", parameters=GPT_51, aliases=[alias("gpt-5.1")]),
    openai("gpt-5.2-2025-12-11", "gpt-5.2", name="GPT-5.2", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", models_dev="gpt-5.2", tokenizer="o200k", parameters=GPT_52, aliases=[alias("gpt-5.2")]),
    openai("gpt-5.4-2026-03-05", "gpt-5.4", name="GPT-5.4", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", models_dev="gpt-5.4", tokenizer="o200k", parameters=GPT_52, aliases=[alias("gpt-5.4")]),
    openai("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini", name="GPT-5.4 mini", line="gpt-mini", tier="mid", role="workhorse", pin="snapshot", models_dev="gpt-5.4-mini", tokenizer="o200k", parameters=GPT_52, aliases=[alias("gpt-5.4-mini")]),
    openai("gpt-5.4-nano-2026-03-17", "gpt-5.4-nano", name="GPT-5.4 nano", line="gpt-nano", tier="small", role="economy", pin="snapshot", models_dev="gpt-5.4-nano", tokenizer="o200k", parameters=GPT_52, aliases=[alias("gpt-5.4-nano")]),
    openai("gpt-5.5-2026-04-23", "gpt-5.5", name="GPT-5.5", line="gpt-flagship", tier="large", role="flagship", pin="snapshot", models_dev="gpt-5.5", tokenizer="o200k", parameters=GPT_52, aliases=[alias("gpt-5.5")]),
    openai("gpt-5.6-sol", "gpt-5.6-sol", name="GPT-5.6 Sol", line="gpt-flagship", tier="large", role="flagship", pin="unpinned", parameters=GPT_56, aliases=[alias("gpt-5.6")], context=1050000),
    openai("gpt-5.6-terra", "gpt-5.6-terra", name="GPT-5.6 Terra", line="gpt-mini", tier="mid", role="workhorse", pin="unpinned", parameters=GPT_56, context=1050000),
    openai("gpt-5.6-luna", "gpt-5.6-luna", name="GPT-5.6 Luna", line="gpt-nano", tier="small", role="economy", pin="unpinned", parameters=GPT_56, context=1050000),
    openai("gpt-6-astra", "gpt-6-astra", name="GPT-6 Astra", line="gpt-astra", tier="large", role="premium", pin="unpinned", parameters=GPT_56, context=1050000),
    openai("gpt-6-sol", "gpt-6-sol", name="GPT-6 Sol", line="gpt-flagship", tier="large", role="flagship", pin="unpinned", parameters=GPT_56, context=1050000),
    openai("gpt-6-luna", "gpt-6-luna", name="GPT-6 Luna", line="gpt-nano", tier="small", role="economy", pin="unpinned", parameters=LUNA, context=1050000),
    openai("gpt-6.1-sol", "gpt-6.1-sol", name="GPT-6.1 Sol", line="gpt-flagship", tier="large", role="flagship", pin="unpinned", parameters=SOL_61, context=1050000, lifecycle=dict(released="2026-09-29", source="genai-prices")),
    openai("gpt-6.1-terra", "gpt-6.1-terra", name="GPT-6.1 Terra", line="gpt-mini", tier="mid", role="workhorse", pin="unpinned", parameters=GPT_56, context=1050000),
]

PINNED = dict(pin="snapshot")
C3 = dict(tokenizer="claude-3", context=200000)
C47 = dict(tokenizer="claude-4.7", **PINNED)


def retired(day, replacement=None, source="anthropic-deprecations", **more):
    return ended(day, replacement, source, **more)


ANTHROPIC = [
    anthropic("claude-3-opus-20240229", name="Claude 3 Opus", line="claude-opus", tier="large", role="premium", parameters=CLAUDE, **PINNED, **C3, **OLD_CLAUDE, aliases=[alias("claude-3-opus", "project")], prices=[list_2024("2024-02-29", "15", "75")], lifecycle=retired("2026-01-05")),
    anthropic("claude-3-haiku-20240307", name="Claude 3 Haiku", line="claude-haiku", tier="small", role="economy", parameters=CLAUDE, **PINNED, **C3, **OLD_CLAUDE, aliases=[alias("claude-3-haiku", "project", moving=False)], strengths="Fastest Anthropic model, cheap", prices=[document("0.25", "1.25"), list_2024("2024-03-07", "0.25", "1.25")], lifecycle=dict(released="2024-03-07", **retired("2026-04-20", "anthropic/claude-haiku-4-5-20251001", "anthropic-haiku-3"))),
    anthropic("claude-3-5-sonnet-20240620", name="Claude 3.5 Sonnet (2024-06-20)", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE, **PINNED, **C3, **OLD_CLAUDE, lifecycle=retired("2025-10-28", source="anthropic-roster")),
    anthropic("claude-3-5-sonnet-20241022", name="Claude 3.5 Sonnet (2024-10-22)", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE, **PINNED, **C3, **OLD_CLAUDE, aliases=[alias("claude-3-5-sonnet", "project"), alias("claude-3-5-sonnet-latest", "genai-prices")], strengths="Coding, long context, instruction following", prices=[document("3.00"), list_2024("2024-10-22", "3", "15")], lifecycle=retired("2025-10-28", source="anthropic-roster")),
    anthropic("claude-3-5-haiku-20241022", name="Claude 3.5 Haiku", line="claude-haiku", tier="small", role="economy", parameters=CLAUDE, **PINNED, **C3, **OLD_CLAUDE, aliases=[alias("claude-3-5-haiku-latest", "model-prices")], prices=[list_2024("2024-10-22", "0.8", "4")], lifecycle=dict(gone_by="2026-10-26", source="model-prices")),
    anthropic("claude-3-7-sonnet-20250219", name="Claude 3.7 Sonnet", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE_THINKS, **PINNED, **C3, can=["tools", "vision", "files", "reasoning", "prompt_cache"], aliases=[alias("claude-3-7-sonnet-latest", "model-prices")], lifecycle=dict(gone_by="2026-10-26", source="model-prices")),
    anthropic("claude-sonnet-4-20250514", name="Claude Sonnet 4", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE_THINKS, **PINNED, **C3, can=["tools", "vision", "files", "reasoning", "prompt_cache"], aliases=[alias("claude-sonnet-4-0", "model-prices")], lifecycle=retired("2026-06-15", "anthropic/claude-sonnet-4-6", "anthropic-watch")),
    anthropic("claude-opus-4-20250514", name="Claude Opus 4", line="claude-opus", tier="large", role="premium", parameters=CLAUDE_THINKS, **PINNED, **C3, can=["tools", "vision", "files", "reasoning", "prompt_cache"], aliases=[alias("claude-opus-4-0", "model-prices")], lifecycle=retired("2026-06-15", "anthropic/claude-opus-4-8", "anthropic-watch")),
    anthropic("claude-opus-4-1-20250805", name="Claude Opus 4.1", line="claude-opus", tier="large", role="premium", parameters=CLAUDE_THINKS, **PINNED, **C3, can=["tools", "vision", "files", "reasoning", "prompt_cache"], aliases=[alias("claude-opus-4-1", "model-prices")], lifecycle=retired("2026-08-05", "anthropic/claude-opus-4-8", "anthropic-watch", deprecated="2026-06-05")),
    anthropic("claude-sonnet-4-5-20250929", name="Claude Sonnet 4.5", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE_THINKS, **PINNED, **C3, aliases=[alias("claude-sonnet-4-5")], lifecycle=dict(on_shutdown="error", source="litellm")),
    anthropic("claude-haiku-4-5-20251001", name="Claude Haiku 4.5", line="claude-haiku", tier="small", role="economy", parameters=CLAUDE_THINKS, **PINNED, **C3, aliases=[alias("claude-haiku-4-5")]),
    anthropic("claude-opus-4-5-20251101", name="Claude Opus 4.5", line="claude-opus", tier="large", role="flagship", parameters=CLAUDE_THINKS, **PINNED, **C3, aliases=[alias("claude-opus-4-5")]),
    anthropic("claude-opus-4-6", name="Claude Opus 4.6", line="claude-opus", tier="large", role="flagship", parameters=CLAUDE_THINKS, tokenizer="claude-3", **PINNED),
    anthropic("claude-sonnet-4-6", name="Claude Sonnet 4.6", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE_THINKS, tokenizer="claude-3", **PINNED),
    anthropic("claude-opus-4-7", name="Claude Opus 4.7", line="claude-opus", tier="large", role="flagship", parameters=CLAUDE_47, **C47),
    anthropic("claude-opus-4-8", name="Claude Opus 4.8", line="claude-opus", tier="large", role="flagship", parameters=CLAUDE_47, **C47),
    anthropic("claude-fable-5", name="Claude Fable 5", line="claude-fable", tier="large", role="premium", parameters=CLAUDE_NEEDS, **C47),
    anthropic("claude-sonnet-5", name="Claude Sonnet 5", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE_5, **C47, lifecycle=dict(released="2026-06-30", source="model-prices")),
    anthropic("claude-opus-5", name="Claude Opus 5", line="claude-opus", tier="large", role="flagship", parameters=CLAUDE_NEEDS, **C47),
    anthropic("claude-fable-5-1", name="Claude Fable 5.1", line="claude-fable", tier="large", role="premium", parameters=CLAUDE_NEEDS, **C47),
    anthropic("claude-opus-5-5", name="Claude Opus 5.5", line="claude-opus", tier="large", role="flagship", parameters=CLAUDE_55, **C47),
    anthropic("claude-sonnet-5-5", name="Claude Sonnet 5.5", line="claude-sonnet", tier="mid", role="flagship", parameters=CLAUDE_NEEDS, **C47),
    anthropic("claude-haiku-5-5", name="Claude Haiku 5.5", line="claude-haiku", tier="small", role="economy", parameters=CLAUDE_NEEDS, **C47),
]

REROUTE = dict(on_shutdown="reroute:google/gemini-3.8-flash", replacement="google/gemini-3.8-flash", shutdown="2026-12-01", source="gemini-25-end", checked="2026-11-10")
GOOGLE = [
    google("gemini-1.5-pro-002", "gemini-1.5-pro", name="Gemini 1.5 Pro (002)", line="gemini-pro", tier="large", role="flagship", pin="snapshot", context=2000000, max_output=8192, tokenizer="gemini", parameters=GEMINI, **OLD_GEMINI, aliases=[alias("gemini-1.5-pro", "gemini-vertex-versions")], strengths="1M context, multimodal, cost-efficient at scale", prices=[
        document("3.50"),
        dict(start="2024-05-30", to="2024-10-01", rates=rates(input="3.5", output="10.5"), source="gemini-2024", checked=READ),
        dict(start="2024-05-30", to="2024-10-01", above=128000, rates=rates(input="7", output="21"), source="gemini-2024", checked=READ),
        dict(start="2024-10-01", rates=rates(input="1.25", output="5"), source="list-2024", checked="2024-12-01", closes=True),
        dict(start="2024-10-01", above=128000, rates=rates(input="2.5", output="10"), source="genai-prices", checked="2026-10-30"),
    ], lifecycle=dict(released="2024-05-30", shutdown="2025-09-24", on_shutdown="error", source="gemini-vertex-versions")),
    google("gemini-1.5-flash-002", "gemini-1.5-flash", name="Gemini 1.5 Flash (002)", line="gemini-flash", tier="small", role="economy", pin="snapshot", context=1000000, max_output=8192, tokenizer="gemini", parameters=GEMINI, **OLD_GEMINI, aliases=[alias("gemini-1.5-flash", "gemini-vertex-versions")], strengths="Multimodal, long context at low cost", prices=[
        document("0.35"),
        dict(start="2024-10-01", rates=rates(input="0.075", output="0.3"), source="list-2024", checked="2024-12-01", closes=True),
        dict(start="2024-10-01", above=128000, rates=rates(input="0.15", output="0.6"), source="genai-prices", checked="2026-10-30"),
    ], lifecycle=dict(released="2024-05-30", shutdown="2025-09-24", on_shutdown="error", source="gemini-vertex-versions")),
    google("gemini-2.0-flash-001", "gemini-2.0-flash", name="Gemini 2.0 Flash", line="gemini-flash", tier="mid", role="workhorse", pin="snapshot", context=1048576, max_output=8192, tokenizer="gemini", parameters=GEMINI, **OLD_GEMINI, aliases=[alias("gemini-2.0-flash", "gemini-deprecations")], lifecycle=dict(released="2025-02-05", shutdown="2026-06-01", on_shutdown="error", replacement="google/gemini-2.5-flash", source="gemini-20-end")),
    google("gemini-2.0-flash-lite-001", "gemini-2.0-flash-lite", name="Gemini 2.0 Flash-Lite", line="gemini-flash-lite", tier="small", role="economy", pin="snapshot", context=1048576, max_output=8192, tokenizer="gemini", parameters=GEMINI, **OLD_GEMINI, aliases=[alias("gemini-2.0-flash-lite", "gemini-deprecations")], lifecycle=dict(released="2025-02-25", shutdown="2026-06-01", on_shutdown="error", replacement="google/gemini-2.5-flash-lite", source="gemini-20-end")),
    google("gemini-2.5-pro", name="Gemini 2.5 Pro", line="gemini-pro", tier="large", role="flagship", pin="unpinned", tokenizer="gemini", parameters=GEMINI_THINKS, lifecycle=dict(released="2025-06-17", **REROUTE)),
    google("gemini-2.5-flash", name="Gemini 2.5 Flash", line="gemini-flash", tier="mid", role="workhorse", pin="unpinned", tokenizer="gemini", parameters=GEMINI_THINKS, lifecycle={**REROUTE, "released": "2025-06-17", "on_shutdown": "reroute:google/gemini-3.5-flash-lite", "replacement": "google/gemini-3.5-flash-lite"}),
    google("gemini-2.5-flash-lite", name="Gemini 2.5 Flash-Lite", line="gemini-flash-lite", tier="small", role="economy", pin="unpinned", tokenizer="gemini", parameters=GEMINI_THINKS, lifecycle=dict(released="2025-07-22", source="gemini-deprecations")),
    google("gemini-3-flash-preview", name="Gemini 3 Flash (preview)", line="gemini-flash", tier="mid", role="workhorse", pin="unpinned", tokenizer="gemini", parameters=GEMINI_THINKS),
    google("gemini-3.1-pro-preview", name="Gemini 3.1 Pro (preview)", line="gemini-pro", tier="large", role="flagship", pin="unpinned", tokenizer="gemini", parameters=GEMINI_THINKS, aliases=[alias("gemini-pro-latest")]),
    google("gemini-3.1-flash-lite", name="Gemini 3.1 Flash-Lite", line="gemini-flash-lite", tier="small", role="economy", pin="unpinned", tokenizer="gemini", parameters=GEMINI_THINKS),
    google("gemini-3.5-flash", name="Gemini 3.5 Flash", line="gemini-flash", tier="mid", role="workhorse", pin="unpinned", tokenizer="gemini", parameters=GEMINI_THINKS),
    google("gemini-3.5-flash-lite", name="Gemini 3.5 Flash-Lite", line="gemini-flash-lite", tier="small", role="economy", pin="unpinned", tokenizer="gemini", aliases=[alias("gemini-flash-lite-latest")], lifecycle=dict(released="2026-07-21", source="gemini-deprecations")),
    google("gemini-3.6-flash", name="Gemini 3.6 Flash", line="gemini-flash", tier="mid", role="workhorse", pin="unpinned", tokenizer="gemini", lifecycle=dict(released="2026-07-21", source="gemini-deprecations")),
    google("gemini-3.7-flash", name="Gemini 3.7 Flash", line="gemini-flash", tier="mid", role="workhorse", pin="unpinned", tokenizer="gemini", lifecycle=dict(released="2026-08-13", source="gemini-deprecations")),
    google("gemini-3.8-flash", name="Gemini 3.8 Flash", line="gemini-flash", tier="mid", role="workhorse", pin="unpinned", tokenizer="gemini", aliases=[alias("gemini-flash-latest")], lifecycle=dict(released="2026-09-02", source="gemini-deprecations")),
    google("gemini-4-argon", name="Gemini 4 Argon", line="gemini-pro", tier="large", role="flagship", pin="unpinned", tokenizer="gemini"),
]


def plain(provider, model, litellm=None, history=None, /, **more):
    return dict(id=f"{provider}/{model}", litellm=litellm, history=history, **more)


def mistral(model, history=None, litellm=None, /, **more):
    return plain("mistral", model, litellm or f"mistral/{model}", f"mistral/{history or model}" if history != "" else None, **more)


MISTRAL = [
    mistral("open-mistral-nemo-2407", "", "mistral/open-mistral-nemo", name="Mistral Nemo", line="mistral-nemo", tier="mid", role="economy", pin="snapshot", tokenizer="tekken", weights="open-weights/mistral-nemo-instruct-2407", aliases=[alias("open-mistral-nemo"), alias("Mistral-Nemo-Instruct-2407", "zeroeval", moving=False)], price_note="model-prices 0.0.5 lists 0.15 for both", lifecycle=dict(released="2024-07-17", source="llmfit")),
    mistral("mistral-large-2411", name="Mistral Large 2.1", line="mistral-large", tier="large", role="flagship", pin="snapshot", lifecycle=dict(gone_by="2026-10-26", source="model-prices")),
    mistral("mistral-large-2512", name="Mistral Large 3", line="mistral-large", tier="large", role="flagship", pin="snapshot", aliases=[alias("mistral-large-latest"), alias("mistral-large-3", moving=False)]),
    mistral("mistral-large-4-0", "", name="Mistral Large 4", line="mistral-large", tier="large", role="flagship", pin="unpinned", aliases=[alias("mistral-large-4", moving=False)]),
    mistral("mistral-medium-2604", name="Mistral Medium 3.5", line="mistral-medium", tier="mid", role="workhorse", pin="snapshot", aliases=[alias("mistral-medium-latest"), alias("mistral-medium-3-5", moving=False)]),
    mistral("mistral-small-2603", name="Mistral Small 4", line="mistral-small", tier="mid", role="economy", pin="snapshot", aliases=[alias("mistral-small-latest")]),
    mistral("ministral-14b-2512", name="Ministral 3 14B", line="ministral-14b", tier="mid", role="economy", pin="snapshot", aliases=[alias("ministral-14b-latest")]),
    mistral("ministral-8b-2512", name="Ministral 3 8B", line="ministral-8b", tier="small", role="economy", pin="snapshot", aliases=[alias("ministral-8b-latest")]),
    mistral("ministral-3b-2512", name="Ministral 3 3B", line="ministral-3b", tier="small", role="economy", pin="snapshot", aliases=[alias("ministral-3b-latest")]),
    mistral("codestral-2508", "", name="Codestral", line="codestral", tier="mid", role="workhorse", only_for=["code"], pin="snapshot", aliases=[alias("codestral-latest")]),
]

XAI = [
    plain("xai", "grok-4.20-0309", "xai/grok-4.20-0309", name="Grok 4.20", line="grok", tier="large", role="flagship", pin="snapshot", aliases=[alias("grok-4.20")]),
    plain("xai", "grok-4.20-0309-non-reasoning", "xai/grok-4.20-0309-non-reasoning", name="Grok 4.20, not reasoning", line="grok-direct", tier="large", role="workhorse", pin="snapshot", aliases=[alias("grok-4.20-non-reasoning")]),
    plain("xai", "grok-4.3", "xai/grok-4.3", "xai/grok-4.3", name="Grok 4.3", line="grok", tier="large", role="flagship", pin="unpinned", aliases=[alias("grok-4.3-latest")]),
    plain("xai", "grok-4.5", "xai/grok-4.5", "xai/grok-4.5", name="Grok 4.5", line="grok", tier="large", role="flagship", pin="unpinned", aliases=[alias("grok-4.5-latest")]),
    plain("xai", "grok-4.6", "xai/grok-4.6", "xai/grok-4.6", name="Grok 4.6", line="grok", tier="large", role="flagship", pin="unpinned", terms=dict(regions=["us"], conditions="endpoint https://us.api.x.ai/v1, 10 % dearer", source="xai-regions", checked=READ)),
    plain("xai", "grok-4.7", "xai/grok-4.7", "xai/grok-4.7", name="Grok 4.7", line="grok", tier="large", role="flagship", pin="unpinned"),
    plain("xai", "grok-build-0.1", "xai/grok-build-0.1", "xai/grok-build-0.1", name="Grok Build 0.1", line="grok-build", tier="mid", role="workhorse", only_for=["code", "tool-use"], pin="unpinned"),
]

PEAK = "price of the peak hours (01-04 and 06-10 UTC); half of it at other hours"
DEEPSEEK = [
    plain("deepseek", "deepseek-flash", "deepseek-flash", name="DeepSeek V4.1 Flash", line="deepseek-flash", tier="large", role="economy", pin="unpinned", price_note=PEAK, aliases=[alias("deepseek-v4-flash")]),
    plain("deepseek", "deepseek-v4-pro", "deepseek-v4-pro", name="DeepSeek V4 Pro", line="deepseek-pro", tier="large", role="flagship", pin="unpinned", price_note=PEAK),
    plain("deepseek", "deepseek-chat", "deepseek-chat", name="DeepSeek Chat", line="deepseek-flash", tier="large", role="workhorse", pin="unpinned"),
]


def alibaba(model, litellm=None, /, **more):
    return plain("alibaba", model, litellm, f"alibaba/{model}", **more)


ALIBABA = [
    alibaba("qwen3.8-max", "dashscope/qwen3.8-max", name="Qwen3.8 Max", line="qwen-max", tier="large", role="flagship", pin="unpinned"),
    alibaba("qwen3.7-plus", "dashscope/qwen3.7-plus", name="Qwen3.7 Plus", line="qwen-plus", tier="large", role="workhorse", pin="unpinned"),
    alibaba("qwen3.8-flash", "dashscope/qwen3.8-flash", name="Qwen3.8 Flash", line="qwen-flash", tier="mid", role="economy", pin="unpinned"),
    alibaba("qwen3.7-flash", name="Qwen3.7 Flash", line="qwen-flash", tier="mid", role="economy", pin="unpinned"),
    alibaba("qwen3.8-27b", name="Qwen3.8 27B", line="qwen-27b", tier="mid", role="workhorse", pin="unpinned", weights="open-weights/qwen3.8-27b"),
]

MOONSHOT = [
    plain("moonshot", "kimi-k2.6", "moonshot/kimi-k2.6", "moonshotai/kimi-k2.6", name="Kimi K2.6", line="kimi", tier="large", role="flagship", pin="unpinned"),
    plain("moonshot", "kimi-k2.7-code", "moonshot/kimi-k2.7-code", "moonshotai/kimi-k2.7-code", name="Kimi K2.7 Code", line="kimi-code", tier="large", role="workhorse", only_for=["code", "tool-use"], pin="unpinned"),
    plain("moonshot", "kimi-k3", "moonshot/kimi-k3", "moonshotai/kimi-k3", name="Kimi K3", line="kimi", tier="large", role="flagship", pin="unpinned"),
    plain("moonshot", "kimi-k3.1-pro", "moonshot/kimi-k3.1-pro", "moonshotai/kimi-k3.1-pro", name="Kimi K3.1 Pro", line="kimi", tier="large", role="flagship", pin="unpinned"),
]

ZAI = [
    plain("zai", "glm-4.7", "zai/glm-4.7", "zai/glm-4.7", name="GLM 4.7", line="glm", tier="large", role="flagship", pin="unpinned"),
    plain("zai", "glm-5.2", "zai/glm-5.2", "zai/glm-5.2", name="GLM 5.2", line="glm", tier="large", role="flagship", pin="unpinned"),
    plain("zai", "glm-5.3", "zai/glm-5.3", "zai/glm-5.3", name="GLM 5.3", line="glm", tier="large", role="flagship", pin="unpinned"),
    plain("zai", "glm-5.3-flash", "zai/glm-5.3-flash", "zai/glm-5.3-flash", name="GLM 5.3 Flash", line="glm-flash", tier="large", role="economy", pin="unpinned", weights="open-weights/glm-5.3-flash"),
]

COHERE = [
    plain("cohere", "command-r7b-12-2024", "command-r7b-12-2024", "cohere/command-r7b-12-2024", name="Command R7B", line="command-r7b", tier="small", role="economy", pin="snapshot"),
    plain("cohere", "command-r-08-2024", "command-r-08-2024", "cohere/command-r-08-2024", name="Command R", line="command-r", tier="mid", role="economy", pin="snapshot"),
    plain("cohere", "command-a-03-2025", "command-a-03-2025", "cohere/command-a-03-2025", name="Command A", line="command-a", tier="large", role="flagship", pin="snapshot"),
]


def hosted(provider, model, title, litellm=None, /, weights=None, **more):
    base = dict(name=title, pin="unpinned", line=f"{provider}:{model}")
    return plain(provider, model, litellm, **{**base, **({"weights": f"open-weights/{weights}"} if weights else {}), **more})


def groq(name, title, **more):
    return hosted("groq", name, title, f"groq/{name}", **more)


GROQ = [
    groq("openai/gpt-oss-120b", "gpt-oss 120B on Groq", weights="gpt-oss-120b", tier="large", role="workhorse"),
    groq("openai/gpt-oss-20b", "gpt-oss 20B on Groq", weights="gpt-oss-20b", tier="mid", role="economy"),
    groq("qwen/qwen3.8-27b", "Qwen3.8 27B on Groq", weights="qwen3.8-27b", tier="mid", role="workhorse"),
]

CEREBRAS = [
    hosted("cerebras", "gpt-oss-120b", "gpt-oss 120B on Cerebras", "cerebras/gpt-oss-120b", weights="gpt-oss-120b", tier="large", role="workhorse"),
    hosted("cerebras", "qwen-3.8-27b", "Qwen3.8 27B on Cerebras", "cerebras/qwen-3.8-27b", weights="qwen3.8-27b", tier="mid", role="workhorse"),
    hosted("cerebras", "gemma-4-31b", "Gemma 4 31B on Cerebras", "cerebras/gemma-4-31b", weights="gemma-4-31b", tier="mid", role="workhorse"),
]


def together(name, title, **more):
    return hosted("together", name, title, f"together_ai/{name}", **more)


def in_2024(start, price_in, price_out):
    return dict(no_litellm_price=True, prices=[dict(start=start, rates=dict(input=price_in, output=price_out), source="list-2024", checked="2024-12-01")])


TOGETHER = [
    together("meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", "Llama 3.1 8B on Together", weights="llama-3.1-8b-instruct", tier="small", role="economy", tokenizer="llama3", aliases=[alias("Meta-Llama-3.1-8B-Instruct", "zeroeval", moving=False)], **in_2024("2024-07-23", "0.18", "0.18")),
    together("meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo", "Llama 3.1 70B on Together", weights="llama-3.1-70b-instruct", tier="large", role="workhorse", tokenizer="llama3", aliases=[alias("Meta-Llama-3.1-70B-Instruct", "zeroeval", moving=False)], **in_2024("2024-07-23", "0.88", "0.88")),
    together("Qwen/Qwen2-72B-Instruct", "Qwen2 72B on Together", weights="qwen2-72b-instruct", tier="large", role="workhorse", aliases=[alias("Qwen2-72B-Instruct", "zeroeval", moving=False)], **in_2024("2024-06-07", "0.9", "0.9")),
    together("meta-llama/Llama-3.3-70B-Instruct-Turbo", "Llama 3.3 70B on Together", weights="llama-3.3-70b-instruct", tier="large", role="workhorse", tokenizer="llama3"),
    together("Qwen/Qwen2.5-72B-Instruct", "Qwen2.5 72B on Together", weights="qwen2.5-72b-instruct", tier="large", role="workhorse"),
    together("mistralai/Mistral-7B-Instruct-v0.3", "Mistral 7B v0.3 on Together", weights="mistral-7b-instruct-v0.3", tier="small", role="economy", tokenizer="mistral-v1"),
    together("mistralai/Ministral-3-14B-Instruct-2512", "Ministral 3 14B on Together", tier="mid", role="economy"),
    together("openai/gpt-oss-120b", "gpt-oss 120B on Together", weights="gpt-oss-120b", tier="large", role="workhorse"),
    together("deepseek-ai/DeepSeek-V4.1-Flash", "DeepSeek V4.1 Flash on Together", weights="deepseek-v4.1-flash", tier="large", role="economy"),
    together("deepseek-ai/DeepSeek-V4-Pro-0813", "DeepSeek V4 Pro on Together", tier="large", role="flagship"),
    together("moonshotai/Kimi-K3", "Kimi K3 on Together", tier="large", role="flagship"),
    together("zai-org/GLM-5.3", "GLM 5.3 on Together", tier="large", role="flagship"),
    together("zai-org/GLM-5.3-Flash", "GLM 5.3 Flash on Together", weights="glm-5.3-flash", tier="large", role="economy"),
    together("Qwen/Qwen3.5-9B", "Qwen3.5 9B on Together", weights="qwen3.5-9b", tier="mid", role="economy"),
    together("Qwen/Qwen3.8-Flash", "Qwen3.8 Flash on Together", tier="mid", role="economy"),
]


def fireworks(name, litellm, title, **more):
    return hosted("fireworks", f"accounts/fireworks/models/{name}", title, f"fireworks_ai/{litellm}", **more)


FIREWORKS = [
    fireworks("gpt-oss-20b", "gpt-oss-20b", "gpt-oss 20B on Fireworks", weights="gpt-oss-20b", tier="mid", role="economy"),
    fireworks("deepseek-v4p1-flash", "deepseek-v4p1-flash", "DeepSeek V4.1 Flash on Fireworks", weights="deepseek-v4.1-flash", tier="large", role="economy"),
    fireworks("glm-5p3-flash", "glm-5p3-flash", "GLM 5.3 Flash on Fireworks", weights="glm-5.3-flash", tier="large", role="economy"),
    fireworks("glm-5p3", "glm-5p3", "GLM 5.3 on Fireworks", tier="large", role="flagship"),
    fireworks("kimi-k3", "kimi-k3", "Kimi K3 on Fireworks", tier="large", role="flagship"),
]


def deepinfra(name, title, **more):
    return hosted("deepinfra", name, title, f"deepinfra/{name}", **more)


DEEPINFRA = [
    deepinfra("meta-llama/Meta-Llama-3.1-8B-Instruct", "Llama 3.1 8B on DeepInfra", weights="llama-3.1-8b-instruct", tier="small", role="economy", tokenizer="llama3"),
    deepinfra("meta-llama/Meta-Llama-3.1-70B-Instruct", "Llama 3.1 70B on DeepInfra", weights="llama-3.1-70b-instruct", tier="large", role="workhorse", tokenizer="llama3"),
    deepinfra("meta-llama/Llama-3.3-70B-Instruct", "Llama 3.3 70B on DeepInfra", weights="llama-3.3-70b-instruct", tier="large", role="workhorse", tokenizer="llama3"),
    deepinfra("microsoft/phi-4", "Phi-4 14B on DeepInfra", weights="phi-4", tier="mid", role="economy"),
    deepinfra("Qwen/Qwen2.5-72B-Instruct", "Qwen2.5 72B on DeepInfra", weights="qwen2.5-72b-instruct", tier="large", role="workhorse"),
    deepinfra("mistralai/Mistral-Nemo-Instruct-2407", "Mistral Nemo on DeepInfra", weights="mistral-nemo-instruct-2407", tier="mid", role="economy", tokenizer="tekken"),
    deepinfra("openai/gpt-oss-120b", "gpt-oss 120B on DeepInfra", weights="gpt-oss-120b", tier="large", role="workhorse"),
    deepinfra("openai/gpt-oss-20b", "gpt-oss 20B on DeepInfra", weights="gpt-oss-20b", tier="mid", role="economy"),
    deepinfra("Qwen/Qwen3.8-27B", "Qwen3.8 27B on DeepInfra", weights="qwen3.8-27b", tier="mid", role="workhorse"),
    deepinfra("Qwen/Qwen3.6-35B-A3B", "Qwen3.6 35B-A3B on DeepInfra", weights="qwen3.6-35b-a3b", tier="mid", role="economy"),
    deepinfra("Qwen/Qwen3.5-9B", "Qwen3.5 9B on DeepInfra", weights="qwen3.5-9b", tier="mid", role="economy"),
    deepinfra("google/gemma-4-31B-it", "Gemma 4 31B on DeepInfra", weights="gemma-4-31b", tier="mid", role="workhorse"),
    deepinfra("deepseek-ai/DeepSeek-V4.1-Flash", "DeepSeek V4.1 Flash on DeepInfra", weights="deepseek-v4.1-flash", tier="large", role="economy"),
    deepinfra("zai-org/GLM-5.2", "GLM 5.2 on DeepInfra", tier="large", role="flagship"),
]


def licence(name, commercial):
    return dict(id=name, commercial=commercial, source="llmfit", checked=READ)


def said(gb):
    return dict(scheme="4-bit", gb=gb, source="design-document", checked=DOCUMENT_DAY)


def gguf(gb):
    return dict(scheme="gguf-q4_k_m", gb=gb, source="gguf", checked=READ)


def weights(model, title, llmfit, /, **more):
    return dict(id=f"open-weights/{model}", name=title, kind="open-weights", pin="snapshot", llmfit=llmfit, weights_only=True, **more)


OPEN_WEIGHTS = [
    weights("llama-3.1-8b-instruct", "Llama 3.1 8B Instruct", "NousResearch/Meta-Llama-3.1-8B-Instruct", line="llama-8b", tier="small", role="economy", tokenizer="llama3", context=131072, best_for="General tasks, budget", licence=licence("llama3.1", "conditional"), footprints=[said(5), gguf(4.92)], lifecycle=dict(released="2024-07-23", source="llmfit"), aliases=[alias("meta-llama/Llama-3.1-8B-Instruct", "llmfit", moving=False)], can=["tools", "streaming"]),
    weights("llama-3.1-70b-instruct", "Llama 3.1 70B Instruct", None, line="llama-70b", tier="large", role="flagship", tokenizer="llama3", context=131072, best_for="Quality + privacy", licence=licence("llama3.1", "conditional"), footprints=[said(40), gguf(42.52)], lifecycle=dict(released="2024-07-23", source="llmfit"), aliases=[alias("meta-llama/Llama-3.1-70B-Instruct", "llmfit", moving=False)], can=["tools", "streaming"], arch=dict(params=70553706496, layers=80, heads=64, kv_heads=8, head_dim=128, hidden=8192, vocab=128256)),
    weights("mistral-7b-instruct-v0.3", "Mistral 7B Instruct v0.3", "mistralai/Mistral-7B-Instruct-v0.3", line="mistral-7b", tier="small", role="economy", tokenizer="mistral-v1", context=32768, best_for="Apache 2.0 licence", licence=licence("apache-2.0", "yes"), footprints=[said(4), gguf(4.37)], lifecycle=dict(released="2024-05-22", source="llmfit"), aliases=[alias("mistralai/Mistral-7B-Instruct-v0.3", "llmfit", moving=False)], can=["tools", "streaming"]),
    weights("qwen2.5-72b-instruct", "Qwen 2.5 72B Instruct", "Qwen/Qwen2.5-72B-Instruct", line="qwen-72b", tier="large", role="flagship", context=32768, best_for="Multilingual, coding", licence=licence("qwen", "conditional"), footprints=[said(40), gguf(47.4)], lifecycle=dict(released="2024-09-16", source="llmfit"), aliases=[alias("Qwen/Qwen2.5-72B-Instruct", "llmfit", moving=False)], can=["tools", "streaming"]),
    weights("phi-4", "Phi-4 14B", "microsoft/phi-4", line="phi-14b", tier="mid", role="workhorse", context=16384, best_for="Reasoning, on-device", licence=licence("mit", "yes"), footprints=[said(9), gguf(9.05)], lifecycle=dict(released="2024-12-11", source="llmfit"), aliases=[alias("microsoft/phi-4", "llmfit", moving=False)], can=["streaming"]),
    weights("phi-3.5-mini-instruct", "Phi-3.5 mini", "microsoft/Phi-3.5-mini-instruct", line="phi-mini", tier="small", role="economy", context=131072, licence=licence("mit", "yes"), lifecycle=dict(released="2024-08-16", source="llmfit"), aliases=[alias("Phi-3.5-mini-instruct", "zeroeval", moving=False)], can=["streaming"]),
    weights("mistral-nemo-instruct-2407", "Mistral Nemo 12B", "mistralai/Mistral-Nemo-Instruct-2407", line="mistral-12b", tier="mid", role="economy", context=131072, tokenizer="tekken", licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2024-07-17", source="llmfit"), can=["tools", "streaming"]),
    weights("qwen2-72b-instruct", "Qwen2 72B Instruct", None, line="qwen-72b", tier="large", role="flagship", context=131072, lifecycle=dict(released="2024-06-07", source="project"), can=["streaming"]),
    weights("llama-3.3-70b-instruct", "Llama 3.3 70B Instruct", None, line="llama-70b", tier="large", role="flagship", tokenizer="llama3", context=131072, lifecycle=dict(released="2024-12-06", source="project"), can=["tools", "streaming"], arch=dict(params=70553706496, layers=80, heads=64, kv_heads=8, head_dim=128, hidden=8192, vocab=128256)),
    weights("gpt-oss-120b", "gpt-oss 120B", "openai/gpt-oss-120b", line="gpt-oss-120b", tier="large", role="flagship", tokenizer="o200k", context=131072, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2025-08-05", source="llmfit"), can=["tools", "reasoning", "streaming"], aliases=[alias("openai/gpt-oss-120b", "llmfit", moving=False)]),
    weights("gpt-oss-20b", "gpt-oss 20B", "openai/gpt-oss-20b", line="gpt-oss-20b", tier="mid", role="workhorse", tokenizer="o200k", context=131072, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2025-08-05", source="llmfit"), can=["tools", "reasoning", "streaming"], aliases=[alias("openai/gpt-oss-20b", "llmfit", moving=False)]),
    weights("gemma-4-31b", "Gemma 4 31B", "google/gemma-4-31B-it", line="gemma-31b", tier="mid", role="workhorse", context=262144, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-04-02", source="models-dev"), can=["tools", "vision", "reasoning", "streaming"]),
    weights("gemma-4-12b", "Gemma 4 12B", "google/gemma-4-12B-it", line="gemma-12b", tier="mid", role="economy", context=262144, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-05-23", source="llmfit"), can=["streaming"]),
    weights("gemma-4-e4b", "Gemma 4 E4B", "google/gemma-4-E4B-it", line="gemma-e4b", tier="small", role="economy", context=131072, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-03-02", source="llmfit"), can=["streaming"]),
    weights("qwen3.8-27b", "Qwen3.8 27B", "Qwen/Qwen3.8-27B", line="qwen-27b", tier="mid", role="flagship", context=262144, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-08-05", source="llmfit"), can=["tools", "vision", "reasoning", "streaming"]),
    weights("qwen3.6-35b-a3b", "Qwen3.6 35B-A3B", "Qwen/Qwen3.6-35B-A3B", line="qwen-35b-a3b", tier="mid", role="workhorse", context=262144, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-04-15", source="llmfit"), can=["tools", "vision", "reasoning", "streaming"]),
    weights("qwen3.5-9b", "Qwen3.5 9B", "Qwen/Qwen3.5-9B", line="qwen-9b", tier="mid", role="economy", context=262144, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-02-27", source="llmfit"), can=["tools", "vision", "reasoning", "streaming"]),
    weights("qwen3.5-4b", "Qwen3.5 4B", "Qwen/Qwen3.5-4B", line="qwen-4b", tier="small", role="economy", context=262144, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-02-27", source="llmfit"), can=["streaming"]),
    weights("mistral-small-4-119b", "Mistral Small 4 119B", "mistralai/Mistral-Small-4-119B-2603", line="mistral-small", tier="large", role="workhorse", context=1048576, licence=licence("apache-2.0", "yes"), lifecycle=dict(released="2026-03-16", source="models-dev"), can=["tools", "streaming"]),
    weights("glm-5.3-flash", "GLM 5.3 Flash", "zai-org/GLM-5.3-Flash", line="glm-flash", tier="large", role="workhorse", context=1048576, licence=licence("mit", "yes"), lifecycle=dict(released="2026-08-25", source="llmfit"), can=["tools", "vision", "reasoning", "streaming"]),
    weights("deepseek-v4.1-flash", "DeepSeek V4.1 Flash", "deepseek-ai/DeepSeek-V4.1-Flash", line="deepseek-flash", tier="large", role="flagship", context=1048576, licence=licence("mit", "yes"), lifecycle=dict(released="2026-09-10", source="llmfit"), can=["tools", "vision", "reasoning", "streaming"]),
]


def served(id, name, models, base_url, key, standing, dialect="openai", source="models-dev", **more):
    out = dict(id=id, name=name, dialect=dialect)
    if base_url:
        out["base_url"] = base_url
    if key:
        out["api_key_env"] = key
    return dict(**out, standing=standing, source=source, checked=READ, models=models, **more)


PROVIDERS = [
    served("openai", "OpenAI", OPENAI, "https://api.openai.com/v1", "OPENAI_API_KEY", 1, terms=dict(training="no", regions=["us", "eu"], conditions="EU: host eu.api.openai.com and a project created with residency, for eligible organisations; 10 % dearer for models released since 2026-03-05", source="openai-data", checked=READ)),
    served("anthropic", "Anthropic", ANTHROPIC, "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", 1, "anthropic", terms=dict(training="no", regions=["us"], conditions="`inference_geo` = \"us\" on each request; no EU-only inference at Anthropic itself", source="anthropic-data", checked=READ)),
    served("google", "Google Gemini API", GOOGLE, "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY", 1, "gemini", terms=dict(training="no", regions=[], conditions="paid tier; data may be processed in any country where Google has facilities (Vertex AI can pin to the EU)", source="gemini-terms", checked=READ)),
    served("mistral", "Mistral", MISTRAL, "https://api.mistral.ai/v1", "MISTRAL_API_KEY", 2, terms=dict(training="no", conditions="not for free subscriptions and Labs models; sub-processors in and outside the EU, so that the place of processing is not stated here", source="mistral-privacy", checked=READ)),
    served("xai", "xAI", XAI, "https://api.x.ai/v1", "XAI_API_KEY", 2),
    served("deepseek", "DeepSeek", DEEPSEEK, "https://api.deepseek.com", "DEEPSEEK_API_KEY", 2, terms=dict(regions=["cn"], source="deepseek-location", checked=READ)),
    served("alibaba", "Alibaba Cloud Model Studio", ALIBABA, "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", 3),
    served("moonshot", "Moonshot", MOONSHOT, "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", 3),
    served("zai", "Z.ai", ZAI, "https://api.z.ai/api/paas/v4", "ZHIPU_API_KEY", 3),
    served("cohere", "Cohere", COHERE, "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY", 3),
    served("groq", "Groq", GROQ, "https://api.groq.com/openai/v1", "GROQ_API_KEY", 3),
    served("cerebras", "Cerebras", CEREBRAS, "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", 3),
    served("together", "Together", TOGETHER, "https://api.together.xyz/v1", "TOGETHER_API_KEY", 3, terms=dict(training="no", conditions="training is opt-in and off by default", source="together-privacy", checked=READ)),
    served("fireworks", "Fireworks", FIREWORKS, "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY", 3),
    served("deepinfra", "DeepInfra", DEEPINFRA, "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY", 3, terms=dict(training="no", conditions="not for its Google and Anthropic models", source="deepinfra-privacy", checked=READ)),
    served("azure", "Azure OpenAI", [], None, "AZURE_OPENAI_API_KEY", 2, "azure", source="vendor-terms", terms=dict(training="no", regions=["us", "eu"], conditions="EU: a Regional deployment in an EU region; Global and DataZone deployments give no locality", source="vendor-terms", checked="2026-08-05"), comment="# Deployments are the user's own: declare them under [providers] with `identity` set to the OpenAI model.\n"),
    served("open-weights", "self-hosted open weights", OPEN_WEIGHTS, None, None, 2, source="project", terms=dict(training="no", regions=["self"], conditions="wherever the user hosts them", source="project", checked=READ), comment="# Hosted by the user: an OpenAI-compatible server such as vLLM, llama.cpp or Ollama; `base_url` is the user's own.\n"),
]
