"""Every endpoint answers in the format of its API, and tells what it received."""

import base64
import json
import ssl
import struct
import subprocess
import tempfile
import unittest

from simulator import Simulator, chat, events


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Simulator("--tokens", "4", "--prompt-tokens", "9")

    @classmethod
    def tearDownClass(cls):
        assert cls.sim.stop() == 0

    def stream(self, path, body):
        status, fields, data = self.sim.ask(path, {**body, "stream": True})
        self.assertEqual((status, fields["content-type"]),
                         (200, "text/event-stream; charset=utf-8"))
        return events(data)

    def test_chat(self):
        status, fields, body = self.sim.ask("/v1/chat/completions", chat("gpt/\"x\""))
        answer = json.loads(body)
        self.assertEqual(status, 200)
        self.assertEqual(fields["x-simulator-name"], "sim")
        self.assertEqual(fields["x-request-id"], "sim-" + fields["x-simulator-request-count"])
        self.assertEqual(answer["model"], "gpt/\"x\"")
        self.assertEqual(answer["choices"][0]["message"]["content"], "This is a simulated ")
        self.assertEqual(answer["choices"][0]["finish_reason"], "stop")
        usage = answer["usage"]
        self.assertEqual((usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]),
                         (9, 4, 13))

    def test_chat_stream(self):
        plain = self.stream("/v1/chat/completions", chat())
        self.assertEqual(plain[-1], "[DONE]")
        self.assertEqual(plain[0]["choices"][0]["delta"], {"role": "assistant", "content": ""})
        text = "".join(e["choices"][0]["delta"].get("content", "") for e in plain[:-1])
        self.assertEqual(text, "This is a simulated ")
        self.assertEqual(plain[-2]["choices"][0]["finish_reason"], "stop")
        self.assertTrue(all("usage" not in e for e in plain[:-1]))
        self.assertEqual(len({e["id"] for e in plain[:-1]}), 1)

    def test_usage_comes_only_when_asked_for(self):
        asked = self.stream("/v1/chat/completions", chat(stream_options={"include_usage": True}))
        self.assertEqual(asked[-2]["choices"], [])
        self.assertEqual(asked[-2]["usage"]["completion_tokens"], 4)
        self.assertTrue(all(e["usage"] is None for e in asked[:-2]))
        text = self.stream("/v1/completions",
                           {"model": "m", "stream_options": {"include_usage": True}})
        self.assertEqual((text[-2]["choices"], text[-2]["usage"]["total_tokens"]), ([], 13))

    def test_max_tokens_cuts(self):
        answer = self.sim.json("/v1/chat/completions", chat(max_tokens=2))
        self.assertEqual(answer["choices"][0]["finish_reason"], "length")
        self.assertEqual(answer["usage"]["completion_tokens"], 2)

    def test_completions(self):
        answer = self.sim.json("/v1/completions", {"model": "m", "prompt": "x"})
        self.assertEqual(answer["object"], "text_completion")
        streamed = self.stream("/v1/completions", {"model": "m"})
        self.assertEqual("".join(e["choices"][0]["text"] for e in streamed[:-1]),
                         answer["choices"][0]["text"])
        self.assertEqual(streamed[-1], "[DONE]")

    def test_embeddings(self):
        floats = self.sim.json("/v1/embeddings", {"model": "m", "input": ["a", "b"]})
        coded = self.sim.json("/v1/embeddings",
                              {"model": "m", "input": "a", "encoding_format": "base64"})
        self.assertEqual([d["index"] for d in floats["data"]], [0, 1])
        raw = base64.b64decode(coded["data"][0]["embedding"])
        self.assertEqual(list(struct.unpack("<8f", raw)), floats["data"][0]["embedding"])

    def test_responses(self):
        whole = self.sim.json("/v1/responses", {"model": "m", "input": "x"})
        self.assertEqual((whole["object"], whole["status"]), ("response", "completed"))
        streamed = self.stream("/v1/responses", {"model": "m", "input": "x"})
        self.assertEqual([e["sequence_number"] for e in streamed], list(range(len(streamed))))
        self.assertEqual([e["type"].removeprefix("response.") for e in streamed],
                         ["created", "in_progress", "output_item.added", "content_part.added"] +
                         ["output_text.delta"] * 4 +
                         ["output_text.done", "content_part.done", "output_item.done", "completed"])
        self.assertEqual(streamed[-1]["response"]["output"][0]["content"],
                         whole["output"][0]["content"])

    def test_messages(self):
        whole = self.sim.json("/v1/messages", {"model": "c", "max_tokens": 100})
        self.assertEqual((whole["type"], whole["stop_reason"]), ("message", "end_turn"))
        streamed = self.stream("/v1/messages", {"model": "c", "max_tokens": 100})
        self.assertEqual([e["type"] for e in streamed],
                         ["message_start", "content_block_start", "ping"] +
                         ["content_block_delta"] * 4 +
                         ["content_block_stop", "message_delta", "message_stop"])
        self.assertEqual(streamed[-2]["usage"]["output_tokens"], 4)

    def test_others(self):
        self.assertEqual(len(self.sim.json("/v1/moderations",
                                           {"model": "m", "input": ["a", "b"]})["results"]), 2)
        ranked = self.sim.json("/v1/rerank", {"model": "m", "documents": ["a", "b", "c"]})
        self.assertEqual([r["index"] for r in ranked["results"]], [0, 1, 2])
        image = self.sim.json("/v1/images/generations", {"model": "m", "n": 2})["data"][1]
        self.assertEqual(base64.b64decode(image["b64_json"])[:4], b"\x89PNG")
        self.assertEqual(self.sim.ask("/v1/audio/speech", {"model": "m"})[2][:4], b"RIFF")
        self.assertEqual(self.sim.json("/v1/models")["object"], "list")
        self.assertEqual(self.sim.json("/v1/models/abc")["id"], "abc")
        self.assertEqual(self.sim.ask("/nowhere")[0], 404)

    def test_transcriptions_take_a_form(self):
        form = ("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
                "RIFF\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{}\r\n--b--\r\n")
        kind = {"Content_Type": "multipart/form-data; boundary=b"}
        answer = self.sim.json("/v1/audio/transcriptions", form.format("whisper"), **kind)
        self.assertEqual(answer["usage"]["output_tokens"], 4)
        status, _, _ = self.sim.ask("/v1/audio/transcriptions",
                                    form.format("sim-fault-status-502"), **kind)
        self.assertEqual(status, 502)

    def test_last_tells_what_arrived(self):
        body = json.dumps(chat("é"), ensure_ascii=False)
        self.sim.ask("/v1/chat/completions?a=1", body, X_Two="one", x_two="two")
        last = self.sim.json("/simulator/last")
        self.assertEqual((last["method"], last["target"]), ("POST", "/v1/chat/completions?a=1"))
        self.assertEqual([f for f in last["headers"] if f[0].lower() == "x-two"],
                         [["X-Two", "one"], ["x-two", "two"]])
        self.assertEqual(base64.b64decode(last["body_base64"]).decode(), body)
        self.sim.ask("/v1/chat/completions", "plain \"text\"\n")
        self.assertEqual(self.sim.json("/simulator/last")["body"], "plain \"text\"\n")

    def test_pipelined_requests_are_answered_in_order(self):
        with self.sim.connect() as wire:
            for model in ("one", "sim-fault-delay-20ms", "three"):
                wire.send("/v1/chat/completions", chat(model))
            answers = [json.loads(wire.answer()[2])["model"] for _ in range(3)]
        self.assertEqual(answers, ["one", "sim-fault-delay-20ms", "three"])

    def test_one_byte_at_a_time(self):
        request = b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" \
                  b"d\r\n{\"model\":\"q\"}\r\n0\r\n\r\n"
        with self.sim.connect() as wire:
            for at in range(len(request)):
                wire.raw(request[at:at + 1])
            self.assertEqual(json.loads(wire.answer()[2])["model"], "q")

    def test_expect_continue(self):
        with self.sim.connect() as wire:
            wire.raw(b"POST /v1/chat/completions HTTP/1.1\r\nExpect: 100-continue\r\n"
                     b"Content-Length: 13\r\n\r\n")
            self.assertEqual(wire.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
            wire.raw(b"{\"model\":\"q\"}")
            self.assertEqual(wire.answer()[0], 200)

    def test_http10_clients_get_no_chunks(self):
        with self.sim.connect() as wire:
            body = json.dumps(chat(stream=True)).encode()
            wire.raw(b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s"
                     % (len(body), body))
            _, fields, data = wire.answer()
            self.assertNotIn("transfer-encoding", fields)
            self.assertEqual(events(data)[-1], "[DONE]")

    def test_ids_differ_between_names_and_requests(self):
        other = Simulator(name="other")
        ids = {s.json("/v1/chat/completions", chat())["id"] for s in (self.sim, self.sim, other)}
        self.assertEqual(other.stop(), 0)
        self.assertEqual(len(ids), 3)


class Sizes(unittest.TestCase):
    def test_exact_sizes(self):
        sim = Simulator("--answer-bytes", "570", "--events", "200", "--event-bytes", "230")
        self.assertEqual(len(sim.ask("/v1/chat/completions", chat())[2]), 570)
        body = sim.ask("/v1/chat/completions", chat(stream=True))[2]
        self.assertEqual(len(body), 200 * 230 + len("data: [DONE]\n\n"))
        self.assertEqual(len(events(body)), 201)
        self.assertEqual(sim.stop(), 0)

    def test_https(self):
        with tempfile.TemporaryDirectory() as folder:
            pem = f"{folder}/both.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                            "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost", "-keyout", pem, "-out",
                            f"{folder}/cert.pem"], check=True, capture_output=True)
            sim = Simulator("--tls-cert", f"{folder}/cert.pem", "--tls-key", pem)
            trust = ssl.create_default_context(cafile=f"{folder}/cert.pem")
            for body in (chat(), chat(stream=True), chat("x" * 300_000)):
                with sim.connect() as wire:
                    wire.socket = trust.wrap_socket(wire.socket, server_hostname="localhost")
                    wire.send("/v1/chat/completions", body, X_Sim_Fault="close-each")
                    self.assertEqual(wire.answer()[0], 200)
                    self.assertEqual(wire.rest(), b"")
            with sim.connect() as plain:
                plain.send("/v1/chat/completions", chat())
                self.assertRaises(ConnectionResetError, plain.rest)
        self.assertEqual(sim.stop(), 0)

    def test_thousands_of_idle_streams(self):
        sim = Simulator()
        wires = [sim.connect() for _ in range(500)]
        for wire in wires:
            wire.send("/v1/chat/completions", chat("sim-fault-hang-mid-stream-1", stream=True))
        for wire in wires:
            wire.until(b"\n\n")
        self.assertEqual(sim.stats()["streams_open"], 500)
        for wire in wires:
            wire.socket.close()
        while sim.stats()["aborted"] < 500:
            pass
        self.assertEqual(sim.stats()["streams_open"], 0)
        self.assertEqual(sim.stop(), 0)


if __name__ == "__main__":
    unittest.main()
