"""Each scripted fault, seen at the level of bytes."""

import json
import time
import unittest

from simulator import Simulator, chat, events

CHAT = "/v1/chat/completions"


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Simulator("--tokens", "4")

    @classmethod
    def tearDownClass(cls):
        assert cls.sim.stop() == 0

    def start(self, fault, path=CHAT, **body):
        wire = self.sim.connect()
        self.addCleanup(wire.socket.close)
        wire.send(path, chat(**body), X_Sim_Fault=fault)
        return wire

    def stream(self, fault, path=CHAT):
        return self.start(fault, path, stream=True).answer()[2]

    def test_statuses(self):
        status, fields, body = self.start("status:503:7").answer()
        self.assertEqual((status, fields["retry-after"]), (503, "7"))
        self.assertEqual(set(json.loads(body)["error"]), {"message", "type", "param", "code"})
        status, fields, body = self.start("answer-429:20", stream=True).answer()
        self.assertEqual((status, fields["retry-after"]), (429, "20"))
        self.assertEqual(json.loads(body)["error"]["code"], "rate_limit_exceeded")
        body = self.start("status:529", "/v1/messages").answer()[2]
        self.assertEqual(json.loads(body)["error"]["type"], "overloaded_error")

    def test_model_names_carry_faults(self):
        self.assertEqual(self.sim.ask(CHAT, chat("sim-fault-status-500"))[0], 500)
        status, _, body = self.sim.ask(CHAT, chat("sim-fault-explode"))
        self.assertEqual(status, 400)
        self.assertIn("hang-mid-stream", json.loads(body)["error"]["message"])

    def test_delay_waits_before_the_head(self):
        began = time.monotonic()
        self.assertEqual(self.start("delay:50ms").answer()[0], 200)
        self.assertGreaterEqual(time.monotonic() - began, 0.05)

    def test_hang_sends_nothing(self):
        wire = self.start("hang")
        wire.socket.settimeout(0.1)
        self.assertRaises(TimeoutError, wire.more)

    def test_resets(self):
        wire = self.start("rst")
        self.assertRaises(ConnectionResetError, wire.more)
        wire = self.start("rst-mid-stream:2", stream=True)
        with self.assertRaises(ConnectionResetError):
            wire.rest()
        self.assertEqual(wire.input.count(b"\n\n"), 2)

    def test_hang_mid_stream(self):
        wire = self.start("hang-mid-stream:2", stream=True)
        wire.head()
        self.assertEqual(wire.chunk()[-2:] + wire.chunk()[-2:], b"\n\n\n\n")
        wire.socket.settimeout(0.1)
        self.assertRaises(TimeoutError, wire.more)

    def test_early_ends(self):
        wire = self.start("fin-mid-event:2", stream=True)
        wire.head()
        wire.chunk(), wire.chunk()
        self.assertRaises(EOFError, wire.chunk)
        self.assertIn(b"data: {", wire.input)
        self.assertNotIn(b"\n\n", wire.input)
        wire = self.start("fin-after:2", stream=True)
        wire.head()
        wire.chunk(), wire.chunk()
        self.assertEqual(wire.rest(), b"")

    def test_endings_inside_the_protocol(self):
        self.assertNotIn("[DONE]", events(self.stream("missing-done")))
        self.assertEqual(events(self.stream("missing-done", "/v1/messages"))[-1]["type"],
                         "message_delta")
        self.assertEqual(self.stream("empty-stream"), b"")
        self.assertTrue(self.stream("no-final-blank").endswith(b"data: [DONE]\n"))
        self.assertFalse(self.stream("no-final-blank").endswith(b"\n\n"))

    def test_errors_in_the_stream(self):
        def shape(fault, path=CHAT):
            return ["error" if "error" in e and e != "[DONE]" else e if e == "[DONE]" else "ok"
                    for e in events(self.stream(fault, path))]
        self.assertEqual(shape("error-first"), ["error", "[DONE]"])
        self.assertEqual(shape("role-then-error"), ["ok", "error", "[DONE]"])
        self.assertEqual(shape("error-mid:3"), ["ok", "ok", "ok", "error", "[DONE]"])
        self.assertEqual(shape("role-then-error", "/v1/messages"), ["ok", "ok", "ok", "error"])
        body = self.stream("role-then-error", "/v1/responses")
        self.assertEqual(body.count(b"event: "), 5)
        self.assertEqual(events(body)[-1]["sequence_number"], 4)
        self.assertIn(b"event: error\n", body)

    def test_malformed_json(self):
        body = self.start("malformed-json").answer()[2]
        self.assertRaises(json.JSONDecodeError, json.loads, body)
        self.assertRaises(json.JSONDecodeError, events, self.stream("malformed-json"))

    def test_event_looks(self):
        plain = events(self.stream("idle-close:5s"))
        for fault, mark in (("crlf-style:crlf", b"\r\n\r\n"), ("crlf-style:cr", b"\r\r"),
                            ("comments", b": ping\n\n: comment 0\n")):
            body = self.stream(fault)
            self.assertIn(mark, body)
            self.assertEqual(len(events(body)), len(plain))
        self.assertNotIn(b"\n", self.stream("crlf-style:cr"))
        self.assertGreater(len(self.stream("big-event:1048576")), 1 << 20)

    def test_bad_framing(self):
        def raw(kind, **body):
            wire = self.start(f"close-each,bad-framing:{kind}", **body)
            return wire.rest()
        self.assertNotIn(b"HTTP", raw("garbage")[:4])
        self.assertEqual(raw("partial-status"), b"HTTP/1.1 20")
        self.assertEqual(raw("many-1xx").count(b"HTTP/1.1 103 "), 100)
        self.assertEqual(raw("many-headers").count(b"x-filler-"), 1000)
        self.assertGreater(raw("big-head").index(b"\r\n\r\n"), 70 << 10)
        both = raw("cl-te").partition(b"\r\n\r\n")[0]
        self.assertTrue(b"content-length" in both and b"transfer-encoding" in both)
        both = raw("cl-te", stream=True).partition(b"\r\n\r\n")[0]
        self.assertTrue(b"content-length" in both and b"transfer-encoding" in both)
        self.assertEqual(raw("dup-cl").count(b"content-length: "), 2)
        self.assertIn(b"transfer-encoding: gzip", raw("te-gzip"))
        self.assertIn(b"\r\nzz\r\n", raw("bad-chunk"))
        self.assertEqual(raw("bad-chunk", stream=True).count(b"\n\n"), 3)
        self.assertTrue(raw("extra-bytes").endswith(b"smuggled"))
        head, _, body = raw("cl-short").partition(b"\r\n\r\n")
        self.assertIn(b"content-length: %d\r\n" % (len(body) + 1000), head + b"\r\n")

    def test_framing_that_is_rare_but_legal(self):
        self.assertTrue(self.start("http10", stream=True).rest().startswith(b"HTTP/1.0 200"))
        head, _, body = self.start("until-close").rest().partition(b"\r\n\r\n")
        self.assertNotIn(b"content-length", head)
        json.loads(body)
        trailed = self.start("trailers,close-each", stream=True).rest()
        self.assertTrue(trailed.endswith(b"\r\n0\r\nx-trailer: late\r\n\r\n"))
        self.assertEqual(self.start("interim:2,close-each").rest().count(b" 103 "), 2)
        self.assertEqual(self.start("hop-headers").answer()[1]["x-private"], "secret")

    def test_slow_drip_sends_byte_by_byte(self):
        wire = self.start("slow-drip:1ms,status:500")
        first = wire.socket.recv(65536)
        self.assertLess(len(first), 5)
        wire.input = first
        self.assertEqual(wire.answer()[0], 500)

    def test_early_response_comes_before_the_upload_ends(self):
        for name, body in (("x-sim-fault: early-response\r\n", b"{"),
                           ("", b"{\"model\":\"sim-fault-early-response\",")):
            with self.sim.connect() as wire:
                wire.raw(f"POST {CHAT} HTTP/1.1\r\n{name}Content-Length: 100000\r\n\r\n".encode() + body)
                status, fields, _ = wire.answer()
                self.assertEqual((status, fields["connection"]), (200, "close"))
                wire.raw(b"x" * 50000)

    def test_closing(self):
        wire = self.start("close-each")
        self.assertEqual(wire.answer()[1]["connection"], "close")
        self.assertEqual(wire.rest(), b"")
        wire = self.start("idle-close:30ms")
        self.assertNotIn("connection", wire.answer()[1])
        self.assertEqual(wire.rest(), b"")

    def test_keep_alive_survives_everything_legal(self):
        with self.sim.connect() as wire:
            connections = set()
            for fault in ("status:400", "comments", "delay:1ms", "error-mid:1", "missing-done"):
                wire.send(CHAT, chat(stream=True), X_Sim_Fault=fault)
                connections.add(wire.answer()[1]["x-simulator-connection"])
        self.assertEqual(len(connections), 1)

    def test_aborts_are_counted(self):
        before = self.sim.stats()["aborted"]
        for end in ("close", "reset"):
            wire = self.start("hang-mid-stream:1", stream=True)
            wire.until(b"\n\n")
            wire.socket.close() if end == "close" else wire.reset()
        until = time.monotonic() + 10
        while self.sim.stats()["aborted"] < before + 2 and time.monotonic() < until:
            pass
        self.assertEqual(self.sim.stats()["aborted"], before + 2)
        self.assertEqual(self.sim.stats()["streams_open"], 0)


class ProcessFaults(unittest.TestCase):
    def test_fail_first(self):
        sim = Simulator("--fail-first", "2")
        self.assertEqual([sim.ask(CHAT, chat())[0] for _ in range(4)], [503, 503, 200, 200])
        sim.ask("/simulator/reset", method="POST")
        self.assertEqual(sim.ask(CHAT, chat())[0], 503)
        self.assertEqual(sim.stop(), 0)

    def test_faults_change_while_it_runs(self):
        sim = Simulator("--fault", "status:500")
        statuses = [sim.ask(CHAT, chat())[0]]
        for fault in ("status:418", ""):
            sim.ask("/simulator/fault", fault, method="POST")
            statuses.append(sim.ask(CHAT, chat())[0])
        self.assertEqual(statuses, [500, 418, 200])
        self.assertEqual(sim.ask("/simulator/fault", "nonsense")[0], 400)
        self.assertEqual(sim.stats()["requests"], 3)
        self.assertEqual(sim.stop(), 0)


if __name__ == "__main__":
    unittest.main()
