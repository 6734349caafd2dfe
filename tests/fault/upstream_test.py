"""Fault table 5.2: what goes wrong upstream before the first byte has gone to the client."""

import socket
import time

from gate import call, free_ports, wait_for
from raw_http import STREAM_HEAD, Client, before_body, chunk, request
from rows import ANTHROPIC, FaultTest, as_json, chat, main

ROLE = b'data: {"id":"a","choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
TEXT = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
IN_BAND_ERROR = b'data: {"error":{"message":"out of memory","type":"server_error","param":null,"code":null}}\n\n'
OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"Content-Type: application/json\r\n"

BAD_RESPONSES = {
    "garbage": b"garbage\r\n\r\n",
    "other-protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "partial-status": b"HTTP/1.1 2",
    "no-reason-blank": b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "status-99": b"HTTP/1.1 99 X\r\nContent-Length: 0\r\n\r\n",
    "status-1000": b"HTTP/1.1 1000 X\r\nContent-Length: 0\r\n\r\n",
    "http-2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "bad-header": JSON + b"A b: c\r\nContent-Length: 2\r\n\r\n{}",
    "nul-in-header": JSON + b"A: b\0\r\nContent-Length: 2\r\n\r\n{}",
    "bare-lf": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "folded": JSON + b"A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "cl-te": JSON + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "te-gzip": JSON + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "te-list": JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "dup-cl": JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "same-cl-twice": JSON + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "cl-minus": JSON + b"Content-Length: -2\r\n\r\n{}",
    "upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    "chunk-size": JSON + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
}
TOO_LARGE = {
    "big-head": OK + b"a: " + b"b" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "endless-head": OK + b"a: b\r\n" * 12_000,
    "many-headers": OK + b"".join(b"a%d: b\r\n" % n for n in range(1000)) + b"Content-Length: 0\r\n\r\n",
    "many-1xx": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100 + JSON + b"Content-Length: 2\r\n\r\n{}",
}
EMPTY_STREAMS = {
    "empty": STREAM_HEAD + b"0\r\n\r\n",
    "only-role": STREAM_HEAD + chunk(ROLE) + b"0\r\n\r\n",
    "only-done": STREAM_HEAD + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n",
    "only-comments": STREAM_HEAD + chunk(b": ping\n\n") * 3 + b"0\r\n\r\n",
    "cut-at-once": STREAM_HEAD + chunk(ROLE),
}


def raw(data, then="watch"):
    """Sends that, then closes, or serves on, or watches the gate close; `left` tells whether it did."""
    def script(link):
        link.send(data)
        if then == "close":
            link.fin()
        elif then == "watch":
            link.upstream.left[link.name] = link.left_within(5)
    return script


def stale(how):
    """Serves one request and breaks the connection when the next comes."""
    def script(link):
        if link.served == 0:
            return link.answer()
        return link.fin() if how == "fin" else link.rst()
    return script


def status(code, body=None, fields=()):
    text = body or as_json({"error": {"message": f"no {code}", "type": "t", "param": None, "code": "mine"}})

    def script(link):
        link.answer(code, text, fields)
    return script


def hang(link):
    link.left_within(10)


def hang_after_role(link):
    link.send(STREAM_HEAD + chunk(ROLE))
    link.left_within(10)


def contentless_then_hang(link):
    """Events without content go on: the deadline for the first token must hold all the same."""
    link.send(STREAM_HEAD)
    for _ in range(40):
        link.send(chunk(b": ping\n\n"))
        if link.left_within(0.05):
            return


TOO_LONG = b'{"error":{"message":"too long","type":"invalid_request_error","param":null,"code":null}}'


@before_body
def early(link):
    """Answers, and takes what comes as fast as it comes."""
    link.answer(400, TOO_LONG)
    link.upstream.left["early"] = link.left_within(5)
    link.fin()


@before_body
def early_and_gone(link):
    """What many servers do: the answer, then a close with bytes unread, which resets."""
    link.answer(400, TOO_LONG)
    link.fin()


@before_body
def early_and_gone_later(link):
    if link.served > 0:
        return early_and_gone(link)
    link.read_body()
    link.answer()


