// However a stream is cut, the official Node SDKs raise. Run by ../stream_ends_test.py.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const openai = new OpenAI({ baseURL: process.env.GATE_URL + "/v1", apiKey: "any", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: process.env.GATE_URL, apiKey: "any", maxRetries: 0 });
const messages = [{ role: "user", content: "Hello" }];

async function drain(stream) {
  for await (const event of stream) assert.ok(event);
}

const readers = {
  chat: async (options) => drain(await openai.chat.completions.create(
    { model: "assistant", messages, stream: true }, options)),
  responses: async (options) => drain(await openai.responses.create(
    { model: "assistant", input: "Hello", stream: true }, options)),
  messages: async (options) => drain(await anthropic.messages.create(
    { model: "claude", max_tokens: 64, messages, stream: true }, options)),
};

for (const [api, read] of Object.entries(readers)) {
  test(`${api}: a whole stream does not raise`, () => read({}));
  for (const kind of process.env.KINDS.split(" ")) {
    // An upstream's own error event of responses is relayed as it came: the SDK hands it on.
    if (api === "responses" && kind.startsWith("error-mid")) continue;
    // The deltas of responses begin behind four events that say nothing yet.
    const fault = api === "responses" ? kind.replace(":4", ":7") : kind;
    test(`${api}: ${kind} raises`, async () => {
      await assert.rejects(read({ headers: { "x-sim-fault": fault } }));
    });
  }
}
