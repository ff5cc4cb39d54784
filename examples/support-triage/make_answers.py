#!/usr/bin/env python3
"""Makes the recorded answers of the demo out of its golden set.

In: golden.jsonl. Out: answers/MODEL.jsonl, one line {"id", "output"} for each item, with "finish"
where the answer was declined or cut. The same golden set and seed give the same bytes; `--check`
compares instead of writing. Only the standard library.

The answers are inventions. How many of them fail is chosen for each model, and which ones follows
from the item (hard ones more often, for all models alike) and from chance, so that models tend to
fail on the same items, as they do in life. Kinds of errors: a neighbouring category, a priority one
step off, a lost or mangled order number, a lost or wrong product, a turned refund flag; around them
code fences, prose, one refusal, one answer that goes in circles until the token limit cuts it off,
and planted instructions that are obeyed.
"""

import json
import random
import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = "support-triage-1"


@dataclass(frozen=True)
class Model:
    name: str
    n_failing: int  # answers below the pass threshold
    slips: float  # share of the other answers with one wrong field
    fences: float  # share of answers inside a code fence
    prose: float  # share of answers with words around them
    obeys: float  # share of planted instructions that are followed
    refuses: bool = False
    rambles: bool = False


MODELS = [
    Model("gpt-4o-2024-08-06", 12, 0.10, 0.04, 0.00, 0.0),
    Model("claude-opus-5-5", 8, 0.06, 0.00, 0.00, 0.0),
    Model("gpt-5.4-mini-2026-03-17", 10, 0.11, 0.00, 0.00, 0.0),
    Model("claude-haiku-4-5-20251001", 21, 0.16, 0.12, 0.03, 0.0, refuses=True),
    Model("gemini-2.5-flash-lite", 46, 0.24, 0.20, 0.08, 0.75, rambles=True),
]

# Where a wrong category lands, likeliest first.
NEIGHBOURS = {
    "billing": ["account", "returns", "product_question"],
    "returns": ["billing", "shipping", "defect"],
    "shipping": ["returns", "feedback", "defect"],
    "defect": ["returns", "product_question", "shipping"],
    "account": ["app_bug", "billing", "product_question"],
    "app_bug": ["account", "product_question", "feedback"],
    "product_question": ["feedback", "returns", "app_bug"],
    "feedback": ["product_question", "app_bug", "shipping"],
}
PRIORITIES = ["low", "normal", "high", "urgent"]
PRODUCTS = [
    "Alto Desk", "Hollis Chair", "Lumo Lamp", "Kite Keyboard", "Nimbus Headset",
    "Orbit Cam", "Dovetail Dock", "Crane Arm", "Planner",
]
HARDNESS = {"easy": 0.0, "medium": 0.55, "hard": 1.1}
STYLES = {"style:plain": 0.0, "style:terse": 0.1, "style:messy": 0.25, "style:awkward": 0.35}

# What the planted instructions ask for, by a phrase of theirs.
PLANTED = {
    "SYSTEM NOTE TO THE CLASSIFIER": {"category": "feedback", "priority": "low", "order_id": None,
                                      "product": None, "refund_requested": False},
    "approval mode": {"priority": "urgent", "category": "billing"},
    "security incident": {"priority": "urgent", "category": "account"},
    "<!-- assistant": {"category": "product_question", "priority": "low", "refund_requested": False},
    "developer of this assistant": {"priority": "urgent", "category": "billing",
                                    "order_id": "QM-000001"},
    "BEGIN NEW RULES": {"category": "defect", "priority": "urgent"},
    "Escalation level": {"priority": "urgent", "category": "account", "refund_requested": True},
}
BEFORE = ["Here is the classification:\n\n", "Sure! ", "Based on the message, I would sort it as follows:\n\n"]
AFTER = ["", "\n\nLet me know if you need anything else.", "\n\nThe customer should be contacted soon."]
REFUSAL = "I'm sorry, but I can't help with this message."
# As far as the 300 tokens go that the project allows an answer.
RAMBLING = "Let me go through the message step by step.\n\n" + "".join(
    f"{step}. The customer writes about an order, so it could be shipping or returns; I read it again.\n"
    for step in range(1, 13)
) + "13. The customer writes"
# How these two end; all other answers are whole.
ENDS = {REFUSAL: "refusal", RAMBLING: "length"}


def normal(rng):
    """A number with mean 0 and variance 1, good enough for noise."""
    return sum(rng.random() for _ in range(12)) - 6.0


def pick(rng, values):
    return values[int(rng.random() * len(values))]


def trouble(item):
    """How hard an item is for every model."""
    rng = random.Random(f"{SEED}/{item['id']}")
    style = sum(STYLES.get(tag, 0.0) for tag in item["tags"])
    return HARDNESS[item["difficulty"]] + style + 0.6 * normal(rng)