@before_body
def interim_early(link):
    """Says twice that it is at work, takes the body and answers."""
    link.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
    link.read_body()
    link.upstream.taken = len(link.body)
    link.answer()


SCRIPTS = {
    **{name: raw(data, "close" if name == "partial-status" else "watch")
       for name, data in BAD_RESPONSES.items()},
    **{name: raw(data) for name, data in TOO_LARGE.items()},
    **{name: raw(data, "close" if name == "cut-at-once" else "serve")
       for name, data in EMPTY_STREAMS.items()},
    "stale-fin": stale("fin"), "stale-rst": stale("rst"),
    "fresh-fin": lambda link: link.fin(), "fresh-rst": lambda link: link.rst(),
    **{f"status-{code}": status(code) for code in (400, 404, 408, 413, 422, 500, 501, 502, 503, 504, 505)},
    "status-429": status(429, fields=("Retry-After: 30", "retry-after-ms: 30000")),
    "limited": status(429, fields=("Retry-After: 30",)),
    "limited-oddly": status(429, fields=("Retry-After: 5, 9", "retry-after-ms: soon")),
    "hang": hang, "hang-after-role": hang_after_role, "pings": contentless_then_hang,
    "error-first": raw(STREAM_HEAD + chunk(IN_BAND_ERROR) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n",
                       "serve"),
    "role-then-error": raw(STREAM_HEAD + chunk(ROLE) + chunk(IN_BAND_ERROR) + b"0\r\n\r\n", "serve"),
    "early": early, "early-and-gone": early_and_gone, "early-and-gone-later": early_and_gone_later,
    "interim-early": interim_early,
    "interim": lambda link: (link.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
                             link.answer()),
    "good-stream": lambda link: link.stream(ROLE, TEXT, b"data: [DONE]\n\n"),
}


