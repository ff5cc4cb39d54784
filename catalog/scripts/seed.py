#!/usr/bin/env python3
"""Seeds the catalog's data files from carried price data and the editorial tables below.

usage: seed.py DATA_DIR OUT_DIR

DATA_DIR holds litellm-1.109.1-text.json, model-prices-0.0.5-snapshot.json,
genai-prices-0.2.1.json, models-dev-2026-05-providers.json and
open-weights-llmfit-1.1.18.json (all MIT; notices in catalog/LICENSES).

What is generated: prices, limits, abilities, release dates, architectures.
What is written by hand in editorial.py: which models, their lines, classes, aliases, ends,
terms, parameter rules, and all rows of the design document.

After the first run the TOML files are the record: a price change closes one row and opens the
next there. This script documents where the first rows come from.
"""

import json
import sys
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import editorial as ed  # noqa: E402

COPY_DAY = "2026-11-23"  # day on which the data files were copied
MODEL_PRICES_DAY = "2026-10-26"  # its updated_at


class Data:
    def __init__(self, folder):
        def load(name):
            return json.loads((folder / name).read_text())

        self.litellm = load("litellm-1.109.1-text.json")
        self.model_prices = load("model-prices-0.0.5-snapshot.json")
        self.genai = {p["id"]: p for p in load("genai-prices-0.2.1.json")}
        self.models_dev = load("models-dev-2026-05-providers.json")
        self.llmfit = {m["name"]: m for m in load("open-weights-llmfit-1.1.18.json")}


def money(value):
    text = format(Decimal(str(value)).normalize(), "f")
    return text


def per_mtok(value):
    return money(Decimal(str(value)) * 1_000_000)


def litellm_rates(entry, service, above):
    suffix = {"standard": "", "batch": "_batches", "flex": "_flex", "priority": "_priority"}[service]
    step = f"_above_{above // 1000}k_tokens" if above else ""
    keys = {
        "input": f"input_cost_per_token{step}{suffix}",
        "output": f"output_cost_per_token{step}{suffix}",
        "cache_read": f"cache_read_input_token_cost{step}{suffix}",
        "cache_write_5m": f"cache_creation_input_token_cost{step}{suffix}",
    }
    if entry.get("litellm_provider") == "anthropic":
        keys["cache_write_1h"] = f"cache_creation_input_token_cost_above_1hr{step}{suffix}"
    rates = {k: per_mtok(entry[v]) for k, v in keys.items() if entry.get(v) is not None}
    return rates if "input" in rates and "output" in rates else None


def litellm_rows(entry, services, start):
    rows = []
    for service in services:
        for above in (0, 100_000, 128_000, 200_000, 256_000, 272_000, 512_000):
            rates = litellm_rates(entry, service, above)
            if rates:
                rows.append(dict(start=start, service=service, above=above, rates=rates,
                                 source="litellm", checked=COPY_DAY))
    return rows


def history_rates(rates, provider):
    out = {k: money(rates[k]) for k in ("input", "output", "cache_read") if rates.get(k) is not None}
    if rates.get("cache_write"):
        out["cache_write_5m"] = money(rates["cache_write"])
        if provider == "anthropic" and rates.get("cache_write_1h_multiple"):
            out["cache_write_1h"] = money(Decimal(str(rates["input"])) * Decimal(str(rates["cache_write_1h_multiple"])))
    return out


def periods(history, provider):
    """Turns a model-prices list into closed periods, dropping those of no whole day."""
    merged = []
    for step in history:
        if not step["rates"]:
            continue
        rates = step["rates"]
        start = (step["start"] or rates["valid_from"])[:10]
        steps = [(0, history_rates(rates, provider))]
        for tier in rates.get("tiers", []):
            steps.append((tier["above"], history_rates(tier, provider)))
        while merged and merged[-1]["start"] >= start:  # corrected later, or within a day
            merged.pop()
        if not merged or merged[-1]["steps"] != steps:
            merged.append(dict(start=start, steps=steps))
    for this, following in zip(merged, merged[1:]):
        this["to"] = following["start"]
    return merged


