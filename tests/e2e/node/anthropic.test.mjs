// The official Anthropic Node SDK, unmodified, through the gate.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: process.env.GATE_URL, apiKey: "any", maxRetries: 0 });
const ask = { model: "claude", max_tokens: 64, messages: [{ role: "user", content: "Hello" }] };

test("asks for a message", async () => {
  const answer = await client.messages.create(ask);
  assert.equal(answer.role, "assistant");
  assert.equal(answer.stop_reason, "end_turn");
  assert.ok(answer.content[0].text);
});

test("streams the same text", async () => {
  const whole = await client.messages.create(ask);
  const final = await client.messages.stream(ask).finalMessage();
  assert.equal(final.content[0].text, whole.content[0].text);
});

test("gets errors in its own form", async () => {
  await assert.rejects(client.messages.create({ ...ask, model: "nobody-knows" }), (error) =>
    error instanceof Anthropic.NotFoundError && error.error.error.type === "not_found_error");
});

test("is told that the route's targets speak another protocol", async () => {
  await assert.rejects(client.messages.create({ ...ask, model: "assistant" }),
    Anthropic.BadRequestError);
});

test("raises when a stream is cut", async () => {
  for (const kind of ["fin-after:3", "rst-mid-stream:4", "missing-done"]) {
    const cut = client.messages.stream(ask, { headers: { "x-sim-fault": kind } });
    await assert.rejects(cut.finalMessage(), Anthropic.APIError, kind);
  }
});