class UpstreamFailures(FaultTest):
    scripts = SCRIPTS
    timeouts = {name: {"first_token": "500ms", "response_head": "500ms"} for name in
                ("hang", "hang-after-role", "pings")}
    settings = {"timeouts": {"connect": "400ms", "pool_idle": "30s"},
                "retry": {"base": "1ms", "cap": "2ms", "budget_floor": 1000}}

    @classmethod
    def make_config(cls):
        cls.upstream.left = {}
        cls.full = cls.make_full_listener()
        config = super().make_config()
        for name, port in {"dead": free_ports(1)[0], "full": cls.full.getsockname()[1]}.items():
            for number in range(4):
                config["targets"][f"{name}{number}"] = {"url": f"http://127.0.0.1:{port}/v1", "model": "m"}
            only = {"1.0.0": {"targets": [f"{name}0"], "default": True}}
            config["routes"][name] = {"versions": only}
            for count in (1, 2, 3):
                rest = [f"{name}{number}" for number in range(1, count)]
                versions = {**only, "9.0.0": {"targets": ["good"]},
                            **{f"2.0.{number}": {"targets": [target]} for number, target in enumerate(rest)}}
                route = f"{name}-{count}"
                config["routes"][route] = {"versions": versions, "fallbacks": [
                    *(f"{route}@2.0.{number}" for number in range(len(rest))), f"{route}@9.0.0"]}
        return config

    @classmethod
    def make_full_listener(cls):
        """A port whose backlog is full: a connection to it neither comes nor is refused."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        for _ in range(8):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            cls.addClassCleanup(client.close)
        cls.addClassCleanup(listener.close)
        return listener

    def ask(self, model, path="/v1/chat/completions", **fields):
        self.client = self.connect()
        return self.client.send(request(chat(model, **fields), path=path)).answer()

    def check_502(self, name, code, expected=502, stream=False):
        """Alone: our error, told not to be repeated, the target blamed once, the client kept."""
        with self.blames(name):
            answer = self.ask(name, stream=stream)
            self.assert_error(answer, expected, code)
            self.assertEqual(answer.fields.get("x-should-retry"), "false")
            self.assertEqual(answer.fields["x-tallygate-attempts"], "1")
            record = self.record(answer)
            self.assertEqual((record["outcome"], record["error"]), ("upstream_error", code))
            self.assertEqual(record["attempts_detail"][0]["cause"], code)
            self.assert_kept(self.client, answer)
        return answer

    def check_fallback(self, route, causes, stream=False):
        """With others behind it: they are tried, and each attempt is in the record."""
        answer = self.ask(route, stream=stream)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.fields["x-tallygate-attempts"], str(len(causes) + 1))
        record = self.record(answer)
        self.assertEqual([attempt["cause"] for attempt in record["attempts_detail"]], [*causes, None])
        self.assertEqual((record["outcome"], record["target"]), ("ok", "good"))
        return record

    def check_both_dialects(self, name, status_code, error_type):
        answer = self.ask(name + "-claude", ANTHROPIC)
        error = self.assert_error(answer, status_code, anthropic=True)
        self.assertEqual(error["type"], error_type)
        self.assertEqual(answer.fields.get("x-should-retry"), "false")

    def test_row_26_refused(self):
        with self.blames("dead0", 4):
            for stream in (False, True):
                answer = self.ask("dead", stream=stream)
                self.assert_error(answer, 502, "upstream_connect_error")
                self.assertEqual(answer.fields.get("x-should-retry"), "false")
            self.check_fallback("dead-2", ["upstream_connect_error"] * 2)
            self.ask("dead")  # /performance names a target where it was the last one tried
        answer = self.ask("dead-3")
        self.assert_error(answer, 502, "upstream_connect_error")
        self.assertEqual(answer.fields["x-tallygate-attempts"], "3", "at most two others are tried")

    def test_row_27_connect_timeout(self):
        with self.blames("full0"):
            began = time.monotonic()
            answer = self.ask("full")
            self.assert_error(answer, 504, "upstream_connect_timeout")
            self.assertEqual(answer.fields.get("x-should-retry"), "false")
            self.assertLess(time.monotonic() - began, 3)
        self.check_fallback("full-1", ["upstream_connect_timeout"])

    def test_row_28_stale_connection(self):
        for name in ("stale-fin", "stale-rst"):
            with self.subTest(name), self.blames_nobody(name):
                before = self.labelled("tallygate_upstream_reused_reset_total")
                for _ in range(6):
                    answer = self.ask(name)
                    self.assertEqual(answer.status, 200)
                    self.assertEqual(answer.fields["x-tallygate-attempts"], "1", "it is no attempt")
                self.assertGreater(self.upstream.count(name), 6, "some had to be sent again")
                told = self.labelled("tallygate_upstream_reused_reset_total")
                self.assertEqual(told - before, self.upstream.count(name) - 6, "each is counted")

    def test_row_28_stale_connection_and_a_request_that_may_not_be_repeated(self):
        with self.blames_nobody("stale-fin"):
            answers = [self.ask("stale-fin", store=True) for _ in range(8)]
            self.assertEqual({answer.status for answer in answers}, {200, 502})
            for answer in answers:
                if answer.status == 502:
                    self.assert_error(answer, 502, "upstream_reset")

    def test_row_29_reset_on_a_fresh_connection(self):
        for name in ("fresh-fin", "fresh-rst"):
            with self.subTest(name):
                self.check_502(name, "upstream_reset")
                self.check_fallback(name + "-or-good", ["upstream_reset"])
        self.check_both_dialects("fresh-rst", 502, "api_error")

    def test_row_30_bad_response(self):
        for name in BAD_RESPONSES:
            with self.subTest(name):
                cut = name == "partial-status"
                code = "upstream_reset" if cut else "upstream_bad_response"
                answer = self.ask(name)
                self.assert_error(answer, 502)
                self.assertIn(answer.error()["code"], {code, "upstream_bad_response"})
                self.assertEqual(answer.fields.get("x-should-retry"), "false")
                if not cut:
                    wait_for(lambda: self.upstream.left.get(name), "the connection upstream is closed", 5)
                with self.blames(name):
                    self.ask(name)
        self.check_fallback("garbage-or-good", ["upstream_bad_response"])
        self.check_both_dialects("dup-cl", 502, "api_error")

    def test_row_31_too_large_a_head(self):
        for name in TOO_LARGE:
            with self.subTest(name):
                self.check_502(name, "upstream_bad_response")
                wait_for(lambda: self.upstream.left.get(name), "the connection upstream is closed", 5)

    def test_row_31_a_few_interim_responses(self):
        answer = self.ask("interim")
        self.assertEqual((answer.status, answer.interims), (200, 0))
        self.assertNotIn("link", answer.fields)

    def test_row_32_too_many_requests(self):
        with self.subTest("relayed"), self.blames_nobody("limited"):
            answer = self.ask("limited")
            self.assertEqual(answer.status, 429)
            self.assertEqual(answer.fields["retry-after"], "30")
            self.assertEqual(answer.error()["code"], "mine")
        with self.subTest("what cannot be read"), self.blames_nobody("limited-oddly"):
            answer = self.ask("limited-oddly")
            self.assertEqual(answer.status, 429)
            self.assertEqual([name for name in answer.fields if name.startswith("retry-after")], [])
        with self.subTest("another"), self.blames_nobody("status-429"):
            self.check_fallback("status-429-or-good", ["upstream_status"])
        with self.subTest("cooldown"):
            answer = self.ask("status-429-or-good")
            self.assertEqual((answer.status, answer.fields["x-tallygate-attempts"]), (200, "1"),
                             "within Retry-After the target is not asked again")

    def test_row_33_server_errors(self):
        for code in (500, 502, 503, 504):
            name = f"status-{code}"
            with self.subTest(code):
                with self.blames(name):
                    answer = self.ask(name)
                    self.assertEqual((answer.status, answer.error()["message"]), (code, f"no {code}"))
                    self.assertEqual(answer.error()["code"], "mine", "relayed verbatim")
                    self.assertEqual(answer.fields.get("x-should-retry"), "false")
                    self.assertEqual(self.record(answer)["status"], code)
                    self.assert_kept(self.client, answer)
                self.check_fallback(name + "-or-good", ["upstream_status"])
                stream = self.ask(name, stream=True)
                self.assertEqual((stream.status, stream.error()["code"]), (code, "mine"))

    def test_row_33_client_errors_are_the_clients(self):
        for code in (400, 413, 422, 501, 505):
            name = f"status-{code}"
            with self.subTest(code), self.blames_nobody(name):
                answer = self.ask(name + "-or-good")
                self.assertEqual((answer.status, answer.error()["message"]), (code, f"no {code}"))
                self.assertEqual(answer.fields["x-tallygate-attempts"], "1")

    def test_row_34_no_first_token(self):
        self.check_502("hang", "upstream_ttft_timeout", 504, stream=True)
        self.check_502("hang", "upstream_timeout", 504)
        self.check_502("hang-after-role", "upstream_ttft_timeout", 504, stream=True)
        self.check_502("pings", "upstream_ttft_timeout", 504, stream=True)
        self.check_fallback("hang-or-good", ["upstream_ttft_timeout"], stream=True)
        self.check_both_dialects("hang", 504, "timeout_error")

    def test_row_35_the_first_event_is_an_error(self):
        for name in ("error-first", "role-then-error"):
            with self.subTest(name):
                self.check_502(name, "upstream_stream_error", stream=True)
                self.check_fallback(name + "-or-good", ["upstream_stream_error"], stream=True)

    def test_row_35_a_stream_that_ends_before_it_begins(self):
        for name in EMPTY_STREAMS:
            with self.subTest(name), self.blames(name):
                answer = self.ask(name, stream=True)
                self.assert_error(answer, 502)
                self.assertIn(answer.error()["code"], {"upstream_stream_truncated", "upstream_stream_error"})
                self.assertEqual(answer.fields.get("x-should-retry"), "false")
            with self.subTest(name + ", fallback"):
                self.assertEqual(self.ask(name + "-or-good", stream=True).status, 200)

    def check_early(self, name, client=None):
        body = as_json(chat(name, padding="x" * 16_000_000))
        with self.blames_nobody(name):
            answer = (client or self.connect()).send(request(body)).answer()
            self.assertEqual((answer.status, answer.error()["message"]), (400, "too long"))
            self.assertEqual(self.record(answer)["outcome"], "client_error")

    def test_row_37_answer_before_the_upload_ends(self):
        self.check_early("early")
        wait_for(lambda: self.upstream.left.get("early"), "the upload is stopped", 5)
        taken = sum(map(len, self.upstream.strays))
        self.upstream.strays.clear()  # what of the body was under way
        self.assertLess(taken, 14_000_000, "the rest of 16,000,000 bytes was kept back")

    def test_row_37_answer_and_a_reset(self):
        with self.subTest("on a fresh connection"):
            self.check_early("early-and-gone")
        with self.subTest("on one of the pool"):
            client = self.connect()  # one, since each worker has a pool of its own
            self.assertEqual(client.send(request(chat("early-and-gone-later"))).answer().status, 200)
            self.check_early("early-and-gone-later", client)
            self.assertEqual(self.upstream.count("early-and-gone-later"), 2, "it is not sent twice")

    def test_row_37_not_by_an_interim_answer(self):
        body = as_json(chat("interim-early", padding="x" * 5_000_000))
        answer = self.connect().send(request(body)).answer()
        self.assertEqual(answer.status, 200)
        self.assertGreater(self.upstream.taken, 5_000_000)

    def test_extra_retried_streams_reach_the_client_once(self):
        answer = self.ask("good-stream", stream=True)
        self.assertEqual([answer.status, len(answer.events()), answer.events()[-1]], [200, 3, "[DONE]"])


class Benched(FaultTest):
    """Row 36, with a bench short enough to see its end."""

    scripts = {"flaky": lambda link: link.answer(*Benched.verdict), "second": lambda link: link.answer()}
    settings = {"blacklist": {"failures": 3, "base": "1s", "factor": 2, "cap": "10s"},
                "retry": {"base": "1ms", "cap": "2ms"}}
    verdict = (500, b"{}")

    def setUp(self):
        Benched.verdict = (500, b"{}")
        call(self.gate.admin, "DELETE", "/performance/blacklisted/flaky")

    def ask(self, route):
        answer = self.connect().send(request(chat(route))).answer()
        return answer.status, answer.fields["x-tallygate-attempts"]

    def benched(self):
        rows = self.gate.admin_json("/performance/blacklisted")["data"]
        return [row for row in rows if row["target"] == "flaky" and row["state"] == "benched"]

    def test_row_36_benched_then_probed_then_longer(self):
        asked = self.upstream.count("flaky")
        events = Client(self.gate.admin)
        self.addCleanup(events.socket.close)
        events.send(request(b"", "/-/events", "GET", host=f"127.0.0.1:{self.gate.admin}"))
        events.until(b"\r\n\r\n")
        for number in range(3):
            self.assertEqual(self.benched(), [], f"after {number} failures")
            self.assertEqual(self.ask("flaky-or-good"), (200, "2"))
        wait_for(self.benched, "flaky is benched")
        events.until(b"flaky")
        self.assertEqual(self.ask("flaky-or-good"), (200, "1"), "it is not asked")
        self.assertEqual(self.upstream.count("flaky"), asked + 3)

        wait_for(lambda: not self.benched(), "the bench ends by itself", 10)
        self.assertEqual(self.ask("flaky-or-good"), (200, "2"), "one request tries it")
        wait_for(self.benched, "it failed again")
        began = time.monotonic()
        wait_for(lambda: not self.benched(), "the longer bench ends", 10)
        self.assertGreater(time.monotonic() - began, 1.5, "twice as long as the first")

        Benched.verdict = (200, b"{}")
        self.assertEqual(self.ask("flaky-or-good"), (200, "1"))
        self.assertEqual(self.failures_in_row("flaky"), 0)

    def test_row_36_all_benched(self):
        for _ in range(3):
            self.ask("flaky")
        wait_for(self.benched, "benched")
        answer = self.connect().send(request(chat("flaky"))).answer()
        self.assertEqual(answer.status, 500, "the one that expires first is tried")
        self.assertIn("x-tallygate-degraded", answer.fields)


if __name__ == "__main__":
    main()
