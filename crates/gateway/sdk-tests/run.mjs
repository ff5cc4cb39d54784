// The checks of the npm packages, at their default settings; `run.py` starts it and says what there is.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { makeParseableResponseFormat, makeParseableTextFormat } from "openai/lib/parser";
import { isDeepStrictEqual } from "node:util";

const setup = JSON.parse(process.argv[2]);
const HELLO = "Hello";
const asking = (text) => [{ role: "user", content: text }];
const timeout = setup.deadline_s * 1000;
const openai = new OpenAI({ baseURL: `${setup.url}/v1`, apiKey: "none", timeout });
const anthropic = new Anthropic({ baseURL: setup.url, apiKey: "none", timeout });

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

async function drained(stream, slowly) {
  for await (const _ of stream) if (slowly) await pause();
  return stream;
}

const sdks = {
  js_chat: {
    stop: "stop",
    tool: "tool_calls",
    parts({ choices: [{ message, finish_reason }] }) {
      const calls = (message.tool_calls ?? []).map((c) => [c.function.name, JSON.parse(c.function.arguments)]);
      return [message.content, calls, finish_reason];
    },
    async whole(model, more = {}, text = HELLO) {
      return this.parts(await openai.chat.completions.create({ model, messages: asking(text), ...more }));
    },
    async stream(model, slowly = false, more = {}, text = HELLO) {
      const stream = await drained(openai.chat.completions.stream({ model, messages: asking(text), ...more }), slowly);
      return this.parts(await stream.finalChatCompletion());
    },
    get schema() {
      const json_schema = { name: "a", schema: setup.schema };
      return { response_format: { type: "json_schema", json_schema } };
    },
  },
  js_responses: {
    stop: "completed",
    tool: "completed",
    parts({ output, output_text, status }) {
      const calls = output.filter((item) => item.type === "function_call");
      return [output_text, calls.map((c) => [c.name, JSON.parse(c.arguments)]), status];
    },
    async whole(model, more = {}, text = HELLO) {
      return this.parts(await openai.responses.create({ model, input: asking(text), ...more }));
    },
    async stream(model, slowly = false, more = {}, text = HELLO) {
      const stream = await drained(openai.responses.stream({ model, input: text, ...more }), slowly);
      return this.parts(await stream.finalResponse());
    },
    get schema() {
      return { text: { format: { type: "json_schema", name: "a", schema: setup.schema } } };
    },
  },
  js_messages: {
    stop: "end_turn",
    tool: "tool_use",
    parts({ content, stop_reason }) {
      const text = content.filter((block) => block.type === "text").map((block) => block.text);
      const calls = content.filter((block) => block.type === "tool_use");
      return [text.join(""), calls.map((block) => [block.name, block.input]), stop_reason];
    },
    async whole(model, more = {}, text = HELLO) {
      const messages = asking(text);
      return this.parts(await anthropic.messages.create({ model, messages, max_tokens: 100, ...more }));
    },
    async stream(model, slowly = false, more = {}, text = HELLO) {
      const messages = asking(text);
      const stream = await drained(anthropic.messages.stream({ model, messages, max_tokens: 3000, ...more }), slowly);
      return this.parts(await stream.finalMessage());
    },
    get schema() {
      return { output_config: { format: { type: "json_schema", schema: setup.schema } } };
    },
  },
};

/** Answers in a schema, by the openai package's own helpers, and calls of tools: their streams are read as they come. */
const inSchema = { type: "json_schema", name: "a", schema: setup.schema, strict: true };
const { type, ...named } = inSchema;
const parsers = {
  js_chat_parsed: {
    model: "json",
    wanted: { ok: true },
    form: makeParseableResponseFormat({ type, json_schema: named }, JSON.parse),
    parts: ({ choices: [{ message }] }) => message.parsed,
    async whole(model) {
      return this.parts(await openai.chat.completions.parse({ model, messages: asking(HELLO), response_format: this.form }));
    },
    async stream(model) {
      const stream = openai.chat.completions.stream({ model, messages: asking(HELLO), response_format: this.form });
      return this.parts(await (await drained(stream)).finalChatCompletion());
    },
  },
  js_responses_parsed: {
    model: "json",
    wanted: { ok: true },
    form: { format: makeParseableTextFormat(inSchema, JSON.parse) },
    async whole(model) {
      return (await openai.responses.parse({ model, input: asking(HELLO), text: this.form })).output_parsed;
    },
    async stream(model) {
      const stream = openai.responses.stream({ model, input: HELLO, text: this.form });
      return (await (await drained(stream)).finalResponse()).output_parsed;
    },
  },
  js_messages_tools: {
    model: "tools",
    wanted: ["Looking.", setup.tools, "tool_use"],
    more: { tools: setup.tools.map(([name]) => ({ name, input_schema: { type: "object" } })) },
    whole(model) {
      return sdks.js_messages.whole(model, this.more);
    },
    stream(model) {
      return sdks.js_messages.stream(model, false, this.more);
    },
  },
};