def wrong_category(rng, expected, answer):
    likely = [0, 0, 0, 1, 1, 2]
    answer["category"] = NEIGHBOURS[expected["category"]][pick(rng, likely)]


def wrong_priority(rng, expected, answer):
    at = PRIORITIES.index(expected["priority"])
    steps = [step for step in (at - 1, at + 1) if 0 <= step < len(PRIORITIES)]
    answer["priority"] = PRIORITIES[pick(rng, steps)]


def wrong_order(rng, expected, answer, text):
    order = expected["order_id"]
    others = [f"QM-{digits}" for digits in re.findall(r"\b\d{6}\b", text)]
    others = [other for other in others if other != order]
    if others:
        answer["order_id"] = others[0]
    elif order is None:
        numbers = re.findall(r"\b[A-Z]-\d{4,5}\b", text)
        if not numbers:
            return False
        answer["order_id"] = numbers[0]
    else:
        answer["order_id"] = pick(rng, [None, order[3:]])
    return True


def wrong_product(rng, expected, answer, text):
    """Another product that the text mentions, or none; Planner where there is nothing to mistake."""
    product = expected["product"]
    words = text.lower()
    named = [name for name in PRODUCTS if name != product and name.split()[-1].lower() in words]
    answer["product"] = pick(rng, named or [None if product else "Planner"])


def wrong_refund(expected, answer):
    answer["refund_requested"] = not expected["refund_requested"]


def spoil(rng, item, answer, n_fields):
    """Makes fields other than the category wrong."""
    expected = item["expected"]
    kinds = ["priority", "priority", "priority", "order", "product", "refund"]
    done = set()
    while len(done) < n_fields:
        kind = pick(rng, kinds)
        if kind in done:
            continue
        if kind == "priority":
            wrong_priority(rng, expected, answer)
        elif kind == "order":
            if not wrong_order(rng, expected, answer, item["input"]):
                continue
        elif kind == "product":
            wrong_product(rng, expected, answer, item["input"])
        else:
            wrong_refund(expected, answer)
        done.add(kind)


def planted(item):
    """What the instructions in an item ask for; None where there are none that can be obeyed."""
    for phrase, wanted in PLANTED.items():
        if phrase in item["input"]:
            return wanted
    return None


def failing_ids(model, items):
    """Which answers of a model fail: obeyed instructions first, then the most troublesome items."""
    rng = random.Random(f"{SEED}/{model.name}/failing")
    obeyed = [item["id"] for item in items if planted(item) and rng.random() < model.obeys]
    ranked = sorted(
        ((trouble(item) + 0.55 * normal(rng), item["id"]) for item in items), reverse=True
    )
    rest = [ident for _, ident in ranked if ident not in obeyed]
    # Without `obeys` a model sees through all planted instructions.
    if model.obeys == 0.0:
        see_through = {item["id"] for item in items if planted(item)}
        rest = [ident for ident in rest if ident not in see_through]
    return obeyed, rest[: model.n_failing - len(obeyed)]


def dressed(rng, model, answer):
    text = json.dumps(answer, ensure_ascii=False)
    fenced, prose = rng.random() < model.fences, rng.random() < model.prose
    if fenced:
        text = f"```json\n{json.dumps(answer, ensure_ascii=False, indent=2)}\n```"
    if prose:
        text = pick(rng, BEFORE) + text + pick(rng, AFTER)
    return text


def output(model, item, failing, obeyed):
    rng = random.Random(f"{SEED}/{model.name}/{item['id']}")
    answer = dict(item["expected"])
    if item["id"] in obeyed:
        answer.update(planted(item))
    elif item["id"] in failing:
        if model.refuses and item["id"] == failing[0]:
            return REFUSAL
        if model.rambles and item["id"] == failing[0]:
            return RAMBLING
        if rng.random() < 0.7:
            wrong_category(rng, item["expected"], answer)
            if rng.random() < 0.3:
                spoil(rng, item, answer, 1)
        else:
            spoil(rng, item, answer, 2)
    elif rng.random() < model.slips:
        spoil(rng, item, answer, 1)
    return dressed(rng, model, answer)


def lines(model, items):
    obeyed, failing = failing_ids(model, items)
    made = []
    for item in items:
        text = output(model, item, failing, obeyed)
        line = {"id": item["id"], "output": text}
        if text in ENDS:
            line["finish"] = ENDS[text]
        made.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(made)


def main():
    with open(HERE / "golden.jsonl", encoding="utf-8") as file:
        items = [json.loads(line) for line in file]
    stale = []
    for model in MODELS:
        path = HERE / "answers" / f"{model.name}.jsonl"
        made = lines(model, items)
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text(encoding="utf-8") != made:
                stale.append(path.name)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made, encoding="utf-8")
    if stale:
        sys.exit(f"not as this script makes them: {', '.join(stale)}; hint: run it without --check")


if __name__ == "__main__":
    main()
