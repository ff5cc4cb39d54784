"""What a team writes by hand: asynchronous calls behind a semaphore, one score each, results saved.

Usage: script.py BASE_URL MODEL GOLDEN OUT CONCURRENCY
"""
import asyncio, json, re, sys
from openai import AsyncOpenAI

base_url, model, golden, out, concurrency = sys.argv[1:]
client = AsyncOpenAI(base_url=base_url, api_key="sk-simulated")
slots = asyncio.Semaphore(int(concurrency))

async def run(item):
    async with slots:
        messages = [{"role": "user", "content": item["input"]}]
        reply = await client.chat.completions.create(model=model, messages=messages, temperature=0)
    text = reply.choices[0].message.content
    numbers = re.findall(r"-?\d+(?:\.\d+)?", text.replace(",", ""))
    passed = bool(numbers) and float(numbers[-1]) == float(item["expected"])
    return {"id": item["id"], "output": text, "passed": passed, "tokens": reply.usage.total_tokens}

async def main():
    items = [json.loads(line) for line in open(golden)]
    rows = await asyncio.gather(*map(run, items))
    with open(out, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    print(sum(row["passed"] for row in rows) / len(rows))

asyncio.run(main())