def prices_of(data, model):
    """Rows of one model: dated history, today's service classes, then hand-written rows."""
    rows, notes = [], []
    provider = model["id"].split("/", 1)[0]
    entry = data.litellm.get(model["litellm"]) if model.get("litellm") else None
    if model.get("history"):
        owner, name = model["history"].split("/", 1)
        modes = data.model_prices["prices"][owner][name]
        steps = periods(modes.get("standard", []), provider)
        for idx, period in enumerate(steps):
            last = idx == len(steps) - 1
            for above, rates in period["steps"]:
                source, checked = "model-prices", MODEL_PRICES_DAY
                if last and entry:
                    theirs = litellm_rates(entry, "standard", above)
                    same = theirs and all(theirs.get(k) == rates.get(k) for k in ("input", "output"))
                    if same:
                        rates = {**rates, **{k: v for k, v in theirs.items() if k not in rates}}
                        source, checked = "litellm", COPY_DAY
                    else:
                        notes.append(f"{model['id']} above {above}: model-prices {rates}, LiteLLM {theirs}")
                rows.append(dict(start=period["start"], to=period.get("to"), service="standard",
                                 above=above, rates=rates, source=source, checked=checked))
            if last and entry:
                known = {above for above, _ in period["steps"]}
                for row in litellm_rows(entry, ["standard"], COPY_DAY):
                    if row["above"] not in known:
                        rows.append({**row, "start": period["start"]})
        batch = periods(modes.get("batch", []), provider)
        if batch and steps:
            start = max(batch[-1]["start"], steps[-1]["start"])
            for above, rates in batch[-1]["steps"]:
                rows.append(dict(start=start, service="batch", above=above, rates=rates,
                                 source="model-prices", checked=MODEL_PRICES_DAY))
        if entry:
            services = ["flex", "priority"] + ([] if batch else ["batch"])
            rows += litellm_rows(entry, services, COPY_DAY)
    elif entry and not model.get("no_litellm_price"):
        start = model.get("price_from", COPY_DAY)
        rows += litellm_rows(entry, ["standard"], start)
        rows += litellm_rows(entry, ["batch", "flex", "priority"], COPY_DAY)
    elif model.get("genai"):
        owner, name = model["genai"].split("/", 1)
        found = next(m for m in data.genai[owner]["models"] if m["id"] == name)
        rows += genai_rows(found["prices"], model.get("price_from", "2026-10-30"))
    rows += announced(data, model, rows)
    for row in rows:
        if model.get("price_note") and row["service"] == "standard":
            row["note"] = model["price_note"]
    hand = [{"service": "standard", "above": 0, **row} for row in model.get("prices", [])]
    for row in hand:
        if row.pop("closes", False):
            nearest = min((r["start"] for r in rows if r["service"] == "standard" and r["start"] > row["start"]), default=None)
            if nearest:
                row["to"] = nearest
    return hand + rows, notes


GENAI = {"xai": "x-ai", "moonshot": "moonshotai"}


def genai_entry(data, model_id):
    provider, name = model_id.split("/", 1)
    for entry in data.genai.get(GENAI.get(provider, provider), {}).get("models", []):
        rules = [entry["match"], *entry["match"].get("or", [])]
        if entry["id"] == name or any(rule.get("equals") == name for rule in rules):
            return entry
    return None


def announced(data, model, rows):
    """Price changes that are announced for a later day: closes today's rows, opens the next."""
    entry = genai_entry(data, model["id"])
    prices = entry["prices"] if entry else None
    if not rows or not isinstance(prices, list):
        return []
    out = []
    for step in prices:
        start = step.get("constraint", {}).get("start_date", "")
        if start > COPY_DAY:
            for row in rows:
                row.setdefault("to", start)
                if row["to"] is None:
                    row["to"] = start
            out += genai_rows(step["prices"], start)
    for row in out:
        row["note"] = "announced; the price before is introductory"
    return out


def genai_rows(prices, start):
    key = {"input": "input_mtok", "output": "output_mtok", "cache_read": "cache_read_mtok",
           "cache_write_5m": "cache_write_mtok", "cache_write_1h": "cache_write_1h_mtok"}
    steps = {0: {}}
    for ours, theirs in key.items():
        value = prices.get(theirs)
        if isinstance(value, dict):
            steps[0][ours] = money(value["base"])
            for tier in value["tiers"]:
                steps.setdefault(tier["start"], {})[ours] = money(tier["price"])
        elif value is not None:
            steps[0][ours] = money(value)
    for above, rates in steps.items():
        if above:
            for ours, value in steps[0].items():
                rates.setdefault(ours, value)
    return [dict(start=start, service="standard", above=above, rates=rates,
                 source="genai-prices", checked="2026-10-30") for above, rates in steps.items()]


