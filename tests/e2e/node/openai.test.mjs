// The official openai Node SDK, unmodified, through the gate.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.GATE_URL + "/v1", apiKey: "any", maxRetries: 0 });
const hello = { model: "assistant", messages: [{ role: "user", content: "Hello" }] };
const fault = (kind) => ({ headers: { "x-sim-fault": kind } });

async function textOf(stream) {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
  return text;
}

async function untilTrue(question, what) {
  for (let i = 0; i < 2000; i++) {
    if (await question()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`not in time: ${what}`);
}

async function openStreams() {
  const stats = await (await fetch(process.env.ONE_URL + "/simulator/stats")).json();
  return stats.streams_open;
}

test("chats", async () => {
  const { data, response } = await client.chat.completions.create(hello).withResponse();
  assert.equal(data.choices[0].finish_reason, "stop");
  assert.ok(data.choices[0].message.content);
  assert.equal(response.headers.get("x-tallygate-route"), "assistant");
  assert.match(response.headers.get("x-request-id"), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test("streams the same text", async () => {
  const whole = await client.chat.completions.create(hello);
  const text = await textOf(await client.chat.completions.create({ ...hello, stream: true }));
  assert.equal(text, whole.choices[0].message.content);
});

test("streams usage only if asked", async () => {
  const usages = async (more) => {
    const found = [];
    const stream = await client.chat.completions.create({ ...hello, stream: true, ...more });
    for await (const chunk of stream) if (chunk.choices.length === 0) found.push(chunk.usage);
    return found;
  };
  assert.deepEqual(await usages({}), []);
  const asked = await usages({ stream_options: { include_usage: true } });
  assert.equal(asked.length, 1);
  assert.ok(asked[0].completion_tokens > 0);
});

test("embeds", async () => {
  const answer = await client.embeddings.create({ model: "assistant", input: ["one", "two"] });
  assert.equal(answer.data.length, 2);
  assert.ok(answer.data[0].embedding.length > 0);
});

test("responds, whole and streaming", async () => {
  const whole = await client.responses.create({ model: "assistant", input: "Hello" });
  assert.equal(whole.status, "completed");
  const types = [];
  const stream = await client.responses.create({ model: "assistant", input: "Hello", stream: true });
  for await (const event of stream) types.push(event.type);
  assert.equal(types.at(0), "response.created");
  assert.equal(types.at(-1), "response.completed");
});

test("says that a model is not known", async () => {
  await assert.rejects(client.chat.completions.create({ ...hello, model: "nobody-knows" }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
});

test("relays the upstream's 400", async () => {
  await assert.rejects(client.chat.completions.create(hello, fault("status:400")),
    OpenAI.BadRequestError);
});

test("is answered by the next target when the first says 503", async () => {
  const { response } =
    await client.chat.completions.create({ ...hello, model: "unlucky" }).withResponse();
  assert.equal(response.headers.get("x-tallygate-attempts"), "2");
});

test("does not repeat what the gate repeated", async () => {
  let calls = 0;
  const counting = client.withOptions({
    maxRetries: 2,
    fetch: (...request) => { calls += 1; return fetch(...request); },
  });
  await assert.rejects(counting.chat.completions.create({ ...hello, model: "offline" }),
    OpenAI.InternalServerError);
  assert.equal(calls, 1);
});

test("raises when a stream is cut", async () => {
  for (const kind of ["fin-after:3", "rst-mid-stream:3", "fin-mid-event:3", "missing-done"]) {
    const cut = client.chat.completions.create({ ...hello, stream: true }, fault(kind));
    await assert.rejects(async () => textOf(await cut), OpenAI.APIError, kind);
  }
});

test("raises when the upstream reports an error mid-stream", async () => {
  const broken = client.chat.completions.create({ ...hello, stream: true }, fault("error-mid:3"));
  await assert.rejects(async () => textOf(await broken), OpenAI.APIError);
});

test("aborting a stream cancels the upstream", async () => {
  const stream = await client.chat.completions.create(
    { ...hello, stream: true }, fault("hang-mid-stream:3"));
  for await (const chunk of stream) {
    assert.ok(chunk);
    assert.equal(await openStreams(), 1);
    break;  // leaving the loop aborts the request
  }
  await untilTrue(async () => (await openStreams()) === 0, "the upstream is cancelled");
});