function equal(got, wanted) {
  if (!isDeepStrictEqual(got, wanted)) {
    throw new Error(`got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
  }
}

async function good(sdk, dialect) {
  for (const way of ["whole", "stream"]) {
    equal(await sdk[way](`${dialect}/plain`), [setup.text, [], sdk.stop]);
    equal(await sdk[way](`${dialect}/tools`), ["Looking.", setup.tools, sdk.tool]);
  }
  const inSchema = [await sdk.whole(`${dialect}/json`, sdk.schema), await sdk.stream(`${dialect}/json`, false, sdk.schema)];
  for (const [text] of inSchema) equal(JSON.parse(text), { ok: true });
  // A client that reads slowly gets everything all the same.
  equal((await sdk.stream(`${dialect}/long`, true))[0], " word".repeat(2000));
}

/** What a helper makes of an answer, whole and streamed. */
async function parsed(sdk, dialect) {
  for (const way of ["whole", "stream"]) equal(await sdk[way](`${dialect}/${sdk.model}`), sdk.wanted);
}

/** Asks in a way, for a text. */
const asked = (sdk, kind, model, text) => (kind === "stream" ? sdk.stream(model, false, {}, text) : sdk.whole(model, {}, text));

/** Another model of the policy answers as long as nothing has gone out; after that the client sees an error. */
async function rescued(sdk, way, model, kind) {
  const text = `${way} ${model};`;
  const [fault] = model.split("-");
  if (way === "alone" && kind === "stream" && setup.after_the_first_token.includes(fault)) {
    await bad(sdk, "auto", kind, text);
  } else {
    equal(await asked(sdk, kind, "auto", text), [setup.text, [], sdk.stop]);
  }
}

async function bad(sdk, model, kind, text = HELLO) {
  const started = Date.now();
  let got;
  try {
    got = await asked(sdk, kind, model, text);
  } catch {
    if (Date.now() - started > timeout) throw new Error(`took ${Date.now() - started} ms`);
    return;
  }
  throw new Error(`a broken answer passed for whole: ${JSON.stringify(got)}`);
}

async function oversize(sdk) {
  try {
    await sdk.whole("openai/plain", { padding: "x".repeat(2 << 20) });
  } catch (error) {
    if (error instanceof OpenAI.APIError || error instanceof Anthropic.APIError) return;
    throw error;
  }
  throw new Error("a request above the limit was answered");
}

async function embeddings() {
  const got = await openai.embeddings.create({ model: "embed", input: ["a", "b"], encoding_format: "float" });
  equal(got.data.map((one) => one.embedding), [setup.vector, setup.vector]);
}

/** Every fault in every upstream's dialect, for those models that are this client's own. */
function faults(name, sdk, dialect) {
  for (const model of setup.faulty) {
    const [fault, client, kind] = model.split("-");
    if (client === name) todo.push([`${name} -> ${dialect}: ${fault} ${kind}`, () => bad(sdk, `${dialect}/${model}`, kind)]);
  }
  for (const reset of setup.resets) {
    for (const kind of setup.kinds) todo.push([`${name} -> ${dialect}: ${reset} ${kind}`, () => bad(sdk, `${dialect}/${reset}`, kind)]);
  }
}

const todo = [["js: embeddings", embeddings]];
for (const [name, sdk] of Object.entries(parsers)) {
  for (const dialect of setup.dialects) {
    todo.push([`${name} -> ${dialect}: good answers`, () => parsed(sdk, dialect)]);
    faults(name, sdk, dialect);
  }
}
for (const [name, sdk] of Object.entries(sdks)) {
  todo.push([`${name}: oversize`, () => oversize(sdk)]);
  for (const kind of setup.kinds) {
    todo.push([`${name} -> auto: good ${kind}`, async () => equal(await asked(sdk, kind, "auto", HELLO), [setup.text, [], sdk.stop])]);
  }
  for (const way of setup.ways) {
    for (const model of setup.routed) {
      const [fault, client, kind] = model.split("-");
      if (client === name) todo.push([`${name} -> auto, ${way}: ${fault} ${kind}`, () => rescued(sdk, way, model, kind)]);
    }
  }
  for (const dialect of setup.dialects) {
    todo.push([`${name} -> ${dialect}: good answers`, () => good(sdk, dialect)]);
    faults(name, sdk, dialect);
  }
}

let next = 0;
let failed = 0;
async function work() {
  while (next < todo.length) {
    const [what, check] = todo[next++];
    try {
      await check();
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${what}: ${error?.message ?? error}`);
    }
  }
}
await Promise.all(Array.from({ length: setup.at_once }, work));
console.log(`${todo.length - failed} of ${todo.length} checks passed with the packages for Node.js`);
process.exit(failed === 0 ? 0 : 1);
