"""The official anthropic Python SDK, unmodified, through the gate."""

import unittest

import anthropic
from gate import GateTest

ASK = {"max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}


class AnthropicPython(GateTest):
    @classmethod
    def configure(cls, config):
        config["blacklist"] = {"failures": 1000}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = anthropic.Anthropic(base_url=cls.gate.url, api_key="any", max_retries=0,
                                         timeout=30)
        cls.addClassCleanup(cls.client.close)

    def test_asks_for_a_message(self):
        raw = self.client.messages.with_raw_response.create(model="claude", **ASK)
        answer = raw.parse()
        self.assertEqual(answer.role, "assistant")
        self.assertTrue(answer.content[0].text)
        self.assertEqual(answer.stop_reason, "end_turn")
        record = self.gate.admin_json("/api/requests/" + raw.headers["x-request-id"])
        self.assertEqual(record["output_tokens"], answer.usage.output_tokens)
        self.assertEqual(record["input_tokens"], answer.usage.input_tokens)

    def test_streams_the_same_text(self):
        whole = self.client.messages.create(model="claude", **ASK)
        with self.client.messages.stream(model="claude", **ASK) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(text, whole.content[0].text)
        self.assertEqual(final.stop_reason, "end_turn")

    def test_gets_errors_in_its_own_form(self):
        with self.assertRaises(anthropic.NotFoundError) as caught:
            self.client.messages.create(model="nobody-knows", **ASK)
        body = caught.exception.body
        self.assertEqual(body["type"], "error")
        self.assertEqual(body["error"]["type"], "not_found_error")

    def test_says_that_the_routes_targets_speak_another_protocol(self):
        with self.assertRaises(anthropic.BadRequestError):
            self.client.messages.create(model="assistant", **ASK)

    def test_raises_when_a_stream_is_cut(self):
        for kind in ("fin-after:3", "rst-mid-stream:4", "missing-done"):
            with self.subTest(kind), self.assertRaises(anthropic.APIError):
                with self.client.messages.stream(
                        model="claude", extra_headers={"x-sim-fault": kind}, **ASK) as stream:
                    stream.get_final_message()


if __name__ == "__main__":
    unittest.main()