FLAGS = {
    "supports_function_calling": ["tools"],
    "supports_response_schema": ["json_schema", "json_mode"],
    "supports_vision": ["vision"],
    "supports_pdf_input": ["files"],
    "supports_reasoning": ["reasoning"],
    "supports_prompt_caching": ["prompt_cache"],
}
ORDER = ["tools", "json_schema", "json_mode", "vision", "files", "reasoning", "streaming",
         "logprobs", "seed", "prompt_cache"]


def facts_of(data, model):
    """Limits, abilities and dates that the data state."""
    provider, name = model["id"].split("/", 1)
    entry = data.litellm.get(model.get("litellm") or "", {})
    dev_provider = ed.MODELS_DEV.get(provider, provider)
    dev = data.models_dev.get(dev_provider, {}).get("models", {}).get(model.get("models_dev", name), {})
    limit = dev.get("limit", {})
    context = limit.get("context") or None
    top_in, top_out = entry.get("max_input_tokens"), entry.get("max_output_tokens")
    facts = {}
    if context is None:
        context = top_in + top_out if provider == "openai" and top_in and top_in not in (128000, 200000, 16385, 8192, 1047576, 1050000) else top_in
    facts["context"] = model.get("context", context)
    if top_in and facts["context"] and top_in < facts["context"] and provider == "openai":
        facts["max_input"] = top_in
    out = top_out or limit.get("output")
    if out and out != facts["context"]:
        facts["max_output"] = out
    if model.get("max_output"):
        facts["max_output"] = model["max_output"]
    can = {c for flag, names in FLAGS.items() if entry.get(flag) for c in names}
    can |= set(model.get("can", []))
    if not model.get("weights_only"):
        can.add("streaming")
    cannot = set(model.get("cannot", []))
    facts["can"] = [c for c in ORDER if c in can - cannot]
    facts["cannot"] = [c for c in ORDER if c in cannot]
    if dev.get("release_date"):
        facts["released"] = dev["release_date"]
    if entry.get("deprecation_date"):
        facts["shutdown"] = entry["deprecation_date"]
    return facts


def quote(text):
    return json.dumps(text, ensure_ascii=False)


def inline(pairs):
    return "{ " + ", ".join(f"{k} = {v}" for k, v in pairs) + " }"


def text_list(values):
    return "[" + ", ".join(quote(v) for v in values) + "]"


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return text_list(value)
    return quote(value)


def table(mapping):
    return inline((k, toml_value(v)) for k, v in mapping.items())


def price_line(row):
    pairs = [("from", quote(row["start"]))]
    if row.get("to"):
        pairs.append(("to", quote(row["to"])))
    if row["service"] != "standard":
        pairs.append(("service", quote(row["service"])))
    if row.get("region"):
        pairs.append(("region", quote(row["region"])))
    if row["above"]:
        pairs.append(("above_tokens", str(row["above"])))
    if row.get("book"):
        pairs.append(("book", quote(row["book"])))
    for key in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h"):
        if key in row["rates"]:
            pairs.append((key, quote(row["rates"][key])))
    if row.get("note"):
        pairs.append(("note", quote(row["note"])))
    pairs += [("source", quote(row["source"])), ("checked", quote(row["checked"]))]
    return "  " + inline(pairs) + ","


def lifecycle_of(model, facts, rows):
    life = {}
    source = "models-dev"
    if facts.get("released"):
        life["released"] = facts["released"]
    else:
        starts = [r["start"] for r in rows if not r.get("book")]
        if starts:
            first = min((r for r in rows if not r.get("book")), key=lambda r: r["start"])
            life["first_seen"] = first["start"]
            source = first["source"]
    if facts.get("shutdown"):
        life["shutdown"] = facts["shutdown"]
        source = "litellm"
    hand = dict(model.get("lifecycle", {}))
    source = hand.pop("source", source)
    checked = hand.pop("checked", COPY_DAY)
    life.update(hand)
    if "released" in hand:
        life.pop("first_seen", None)
    if "shutdown" in life:
        life.pop("gone_by", None)
    if not life:
        return None
    order = ["released", "first_seen", "deprecated", "shutdown", "gone_by", "replacement", "on_shutdown"]
    life = {k: life[k] for k in order if k in life}
    return {**life, "source": source, "checked": checked}


