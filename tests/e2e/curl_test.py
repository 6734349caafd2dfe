"""curl through the gate: what people type, and the corners of HTTP that SDKs never show."""

import json
import re
import subprocess
import unittest

from gate import GateTest, chat

UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
JSON = ["-H", "Content-Type: application/json"]


class Curl(GateTest):
    def curl(self, path, *options, stdin=None):
        """-> (status, heads, body): `heads` holds every head that came, interim ones too."""
        out = subprocess.run(
            ["curl", "-sS", "--max-time", "20", "-i", *options, self.gate.url + path],
            input=stdin, capture_output=True, timeout=30)
        self.assertEqual(out.returncode, 0, out.stderr.decode())
        heads = []
        rest = out.stdout
        while rest.startswith(b"HTTP/"):
            head, _, rest = rest.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            fields = {name.lower(): value for name, value in
                      (line.split(": ", 1) for line in lines[1:])}
            heads.append((int(lines[0].split()[1]), fields))
        return heads[-1][0], heads, rest

    def test_chats_and_says_who_answered(self):
        status, heads, body = self.curl("/v1/chat/completions", *JSON, "-d", json.dumps(chat()))
        fields = heads[-1][1]
        self.assertEqual(status, 200)
        self.assertRegex(fields["x-request-id"], UUID7)
        self.assertEqual(fields["x-tallygate-route"], "assistant")
        self.assertEqual(fields["x-tallygate-version"], "1.0.0")
        self.assertEqual(fields["x-tallygate-attempts"], "1")
        self.assertGreaterEqual(float(fields["x-tallygate-overhead-ms"]), 0)
        self.assertIn("date", fields)
        self.assertEqual(int(fields["content-length"]), len(body))

    def test_streams_events_as_they_come_and_ends_with_done(self):
        status, heads, body = self.curl("/v1/chat/completions", *JSON, "-N", "-d",
                                        json.dumps(chat(stream=True)))
        fields = heads[-1][1]
        self.assertEqual(status, 200)
        self.assertTrue(fields["content-type"].startswith("text/event-stream"))
        self.assertEqual(fields["cache-control"], "no-cache")
        self.assertEqual(fields["x-accel-buffering"], "no")
        self.assertTrue(body.endswith(b"data: [DONE]\n\n"))

    def test_passes_every_byte_but_the_model_name(self):
        ask = '{ "model" :  "assistant",\t"messages":[{"role":"user","content":"\\u00e9 é 🎈"}], "z":1e400 }'
        self.curl("/v1/chat/completions", *JSON, "--data-binary", ask)
        self.assertEqual(self.one.last()[1], ask.replace("assistant", "model-one").encode())

    def test_sends_upstream_what_belongs_there_and_nothing_else(self):
        self.curl("/v1/chat/completions", *JSON, "-H", "Cookie: a=b", "-H", "Connection: x-private",
                  "-H", "x-private: 1", "-H", "TE: trailers", "-H", "x-tallygate-unit: ann",
                  "-H", "Authorization: Bearer client-key", "-H", "Host: evil.example",
                  "-d", json.dumps(chat()))
        fields = self.one.last()[0]
        self.assertEqual(fields["host"], f"127.0.0.1:{self.one.port}")
        self.assertEqual(fields["accept-encoding"], "identity")
        for name in ("cookie", "x-private", "te", "x-tallygate-unit", "authorization"):
            self.assertNotIn(name, fields)

    def test_answers_head_without_a_body(self):
        for path in ("/v1/models", "/livez"):
            with self.subTest(path):
                status, heads, body = self.curl(path, "-I")
                self.assertEqual((status, body), (200, b""))
                self.assertGreater(int(heads[-1][1]["content-length"]), 0)

    def test_says_100_continue_once_and_only_for_what_it_will_read(self):
        expect = ["-H", "Expect: 100-continue", "--expect100-timeout", "10"]
        status, heads, _ = self.curl("/v1/chat/completions", *JSON, *expect, "-d", json.dumps(chat()))
        self.assertEqual([head[0] for head in heads], [100, 200])
        status, heads, _ = self.curl("/v1/nowhere", *JSON, *expect, "-d", json.dumps(chat()))
        self.assertEqual([head[0] for head in heads], [404])

    def test_refuses_another_expectation(self):
        status, _, _ = self.curl("/v1/chat/completions", *JSON, "-H", "Expect: a-miracle", "-d",
                                 json.dumps(chat()))
        self.assertEqual(status, 417)

    def test_takes_a_chunked_upload(self):
        ask = json.dumps(chat(messages=[{"role": "user", "content": "x" * 300_000}]))
        status, _, _ = self.curl("/v1/chat/completions", *JSON, "-H", "Transfer-Encoding: chunked",
                                 "-H", "Expect:", "--data-binary", "@-", stdin=ask.encode())
        self.assertEqual(status, 200)
        self.assertTrue(self.one.last()[1] == ask.replace("assistant", "model-one").encode())

    def test_finds_the_model_of_a_transcription_behind_its_file(self):
        audio = bytes(range(256)) * 2000
        status, heads, body = self.curl(
            "/v1/audio/transcriptions", "-F", "file=@-;filename=a.wav;type=audio/wav", "-F",
            "model=assistant", "-F", "language=en", stdin=audio)
        self.assertEqual(status, 200, body)
        self.assertIn("text", json.loads(body))
        sent = self.one.last()[1]
        for part in (audio, b'name="model"\r\n\r\nmodel-one\r\n', b'name="language"\r\n\r\nen\r\n'):
            self.assertTrue(part in sent, f"{part[:40]} is not in what was sent")

    def test_keeps_the_connection_between_requests(self):
        out = subprocess.run(
            ["curl", "-sS", "-o", "/dev/null", "-w", "%{num_connects} ", self.gate.url + "/livez",
             "-o", "/dev/null", self.gate.url + "/v1/models"], capture_output=True, text=True)
        self.assertEqual(out.stdout.split(), ["1", "0"])

    def check_error(self, expected_status, code, path, *options):
        status, heads, body = self.curl(path, *options)
        self.assertEqual(status, expected_status, body[:300])
        error = json.loads(body)["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        if code:
            self.assertEqual(error["code"], code)
        self.assertTrue(error["message"])
        return heads[-1][1], error

    def test_explains_every_refusal(self):
        path = "/v1/chat/completions"
        post = [*JSON, "-d"]
        self.check_error(404, "model_not_found", path, *post, json.dumps(chat("nobody-knows")))
        self.check_error(400, "invalid_json", path, *post, '{"model":"assistant"')
        self.check_error(400, None, path, *post, '{"model":"assistant","model":"claude","messages":[]}')
        self.check_error(400, None, path, *post, '{"messages":[]}')
        self.check_error(404, None, "/v1/nowhere", *post, "{}")
        fields, _ = self.check_error(405, None, path)
        self.assertIn("POST", fields["allow"])
        self.check_error(415, None, path, "-H", "Content-Type: text/plain", "-d", "{}")
        self.check_error(415, None, path, *JSON, "-H", "Content-Encoding: gzip", "-d", "{}")
        fields, _ = self.check_error(502, "upstream_connect_error", path, *post,
                                     json.dumps(chat("offline")))
        self.assertEqual(fields["x-should-retry"], "false")

    def test_escapes_a_hostile_model_name(self):
        _, error = self.check_error(404, "model_not_found", "/v1/chat/completions", *JSON, "-d",
                                    json.dumps(chat("<script>\r\nX: y" + "m" * 10_000)))
        self.assertLess(len(error["message"]), 1000)

    def test_is_alive_and_ready_on_both_listeners(self):
        for port in (self.gate.port, self.gate.admin):
            for path in ("/livez", "/readyz"):
                out = subprocess.run(["curl", "-sS", "-f", f"http://127.0.0.1:{port}{path}"],
                                     capture_output=True, timeout=30)
                self.assertEqual(out.returncode, 0, out.stderr)


if __name__ == "__main__":
    unittest.main()
