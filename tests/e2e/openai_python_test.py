"""The official openai Python SDK, unmodified, through the gate."""

import asyncio
import time
import unittest

import openai
from gate import GateTest, chat, wait_for

HELLO = [{"role": "user", "content": "Hello"}]


def fault(text):
    return {"x-sim-fault": text}


class OpenAiPython(GateTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = cls.gate.url + "/v1"
        cls.client = openai.OpenAI(base_url=cls.base, api_key="any", max_retries=0, timeout=30)
        cls.addClassCleanup(cls.client.close)

    def stream(self, model="assistant", headers=None, **fields):
        return self.client.chat.completions.create(
            model=model, messages=HELLO, stream=True, extra_headers=headers, **fields)

    def record_of(self, response):
        """The journal's record of one response."""
        return self.gate.admin_json("/api/requests/" + response.headers["x-request-id"])

    def test_chats(self):
        raw = self.client.chat.completions.with_raw_response.create(model="assistant", messages=HELLO)
        answer = raw.parse()
        self.assertEqual(answer.choices[0].message.role, "assistant")
        self.assertTrue(answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertGreater(answer.usage.completion_tokens, 0)
        self.assertEqual(raw.headers["x-tallygate-route"], "assistant")
        self.assertEqual(raw.headers["x-tallygate-version"], "1.0.0")
        self.assertEqual(raw.headers["x-tallygate-attempts"], "1")

    def test_sends_the_targets_own_model_name(self):
        self.client.chat.completions.create(model="assistant@1.1.0", messages=HELLO)
        self.assertEqual(self.two.last_json()["model"], "model-two")

    def test_streams_the_same_text(self):
        whole = self.client.chat.completions.create(model="assistant", messages=HELLO)
        chunks = list(self.stream())
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")

    def test_streams_usage_only_if_asked(self):
        self.assertEqual([chunk for chunk in self.stream() if not chunk.choices], [])
        asked = [chunk for chunk in self.stream(stream_options={"include_usage": True})
                 if not chunk.choices]
        self.assertEqual(len(asked), 1)
        self.assertGreater(asked[0].usage.completion_tokens, 0)

    def test_counts_the_tokens_of_a_stream_that_did_not_ask(self):
        with self.client.chat.completions.with_streaming_response.create(
                model="assistant", messages=HELLO, stream=True) as response:
            list(response.iter_lines())
            record = self.record_of(response)
        self.assertGreater(record["output_tokens"], 0)
        self.assertTrue(record["streamed"])

    def test_embeds(self):
        answer = self.client.embeddings.create(model="assistant", input=["one", "two"])
        self.assertEqual(len(answer.data), 2)
        self.assertGreater(len(answer.data[0].embedding), 0)

    def test_responds_whole_and_streaming(self):
        whole = self.client.responses.create(model="assistant", input="Hello")
        self.assertEqual(whole.status, "completed")
        events = list(self.client.responses.create(model="assistant", input="Hello", stream=True))
        self.assertEqual(events[0].type, "response.created")
        self.assertEqual(events[-1].type, "response.completed")
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
        self.assertEqual(text, whole.output_text)

    def test_lists_its_routes_as_models(self):
        names = {model.id for model in self.client.models.list()}
        self.assertLessEqual({"assistant", "unlucky", "offline"}, names)
        self.assertEqual(self.client.models.retrieve("assistant").id, "assistant")

    def test_says_that_a_model_is_not_known(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.client.chat.completions.create(model="nobody-knows", messages=HELLO)
        self.assertEqual(caught.exception.code, "model_not_found")
        self.assertIn("nobody-knows", str(caught.exception))

    def test_says_which_field_is_missing(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.post("/chat/completions", body={"messages": HELLO}, cast_to=object)
        self.assertEqual(caught.exception.param, "model")

    def test_relays_the_upstreams_400(self):
        with self.assertRaises(openai.BadRequestError):
            self.client.chat.completions.create(model="assistant", messages=HELLO,
                                                extra_headers=fault("status:400"))

    def test_answers_from_the_next_target_when_the_first_says_503(self):
        raw = self.client.chat.completions.with_raw_response.create(model="unlucky", messages=HELLO)
        self.assertTrue(raw.parse().choices[0].message.content)
        self.assertEqual(raw.headers["x-tallygate-attempts"], "2")
        first, second = self.record_of(raw)["attempts_detail"]
        self.assertEqual((first["target"], first["status"]), ("busy", 503))
        self.assertEqual(second["target"], "two")

    def test_tells_the_sdk_not_to_repeat_what_the_gate_repeated(self):
        patient = self.client.with_options(max_retries=2)
        with self.assertRaises(openai.InternalServerError) as caught:
            patient.chat.completions.create(model="offline", messages=HELLO)
        self.assertIn(caught.exception.status_code, (502, 503))
        self.assertEqual(caught.exception.response.headers["x-should-retry"], "false")
        offline = [record for record in self.gate.journal() if record["route"] == "offline"]
        self.assertEqual(len(offline), 1)

    def test_lets_the_sdk_repeat_a_429(self):
        with self.assertRaises(openai.RateLimitError) as caught:
            self.client.chat.completions.create(model="limited", messages=HELLO,
                                                extra_headers=fault("answer-429:1"))
        self.assertEqual(caught.exception.response.headers["retry-after"], "1")

    def test_raises_when_a_stream_is_cut(self):
        for kind in ("fin-after:3", "rst-mid-stream:3", "fin-mid-event:3", "missing-done"):
            with self.subTest(kind), self.assertRaises(openai.APIError):
                list(self.stream(model="cut", headers=fault(kind)))

    def test_raises_when_the_upstream_reports_an_error_mid_stream(self):
        with self.assertRaises(openai.APIError):
            list(self.stream(model="cut", headers=fault("error-mid:3")))

    def test_closing_a_stream_cancels_the_upstream_within_100_ms(self):
        self.assertLess(min(self.seconds_to_cancel() for _ in range(5)), 0.1)

    def seconds_to_cancel(self):
        stream = self.stream(headers=fault("hang-mid-stream:3"))
        next(iter(stream))
        self.assertEqual(self.one.stats()["streams_open"], 1)
        start = time.monotonic()
        stream.close()
        wait_for(lambda: self.one.stats()["streams_open"] == 0, "the upstream is cancelled")
        return time.monotonic() - start

    def test_records_who_left(self):
        with self.client.chat.completions.with_streaming_response.create(
                model="assistant", messages=HELLO, stream=True,
                extra_headers=fault("hang-mid-stream:3")) as response:
            next(response.iter_lines())
            request_id = response.headers["x-request-id"]
        record = wait_for(lambda: self.find(request_id), "the record of an aborted stream")
        self.assertEqual(record["outcome"], "client_abort")
        self.assertEqual(record["phase"], "streaming")

    def find(self, request_id):
        return next((r for r in self.gate.journal() if r["request_id"] == request_id), None)

    def test_async_client_chats_and_streams_at_once(self):
        asyncio.run(self.many_at_once())

    async def many_at_once(self):
        async with openai.AsyncOpenAI(base_url=self.base, api_key="any", max_retries=0) as client:
            async def whole():
                answer = await client.chat.completions.create(model="assistant", messages=HELLO)
                return answer.choices[0].message.content

            async def streamed():
                text = ""
                stream = await client.chat.completions.create(
                    model="assistant", messages=HELLO, stream=True)
                async for chunk in stream:
                    text += chunk.choices[0].delta.content or ""
                return text

            texts = await asyncio.gather(*(one() for _ in range(20) for one in (whole, streamed)))
        self.assertEqual(len(set(texts)), 1)

    @classmethod
    def configure(cls, config):
        # Faults that count against a target get a target of their own, never benched.
        config["targets"]["cut"] = {"url": cls.one.base, "model": "cut"}
        config["targets"]["limited"] = {"url": cls.one.base, "model": "limited"}
        config["routes"]["cut"] = {"versions": {"1.0.0": {"targets": ["cut"], "default": True}}}
        config["routes"]["limited"] = {
            "versions": {"1.0.0": {"targets": ["limited"], "default": True}}}
        config["blacklist"] = {"failures": 1000}


if __name__ == "__main__":
    unittest.main()
