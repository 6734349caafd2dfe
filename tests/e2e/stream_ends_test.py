"""However a stream is cut, every official SDK raises: nobody takes half an answer for a whole one."""

import os
import pathlib
import subprocess
import unittest

import anthropic
import openai
from gate import GateTest, wait_for

HELLO = [{"role": "user", "content": "Hello"}]
NODE = pathlib.Path(__file__).parent / "node"
CUT = "upstream_stream_truncated"
# What the upstream does, and what the record calls it.
ENDS = {
    "fin-after:4": ("upstream_truncated", CUT),
    "fin-mid-event:4": ("upstream_truncated", CUT),
    "rst-mid-stream:4": ("upstream_truncated", CUT),
    "bad-framing:bad-chunk": ("upstream_truncated", CUT),
    "hang-mid-stream:4": ("upstream_truncated", "stream_idle_timeout"),
    "missing-done": ("upstream_truncated", "missing_done"),
    "error-mid:4": ("upstream_stream_error", "upstream_stream_error"),
}


class StreamEnds(GateTest):
    @classmethod
    def configure(cls, config):
        config["blacklist"] = {"failures": 1000}
        config["timeouts"] = {"idle": "400ms"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.openai = openai.OpenAI(base_url=cls.gate.url + "/v1", api_key="any", max_retries=0,
                                   timeout=30)
        cls.addClassCleanup(cls.openai.close)
        cls.anthropic = anthropic.Anthropic(base_url=cls.gate.url, api_key="any", max_retries=0,
                                            timeout=30)
        cls.addClassCleanup(cls.anthropic.close)

    def check_every_end(self, read, error, route, but=()):
        """`read` takes the headers of a request and reads its stream to the end."""
        for kind, expected in ENDS.items():
            if kind in but:
                continue
            with self.subTest(kind):
                told = len(self.records(route))
                with self.assertRaises(error):
                    read({"x-sim-fault": kind})
                wait_for(lambda: len(self.records(route)) == told + 1, "its record")
                record = self.records(route)[-1]
                self.assertEqual((record["outcome"], record["error"]), expected)
                self.assertEqual(record["status"], 200)

    def records(self, route):
        return [record for record in self.gate.journal() if record["route"] == route]

    def test_chat(self):
        self.check_every_end(lambda headers: list(self.openai.chat.completions.create(
            model="assistant", messages=HELLO, stream=True, extra_headers=headers)),
            openai.APIError, "assistant")

    def test_completions(self):
        self.check_every_end(lambda headers: list(self.openai.completions.create(
            model="assistant", prompt="Hello", stream=True, extra_headers=headers)),
            openai.APIError, "assistant")

    def test_responses(self):
        # Its deltas begin behind four events that say nothing yet, so a broken second chunk is an
        # error with a status of its own, as with Anthropic's. An upstream's error event is relayed as it came, and these
        # SDKs hand that on instead of raising.
        def read(headers):
            kind = headers["x-sim-fault"].replace(":4", ":7")
            list(self.openai.responses.create(model="assistant", input="Hello", stream=True,
                                              extra_headers={"x-sim-fault": kind}))
        self.check_every_end(read, openai.APIError, "assistant",
                             but=("bad-framing:bad-chunk", "error-mid:4"))
        with self.assertRaises(openai.InternalServerError):
            read({"x-sim-fault": "bad-framing:bad-chunk"})

    def test_messages(self):
        def read(headers):
            with self.anthropic.messages.stream(
                    model="claude", max_tokens=64, messages=HELLO, extra_headers=headers) as stream:
                stream.get_final_message()
        self.check_every_end(read, anthropic.APIError, "claude", but=("bad-framing:bad-chunk",))
        with self.assertRaises(anthropic.InternalServerError):
            read({"x-sim-fault": "bad-framing:bad-chunk"})

    def test_node(self):
        env = {**os.environ, "GATE_URL": self.gate.url, "KINDS": " ".join(ENDS)}
        run = subprocess.run(["node", "--test", "stream_ends.test.mjs"], cwd=NODE, env=env, timeout=240,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("# pass", run.stdout)

    def test_a_whole_stream_does_not_raise(self):
        """Else the tests above would prove nothing."""
        self.assertTrue(list(self.openai.chat.completions.create(
            model="assistant", messages=HELLO, stream=True)))
        self.assertTrue(list(self.openai.responses.create(
            model="assistant", input="Hello", stream=True)))
        with self.anthropic.messages.stream(model="claude", max_tokens=64, messages=HELLO) as stream:
            self.assertTrue(stream.get_final_message())


if __name__ == "__main__":
    unittest.main()