def write_model(data, model, used):
    rows, notes = prices_of(data, model)
    facts = facts_of(data, model)
    lines = ["[[model]]", f'id = {quote(model["id"])}']
    if model.get("name"):
        lines.append(f'name = {quote(model["name"])}')
    if model.get("kind"):
        lines.append(f'kind = {quote(model["kind"])}')
    for key in ("line", "tier", "role", "pin", "weights", "tokenizer"):
        if model.get(key):
            lines.append(f"{key} = {quote(model[key])}")
    if model.get("only_for"):
        lines.append(f'only_for = {text_list(model["only_for"])}')
    for alias in model.get("aliases", []):
        alias.setdefault("checked", COPY_DAY)
    if model.get("aliases"):
        lines.append("aliases = [")
        lines += ["  " + table(alias) + "," for alias in model["aliases"]]
        lines.append("]")
    for key in ("strengths", "best_for"):
        if model.get(key):
            lines.append(f"{key} = " + table(dict(text=model[key], source="design-document", checked=ed.DOCUMENT_DAY)))
    life = lifecycle_of(model, facts, rows)
    if life:
        lines.append("lifecycle = " + table(life))
    limits = {k: facts[k] for k in ("context", "max_input", "max_output") if facts.get(k)}
    if limits:
        lines.append("limits = " + table(limits))
    if facts["can"]:
        lines.append("can = " + text_list(facts["can"]))
    if facts["cannot"]:
        lines.append("cannot = " + text_list(facts["cannot"]))
    if model.get("parameters"):
        lines.append("parameters = " + table(model["parameters"]))
    if model.get("terms"):
        lines.append("terms = " + table(model["terms"]))
    if model.get("licence"):
        lines.append("licence = " + table(model["licence"]))
    if model.get("llmfit"):
        lines += weights_lines(data.llmfit[model["llmfit"]])
    elif model.get("arch"):
        lines.append("arch = " + table(model["arch"]))
    if model.get("footprints"):
        lines.append("footprint = [")
        lines += ["  " + table(size) + "," for size in model["footprints"]]
        lines.append("]")
    if rows:
        lines.append("price = [")
        lines += [price_line(row) for row in rows]
        lines.append("]")
    text = "\n".join(lines)
    for key in ed.SOURCES:
        if f'source = "{key}"' in text:
            used.add(key)
    return text, notes


def weights_lines(entry):
    arch = {"params": entry["parameters_raw"]}
    names = [("active_params", "active_parameters"), ("layers", "num_hidden_layers"),
             ("heads", "num_attention_heads"), ("kv_heads", "num_key_value_heads"),
             ("head_dim", "head_dim"), ("hidden", "hidden_size"), ("vocab", "vocab_size")]
    for ours, theirs in names:
        if entry.get(theirs):
            arch[ours] = entry[theirs]
    return ["arch = " + table(arch)]


def write_provider(data, provider, folder):
    used, notes, parts = set(), [], []
    head = {k: v for k, v in provider.items() if k not in ("terms", "models", "comment")}
    lines = ["[[provider]]"] + [f"{k} = {toml_value(v)}" for k, v in head.items()]
    if provider.get("terms"):
        lines += ["", "[provider.terms]"] + [f"{k} = {toml_value(v)}" for k, v in provider["terms"].items()]
    for model in provider["models"]:
        text, found = write_model(data, model, used)
        parts.append(text)
        notes += found
    body = "\n".join(lines)
    for key in ed.SOURCES:
        if f'source = "{key}"' in body:
            used.add(key)
    out = [ed.HEADER.format(name=provider["name"])]
    if provider.get("comment"):
        out.append(provider["comment"])
    out.append("schema_version = 1\n")
    for key in sorted(used):
        out.append(f"[source.{key}]")
        out += [f"{k} = {quote(v)}" for k, v in ed.SOURCES[key].items()] + [""]
    out += [body, "", "\n\n".join(parts)]
    (folder / f'{provider["id"]}.toml').write_text("\n".join(out).rstrip() + "\n")
    return notes


def main():
    data, folder = Data(Path(sys.argv[1])), Path(sys.argv[2])
    count = 0
    for provider in ed.PROVIDERS:
        for note in write_provider(data, provider, folder):
            print("differs:", note, file=sys.stderr)
        count += len(provider["models"])
    print(f"{count} models in {len(ed.PROVIDERS)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
