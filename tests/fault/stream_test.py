"""Fault table 5.3 and wire.md 3.4: what goes wrong after the first byte has gone to the client."""

import concurrent.futures
import json
import time

from gate import wait_for
from raw_http import STREAM_HEAD, Client, chunk, request
from rows import ANTHROPIC, FaultTest, chat, main

DONE = b"data: [DONE]\n\n"
CUT, IDLE, NO_DONE = "upstream_stream_truncated", "stream_idle_timeout", "missing_done"


def event(data, name=None):
    return (b"event: %s\n" % name.encode() if name else b"") + b"data: %s\n\n" % json.dumps(data).encode()


def token(text, finish=None):
    return event({"id": "c1", "object": "chat.completion.chunk", "choices": [
        {"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


def completion(text):
    return event({"id": "c2", "object": "text_completion", "choices": [{"index": 0, "text": text}]})


def claude(text):
    return event({"type": "content_block_delta", "index": 0,
                  "delta": {"type": "text_delta", "text": text}}, "content_block_delta")


def response(number):
    return event({"type": "response.output_text.delta", "sequence_number": number, "delta": "x"},
                 "response.output_text.delta")


TOKENS = [token(f"w{n} ") for n in range(20)]
CLAUDE = [event({"type": "message_start", "message": {"id": "m1", "usage": {"input_tokens": 1}}},
                "message_start"), *(claude(f"w{n} ") for n in range(19))]
RESPONSES = [event({"type": "response.created", "sequence_number": 0,
                    "response": {"id": "r1", "status": "in_progress"}}, "response.created"),
             *(response(n) for n in range(1, 20))]
IN_BAND = event({"error": {"message": "out of memory", "type": "server_error", "param": None, "code": None}})
SOUND_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWER = b'{"id":"c9","object":"chat.completion","choices":[],"pad":"' + b"x" * 400

# Streams that must come through byte by byte as they are, whatever cuts them.
IDENTICAL = {
    "plain": b"".join(TOKENS[:3]) + DONE,
    "crlf": (b"".join(TOKENS[:3]) + DONE).replace(b"\n", b"\r\n"),
    "cr": (b"".join(TOKENS[:3]) + DONE).replace(b"\n", b"\r"),
    "mixed": TOKENS[0].replace(b"\n", b"\r\n") + TOKENS[1].replace(b"\n", b"\r") + TOKENS[2] + DONE,
    "comments": b": ping\n\n" + TOKENS[0] + b": ping\n: again\n" + TOKENS[1] + b":\n\n" + DONE,
    "multi-line": TOKENS[0] + b'event: x\nid: 7\nretry: 10\ndata: {"choices":\ndata: []}\n\n' + DONE,
    "utf-8": token("\u00e4\u20ac\U0001f600 \u2028") + event({"choices": [
        {"delta": {"content": "roh \u00fc"}}]}).decode("unicode_escape").encode("utf-8") + DONE,
    "no-final-blank": TOKENS[0] + b"data: [DONE]\n",
    "not-json": TOKENS[0] + b"data: {broken\n\ndata:\n\n" + DONE,
    "bom": b"\xef\xbb\xbf" + TOKENS[0] + DONE,
    "large": TOKENS[0] + token("y" * 1_200_000) + TOKENS[1] + DONE,
}


def cut(events, rst=False, inside=b""):
    """Whole events, then perhaps a part of one, then FIN or RST."""
    def script(link):
        link.stream(*events, *([inside] if inside else []), end=False)
        if rst:
            link.left_within(0.1)  # else the reset overtakes what was sent
            link.rst()
        else:
            link.fin()
    return script


def stream(*events, tail=b"0\r\n\r\n"):
    def script(link):
        link.stream(*events, end=False)
        link.send(tail)
    return script


def whole(data, dripped=False):
    """`data` as one chunk, or byte by byte in chunks of one byte."""
    def script(link):
        link.send(STREAM_HEAD)
        if dripped:
            for at in range(len(data)):
                link.drip(chunk(data[at:at + 1]))
        else:
            link.send(chunk(data))
        link.send(b"0\r\n\r\n")
    return script


def until_closed(link):
    """Tokens until the gate closes; how long that took is in `left`."""
    link.stream(TOKENS[0], end=False)
    link.upstream.left[link.name] = link.left_within(10) and time.monotonic()


def wait_silently(link):
    link.upstream.left[link.name] = link.left_within(10) and time.monotonic()


def idle(link):
    link.stream(*TOKENS, end=False)
    link.left_within(10)


def flood(link):
    """As much as the gate takes."""
    link.send(STREAM_HEAD)
    piece = chunk(token("z" * 1000)) * 16
    link.upstream.flooded = 0
    while True:
        link.socket.sendall(piece)
        link.upstream.flooded += len(piece)


def slow(link):
    link.stream(TOKENS[0], end=False)
    link.drip(chunk(token("s" * 1000)), 0.1)


def trickle(tokens, pause, head=STREAM_HEAD):
    """A token now and then, never so late that it is idle; nothing is ever owed but pace."""
    def script(link):
        link.send(head)
        for text in tokens:
            link.send(chunk(token(text)))
            if link.left_within(pause):
                link.upstream.left[link.name] = True
                return
        link.send(chunk(DONE) + b"0\r\n\r\n")
    return script


def json_cut(size, sent, rst=False):
    body = ANSWER + b"x" * size + b'"}'

    def script(link):
        link.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
                  + body[:sent])
        if rst:
            link.left_within(0.1)
            link.rst()
        else:
            link.fin()
    return script


def until_close(*events):
    """No framing: the end of the connection is the end of the stream."""
    def script(link):
        link.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"".join(events))
        link.fin()
    return script


def chunked_json_cut(link):
    link.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(10):
        link.send(chunk(b"x" * 100_000))
    link.fin()


SCRIPTS = {
    "fin": cut(TOKENS), "rst": cut(TOKENS, rst=True), "mid-event": cut(TOKENS, inside=TOKENS[0][:30]),
    "mid-event-rst": cut(TOKENS, rst=True, inside=TOKENS[0][:30]),
    "bad-chunk": stream(*TOKENS, tail=b"zz\r\nno size\r\n"),
    "long-chunk": stream(*TOKENS, tail=b"2\r\nabcd\r\n"),
    "idle": idle, "no-done": stream(*TOKENS),
    "completions": cut([completion(f"w{n} ") for n in range(20)]),
    "messages": cut(CLAUDE), "responses": cut(RESPONSES),
    "json-short": json_cut(600, 400), "json-short-rst": json_cut(600, 400, rst=True),
    "json-long": json_cut(2_000_000, 1_000_000),
    "error-late": stream(*TOKENS[:5], IN_BAND), "error-late-done": stream(*TOKENS[:5], IN_BAND, DONE),
    "behind-done": stream(*TOKENS, DONE, TOKENS[0]),
    **{"same-" + name: whole(data) for name, data in IDENTICAL.items()},
    **{"drip-" + name: whole(data, True) for name, data in IDENTICAL.items() if name != "large"},
    "open": until_closed, "silent": wait_silently, "half": until_closed, "queued": wait_silently,
    "fails": lambda link: link.answer(500, b"{}"),
    "flood": flood, "slow": slow,
    "eof": until_close(*TOKENS), "eof-done": until_close(*TOKENS, DONE), "chunks-cut": chunked_json_cut,
}


class Streams(FaultTest):
    scripts = SCRIPTS
    timeouts = {"idle": {"idle": "400ms"}, "slow": {"stream_total": "1s"}}
    # A pause before a second target that no test outlives: 45 leaves within it.
    settings = {"timeouts": {"write_progress": "1s"}, "retry": {"base": "60s", "cap": "60s"}}

    @classmethod
    def make_config(cls):
        cls.upstream.left = {}
        config = super().make_config()
        config["targets"]["queued"]["max_connections"] = 1
        config["targets"]["lenient"] = {"url": cls.upstream.url("no-done"), "model": "m", "expect_done": False}
        config["routes"]["lenient"] = {"versions": {"1.0.0": {"targets": ["lenient"], "default": True}}}
        return config

    def open(self, model, path="/v1/chat/completions", **fields):
        fields.setdefault("stream", True)
        return self.connect().send(request(chat(model, **fields), path=path))

    def check_cut(self, model, code, path="/v1/chat/completions"):
        """20 events, then ours; no [DONE]; the outcome is recorded, the target blamed -> our event."""
        with self.blames(model):
            client = self.open(model, path)
            answer = client.answer()
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.complete, "the chunked body is finished")
            self.assert_closed(client)
            events = answer.events()
            self.assertEqual(len(events), 21, answer.body[-500:])
            self.assertNotIn("[DONE]", events)
            record = self.record(answer)
            self.assertEqual((record["outcome"], record["error"]), ("upstream_truncated", code))
            self.assertEqual((record["status"], record["events"]), (200, 20))
            self.assertIsNotNone(record["first_token_ms"])
        return events[-1]

    def check_openai_error(self, told, code):
        self.assertEqual(set(told), {"error"})
        self.assertEqual(set(told["error"]), {"message", "type", "param", "code"})
        self.assertEqual((told["error"]["type"], told["error"]["param"], told["error"]["code"]),
                         ("upstream_error", None, code))

    def test_row_38_fin_after_20_events(self):
        self.check_openai_error(self.check_cut("fin", CUT), CUT)

    def test_row_38_in_each_dialect(self):
        with self.subTest("completions"):
            told = self.check_cut("completions", CUT, "/v1/completions")
            self.check_openai_error(told, CUT)
        with self.subTest("messages"):
            told = self.check_cut("messages-claude", CUT, ANTHROPIC)
            self.assertEqual(told["type"], "error")
            self.assertLessEqual({"type", "message"}, set(told["error"]))
        with self.subTest("responses"):
            told = self.check_cut("responses", CUT, "/v1/responses")
            self.assertEqual((told["type"], told["code"], told["sequence_number"]), ("error", CUT, 20))
            self.assertLessEqual({"message", "param"}, set(told))

    def test_row_39_rst_and_bad_chunks(self):
        for model in ("rst", "mid-event", "mid-event-rst", "bad-chunk", "long-chunk"):
            with self.subTest(model):
                self.check_openai_error(self.check_cut(model, CUT), CUT)

    def test_row_40_idle_gap_and_missing_done(self):
        with self.subTest("idle"):
            self.check_openai_error(self.check_cut("idle", IDLE), IDLE)
        with self.subTest("no done"):
            self.check_openai_error(self.check_cut("no-done", NO_DONE), NO_DONE)
        with self.subTest("not expected of that target"), self.blames_nobody("lenient"):
            answer = self.open("lenient").answer()
            self.assertEqual((len(answer.events()), answer.complete), (20, True))
            self.assertEqual(self.record(answer)["outcome"], "ok")

    def test_row_41_json_cut_short_while_held(self):
        for model in ("json-short", "json-short-rst"):
            with self.subTest(model), self.blames(model):
                client = self.open(model, stream=False)
                answer = client.answer()
                self.assert_error(answer, 502, CUT)
                self.assertEqual(answer.fields.get("x-should-retry"), "false")
                self.assert_kept(client, answer)

    def test_row_41_json_cut_short_when_under_way(self):
        with self.blames("json-long"):
            client = self.open("json-long", stream=False)
            answer = client.answer()
            self.assertEqual((answer.status, answer.complete), (200, False))
            self.assertLess(len(answer.body), 2_000_000)
            self.assertEqual(self.record(answer)["outcome"], "upstream_truncated")

    def test_row_42_a_later_error_is_relayed(self):
        for model in ("error-late", "error-late-done"):
            with self.subTest(model):
                client = self.open(model)
                answer = client.answer()
                expected = b"".join(TOKENS[:5]) + IN_BAND
                self.assertEqual(answer.body[:len(expected)], expected)
                self.assertTrue(answer.complete, "the chunked body is finished")
                self.assert_closed(client)
                record = self.record(answer)
                self.assertEqual(record["outcome"], "upstream_stream_error")

    def test_row_43_bytes_stay_as_they_are(self):
        for name, data in IDENTICAL.items():
            for way in ("same-", "drip-"):
                if way + name not in SCRIPTS:
                    continue
                with self.subTest(way + name):
                    client = self.open(way + name)
                    answer = client.answer()
                    self.assertEqual(answer.body, data)
                    self.assertEqual(answer.fields["cache-control"], "no-cache")
                    self.assertEqual(answer.fields["x-accel-buffering"], "no")
                    self.assert_kept(client, answer)
                    self.assertEqual(self.record(answer)["outcome"], "ok")

    def test_row_43_nothing_behind_done(self):
        answer = self.open("behind-done").answer()
        self.assertEqual(answer.events()[-1], "[DONE]")
        self.assertEqual(len(answer.events()), 21)
        self.assertEqual(self.record(answer)["outcome"], "ok")

    def seconds_until_left(self, model, leave, stream, arrived):
        """From the client's leaving to the gate's closing upstream."""
        self.upstream.left.pop(model, None)
        client = Client(self.gate.port)
        client.send(request(chat(model, stream=stream)))
        arrived(client)
        began = time.monotonic()
        leave(client)
        wait_for(lambda: self.upstream.left.get(model), "the gate leaves the upstream", 5)
        client.socket.close()
        return self.upstream.left[model] - began

    def check_abort(self, model, leave, stream=True):
        """Within 100 ms, in the best of three: the machine may be busy."""
        count = self.upstream.count(model)
        told = len(self.journal(model))

        def arrived(client):
            nonlocal count
            count += 1
            if stream:
                client.until(b'w0 ')
            else:
                wait_for(lambda: self.upstream.count(model) == count, "the request is upstream")
        with self.blames_nobody(model):
            times = []
            while not times or (min(times) > 0.1 and len(times) < 3):
                times.append(self.seconds_until_left(model, leave, stream, arrived))
            self.assertLess(min(times), 0.1, times)
            record = self.last_record(model, told + len(times))
        self.assertEqual((record["outcome"], record["status"]), ("client_abort", 499))
        return record

    def test_row_44_client_closes_mid_stream(self):
        for name, leave in {"fin": lambda client: client.socket.close(),
                            "rst": lambda client: client.reset()}.items():
            with self.subTest(name):
                record = self.check_abort("open", leave)
                self.assertEqual((record["phase"], record["events"]), ("streaming", 1))

    def test_row_44_client_closes_before_a_whole_answer(self):
        record = self.check_abort("silent", lambda client: client.socket.close(), stream=False)
        self.assertEqual(record["phase"], "waiting")

    def test_row_45_client_closes_in_back_off(self):
        count = self.upstream.count("good")
        client = self.open("fails-or-good")
        wait_for(lambda: self.upstream.count("fails") == 1, "the first attempt has failed")
        client.socket.close()
        record = self.last_record("fails-or-good", 1)
        self.assertEqual((record["outcome"], record["phase"]), ("client_abort", "queued"))
        self.assertEqual(self.upstream.count("good"), count, "no further attempt")

    def test_row_45_client_closes_while_queued(self):
        first = self.open("queued")
        wait_for(lambda: self.upstream.count("queued") == 1, "the only connection is taken")
        second = self.open("queued")
        second.socket.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            second.more()
        second.socket.close()
        record = self.last_record("queued", 1)
        self.assertEqual(record["outcome"], "client_abort")
        self.assertIn(record["phase"], {"queued", "connecting"})
        first.socket.close()
        self.last_record("queued", 2)
        self.assertEqual(self.upstream.count("queued"), 1, "no further attempt")

    def test_row_46_half_close_is_an_abort(self):
        record = self.check_abort("half", lambda client: client.half_close())
        self.assertEqual(record["phase"], "streaming")

    def resident_bytes(self):
        return self.gate.metric("process_resident_memory_bytes")

    def test_row_47_client_that_stops_reading(self):
        before = self.resident_bytes()
        with self.blames_nobody("flood"):
            client = self.open("flood")
            client.until(b"zzzz")
            began = time.monotonic()
            record = self.last_record("flood", 1)
            self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(record["outcome"], "client_slow")
        # What the kernel buffers on three sockets is in this figure too.
        self.assertLess(self.upstream.flooded, 40_000_000, "the upstream is paused")
        self.assertLess(self.resident_bytes() - before, 20_000_000, "memory is bounded")

    def test_end_ok(self):
        for model in ("same-plain", "eof-done"):
            with self.subTest(model), self.blames_nobody(model):
                client = self.open(model)
                answer = client.answer()
                self.assertEqual(answer.events()[-1], "[DONE]")
                self.assert_kept(client, answer)
                self.assertEqual(self.record(answer)["outcome"], "ok")

    def test_end_clean_eof_without_done(self):
        self.check_openai_error(self.check_cut("eof", NO_DONE), NO_DONE)

    def test_end_of_a_body_that_is_no_stream(self):
        """No last-chunk, then close: and to an HTTP/1.0 client, which has no chunks, a reset."""
        with self.subTest("chunked"), self.blames("chunks-cut"):
            client = self.open("chunks-cut", stream=False)
            answer = client.answer()
            self.assertEqual((answer.status, answer.complete), (200, False))
            self.assertEqual(self.record(answer)["outcome"], "upstream_truncated")
        with self.subTest("HTTP/1.0"):
            client = self.connect().send(request(chat("chunks-cut"), version="HTTP/1.0"))
            client.until(b"\r\n\r\n")
            with self.assertRaises(ConnectionResetError):
                client.rest()

    def test_end_of_a_stream_to_an_http_1_0_client(self):
        client = self.connect().send(request(chat("fin", stream=True), version="HTTP/1.0"))
        answer = client.answer()
        self.assertNotIn("transfer-encoding", answer.fields)
        self.assertEqual(answer.fields["connection"], "close")
        self.assertEqual(len(answer.events()), 21)
        self.check_openai_error(answer.events()[-1], CUT)

    def test_extra_pipelined_bytes_are_no_disconnect(self):
        client = self.open("drip-plain").send(request(chat("same-plain", stream=True)))
        self.assertEqual([client.answer().events()[-1] for _ in range(2)], ["[DONE]"] * 2)
        self.assert_kept(client)

    def test_row_48_a_stream_that_is_too_slow_altogether(self):
        began = time.monotonic()
        answer = self.open("slow").answer()
        self.assertLess(time.monotonic() - began, 8)
        self.assertEqual(answer.status, 200)
        self.assertIn("error", answer.events()[-1])
        self.assertNotIn("[DONE]", answer.events())
        self.assertEqual(self.record(answer)["outcome"], "upstream_truncated")


class Pace(FaultTest):
    """`min_rate` looks at ten seconds at a time, so all that it judges here runs at once."""

    scripts = {"too-slow": trickle(["x"] * 60, 0.5), "sound-too-slow": trickle(["x"] * 60, 0.5, SOUND_HEAD),
               "slow-enough": trickle(["x" * 1000] * 22, 0.5), "endless": trickle(["x" * 1000] * 60, 0.5)}
    timeouts = {"endless": {"stream_total": "3s"}}
    settings = {"min_rate": 1000}

    @classmethod
    def make_config(cls):
        cls.upstream.left = {}
        return super().make_config()

    def ask(self, model):
        began = time.monotonic()
        client = self.connect()
        client.socket.settimeout(30)
        answer = client.send(request(chat(model, stream=True))).answer()
        return answer, time.monotonic() - began

    def test_row_48_slower_than_min_rate_or_longer_than_stream_total(self):
        expected = {"too-slow": ("upstream_truncated", IDLE), "sound-too-slow": ("upstream_truncated", "upstream_timeout"),
                    "slow-enough": ("ok", None), "endless": ("upstream_truncated", "deadline_exceeded")}
        failures = {name: self.failures_in_row(name) for name in expected}
        with concurrent.futures.ThreadPoolExecutor(len(expected)) as pool:
            told = dict(zip(expected, pool.map(self.ask, expected)))
        for name, (outcome, code) in expected.items():
            answer, seconds = told[name]
            with self.subTest(name):
                record = self.record(answer)
                self.assertEqual((answer.status, record["outcome"], record["error"]), (200, outcome, code))
                self.assertEqual(answer.complete, name != "sound-too-slow")
                if name == "slow-enough":
                    self.assertEqual(answer.events()[-1], "[DONE]")
                    continue
                self.assertNotIn(b"[DONE]", answer.body)
                wait_for(lambda: self.upstream.left.get(name), "the upstream is left")
                if name == "endless":
                    self.assertLess(seconds, 8)
                    self.assertEqual(self.failures_in_row(name), failures[name], "that it is long is nobody's fault")
                else:
                    self.assertGreater(seconds, 9)
                    self.assertEqual(self.failures_in_row(name), failures[name] + 1)
                if answer.complete:
                    self.assertEqual(answer.events()[-1]["error"]["code"], code)


if __name__ == "__main__":
    main()
