"""Fault table 5.1: bad requests. Nothing of them reaches an upstream unless the table says so."""

import json
import time

from gate import Gate, call
from raw_http import chunk, request
from rows import ANTHROPIC, FaultTest, as_json, chat, main

GOOD = as_json(chat())
CHUNKED = "Transfer-Encoding: chunked"
LONG_NAME = "x" * 10_000


def head(*lines):
    """A head of exactly these lines."""
    return b"".join((line if isinstance(line, bytes) else line.encode("latin-1")) + b"\r\n"
                    for line in lines) + b"\r\n"


def with_field(*fields, body=GOOD):
    return request(body, fields=fields)


def chunked(body, **options):
    return request(fields=(CHUNKED,), length=False, **options) + body


class Requests(FaultTest):
    settings = {
        "timeouts": {"client_headers": "1s", "client_body": "1s"},
        "limits": {"body": "256KiB"},
        "half_close": "ignore",
    }

    def check_refused(self, variants, counted):
        """variants: name -> (bytes, status, code); each is answered, and its connection closed."""
        with self.nothing_upstream(), self.counted(counted[0], counted[1]):
            for name, (data, status, code) in variants.items():
                with self.subTest(name):
                    client = self.connect().send(data)
                    answer = client.answer()
                    self.assert_error(answer, status, code, b" /v1/messages " in data[:30])
                    self.assert_closed(client, answer)

    def check_kept(self, data, status, code, path_is_anthropic=False):
        """Refused, and the connection serves on -> the error object."""
        client = self.connect().send(data)
        answer = client.answer()
        error = self.assert_error(answer, status, code, path_is_anthropic)
        self.assert_kept(client, answer)
        return error

    def all_of(self, code, status, variants):
        self.check_refused({name: (data, status, code) for name, data in variants.items()},
                           (code, len(variants)))

    def test_row_01_cl_and_te(self):
        body = chunk(GOOD) + b"0\r\n\r\n"
        self.all_of("bad_framing", 400, {
            "length first": request(GOOD, fields=(CHUNKED,)),
            "coding first": head("POST /v1/chat/completions HTTP/1.1", "Host: a", CHUNKED,
                                 f"Content-Length: {len(body)}") + body,
            "length 0": head("POST / HTTP/1.1", "Host: a", "Content-Length: 0", CHUNKED) + body,
            "other case": request(GOOD, fields=("tRANSFER-eNCODING: CHUNKED",)),
            "to Anthropic's path": request(GOOD, path=ANTHROPIC, fields=(CHUNKED,)),
        })

    def test_row_02_unknown_transfer_coding(self):
        self.all_of("transfer_coding_unsupported", 501, {
            coding: request(length=False, fields=(f"Transfer-Encoding: {coding}",))
            for coding in ("gzip", "identity", "xchunked", "chunke", "deflate")})

    def test_row_02_transfer_coding_that_is_none(self):
        self.all_of("bad_framing", 400, {
            repr(coding): request(length=False, fields=(f"Transfer-Encoding: {coding}",)) + b"0\r\n\r\n"
            for coding in ("chunked, gzip", "gzip, chunked", ",chunked", "chunked,", "chunked;x",
                           "chunked, chunked", "\"chunked\"", "")})

    def test_row_02_transfer_coding_with_a_control_byte(self):
        self.all_of("bad_request", 400, {
            repr(coding): request(length=False, fields=(b"Transfer-Encoding: " + coding,)) + b"0\r\n\r\n"
            for coding in (b"\x0bchunked", b"chunked\x00", b"chun\x01ked", b"chunked\x7f")})

    def test_row_03_transfer_coding_twice_or_in_http_1_0(self):
        self.all_of("bad_framing", 400, {
            "twice": request(length=False, fields=(CHUNKED, CHUNKED)) + b"0\r\n\r\n",
            "two kinds": request(length=False, fields=(CHUNKED, "Transfer-Encoding: identity")),
            "HTTP/1.0": request(length=False, fields=(CHUNKED,), version="HTTP/1.0") + b"0\r\n\r\n",
        })

    def test_row_03_transfer_coding_folded(self):
        self.all_of("bad_request", 400, {
            "blank": request(length=False, fields=("Transfer-Encoding:", " chunked")),
            "tab": request(length=False, fields=("Transfer-Encoding: x,", "\tchunked")),
        })

    def test_row_04_content_length(self):
        values = ("", "+5", "-1", "0x5", "5_0", "1e1", "5, 5", "5, 6", "5 5", "5,", "5;", "5.0",
                  str(2**63), str(2**64), str(2**64 + 5), "9" * 100, "\u00b2")
        variants = {value or "empty": request(b"", length=False, fields=(f"Content-Length: {value}",))
                    for value in values}
        for second in ("5", "6"):
            variants["repeated " + second] = request(
                length=False, fields=("Content-Length: 5", f"Content-Length: {second}")) + b"12345"
        self.all_of("bad_framing", 400, variants)

    def test_row_05_characters_of_the_head(self):
        start = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"
        lines = {
            "bare LF": b"A: b\nC: d\r\n", "bare CR": b"A: b\rC: d\r\n", "NUL": b"A: b\0c\r\n",
            "control": b"A: b\x07c\r\n", "DEL": b"A: \x7f\r\n", "blank before colon": b"A : b\r\n",
            "tab before colon": b"A\t: b\r\n", "empty name": b": b\r\n", "no colon": b"Abc\r\n",
            "name no token": b"A(b): c\r\n", "name not ASCII": b"\xc3\xa4: c\r\n",
            "obs-fold": b"A: b\r\n c\r\n", "obs-fold by tab": b"A: b\r\n\tc\r\n",
            "NUL in name": b"A\0: b\r\n", "CR LF LF": b"A: b\r\n\n",
        }
        variants = {name: start + line + b"\r\n" for name, line in lines.items()}
        variants.update({
            "blank first": b" POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n\r\n",
            "blank before the first field": b"GET /livez HTTP/1.1\r\n Host: a\r\n\r\n",
            "LF only": b"GET /livez HTTP/1.1\nHost: a\n\n",
            "NUL in target": b"GET /livez\0 HTTP/1.1\r\nHost: a\r\n\r\n",
            "two blanks": b"GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "tab for blank": b"GET\t/livez\tHTTP/1.1\r\nHost: a\r\n\r\n",
            "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        })
        self.all_of("bad_request", 400, variants)

    def test_row_06_host(self):
        variants = {repr(host): request(GOOD, host=host) for host in (
            "", "a/b?c", "user@a", "user:pass@a", "a b", "a:b", "a:123456", "a:", "[::1", "[::g]",
            "a,b", "a\\b", "\u00e4", "a#b", "http://a")}
        variants["missing"] = request(GOOD, host=None)
        variants["repeated"] = request(GOOD, fields=("Host: gate",))
        variants["repeated otherwise"] = request(GOOD, fields=("Host: other",))
        self.all_of("bad_request", 400, variants)
        for host in ("gate", "a.b-c_d:80", "127.0.0.1", "[::1]:8080"):
            with self.subTest(host):
                client = self.connect().send(request(GOOD, host=host))
                self.assertEqual(client.answer().status, 200)

    def test_row_07_sizes_of_the_head(self):
        path = "/" + "a" * 8192
        self.all_of("uri_too_long", 414, {
            "whole": request(GOOD, path=path),
            "no line end ever": b"GET /" + b"a" * 9000,
        })
        many = tuple(f"x-{number}: y" for number in range(100))
        self.all_of("headers_too_large", 431, {
            "one large field": with_field("x-large: " + "y" * 33_000),
            "no end ever": b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 33_000,
            "101 fields": head("GET /livez HTTP/1.1", "Host: a", *many),
        })
        client = self.connect().send(head("GET /livez HTTP/1.1", "Host: a", *many[:99]))
        self.assertEqual(client.answer().status, 200, "100 fields")

    def test_row_08_version_refused(self):
        self.all_of("bad_request", 400, {
            "HTTP/0.9": b"GET /livez\r\n\r\n", "lower case": b"GET /livez http/1.1\r\nHost: a\r\n\r\n",
            "none": b"GET /livez \r\nHost: a\r\n\r\n", "0.9 named": b"GET / HTTP/0.9\r\n\r\n",
            "long": b"GET /livez HTTP/1.10\r\nHost: a\r\n\r\n", "blank": b"GET /livez HTTP/1.1 \r\n\r\n",
        })

    def test_row_08_version_unsupported(self):
        self.all_of("http_version_unsupported", 505, {
            "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "9.9": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
            "1.2": b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        })

    def test_row_09_methods(self):
        with self.nothing_upstream(), self.counted("method_not_allowed", 5):
            for line in ("CONNECT other:443", "TRACE /v1/models", "BREW /v1/chat/completions",
                         "post /v1/chat/completions", "CONNECT /v1/chat/completions"):
                with self.subTest(line):
                    client = self.connect().send(head(line + " HTTP/1.1", "Host: a"))
                    answer = client.answer()
                    self.assert_error(answer, 405, "method_not_allowed")
                    self.assertRegex(answer.fields["allow"], "GET|POST")
                    self.assert_closed(client, answer)

    def test_row_10_upgrade_is_no_upgrade(self):
        for fields in (("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: aaaa"),
                       ("Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABk")):
            with self.subTest(fields[0]):
                client = self.connect().send(with_field(*fields))
                answer = client.answer()
                self.assertEqual(answer.status, 200)
                self.assert_kept(client, answer)
                sent = self.upstream.requests[-1][2]
                for name in ("upgrade", "connection", "http2-settings"):
                    self.assertNotIn(name, sent)
                self.assertEqual(self.record(answer)["outcome"], "ok")

    def test_row_11_paths_and_methods(self):
        with self.nothing_upstream():
            with self.counted("not_found", 4):
                for path in ("/", "/v1/chat/completions/", "/V1/chat/completions", "/v1/../v1/models"):
                    with self.subTest(path):
                        self.check_kept(request(GOOD, path=path), 404, "not_found")
            for path, method, allow in (("/v1/chat/completions", "GET", "POST"),
                                        ("/v1/messages", "DELETE", "POST"),
                                        ("/v1/models", "PUT", "GET, HEAD")):
                with self.subTest(f"{method} {path}"), self.counted("method_not_allowed"):
                    client = self.connect().send(request(b"", path=path, method=method))
                    answer = client.answer()
                    self.assert_error(answer, 405, "method_not_allowed")
                    self.assertEqual(answer.fields["allow"], allow)
                    self.assert_kept(client, answer)

    def test_row_12_chunk_sizes(self):
        variants = {repr(size): chunked(size + b"\r\n12345\r\n0\r\n\r\n") for size in (
            b"0x5", b"+5", b"-5", b" 5", b"5 ", b"5_", b"", b"g", b"5\t", b"0" * 16 + b"5",
            b"1" * 17, b"f" * 16, b"\xb2", b"5\0")}
        variants.update({
            "missing CRLF": chunked(b"5\r\n123450\r\n\r\n"), "bare LF behind": chunked(b"5\r\n12345\n0\r\n\r\n"),
            "bare LF": chunked(b"5\n12345\r\n0\r\n\r\n"), "extension, bare LF": chunked(b"5;\n12345\r\n0\r\n\r\n"),
            "bare CR": chunked(b"5\r12345\r\n0\r\n\r\n"), "control in extension": chunked(b"5;a=\x01\r\n"),
            "huge extension": chunked(b"5;" + b"e" * 9000), "trailer no field": chunked(b"0\r\nno colon\r\n\r\n"),
            "one huge trailer": chunked(b"0\r\na: " + b"t" * 9000),
            "endless trailers": chunked(b"0\r\n" + b"a: b\r\n" * 2000),
            "longer than said": chunked(b"3\r\n12345\r\n0\r\n\r\n"),
        })
        self.all_of("bad_framing", 400, variants)

    def test_row_12_sound_chunks(self):
        """What the strict reader must still take: extensions, trailers, odd splits, upper case."""
        parts = [chunk(GOOD[:1]), b"%X;a=b;c\r\n%s\r\n" % (len(GOOD) - 1, GOOD[1:]),
                 b"000;x\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"]
        client = self.connect().send(chunked(b"".join(parts)))
        answer = client.answer()
        self.assertEqual(answer.status, 200)
        self.assert_kept(client, answer)
        self.assertEqual(json.loads(self.upstream.requests[-1][3])["messages"], chat()["messages"])

    def test_row_13_body_over_the_limit(self):
        large = b"x" * 300_000
        with self.nothing_upstream():
            with self.subTest("length"), self.counted("body_too_large"):
                client = self.connect().send(with_field("Content-Length: 300000", body=b"")
                                             .replace(b"Content-Length: 0\r\n", b""))
                answer = client.answer()  # before a byte of the body is sent
                self.assert_error(answer, 413, "body_too_large")
                self.assert_closed(client, answer)
            for name, data in {"one chunk": chunk(large), "many chunks": chunk(b"x" * 1000) * 300,
                               "announced": b"%x\r\n" % 2**40, "and far more": chunk(large) * 3}.items():
                with self.subTest(name), self.counted("body_too_large"):
                    client = self.connect().send(chunked(data))
                    answer = client.answer()
                    self.assert_error(answer, 413, "body_too_large")
                    self.assert_closed(client, answer)
        for name, data in {"chunked": chunked(chunk(large), path=ANTHROPIC),
                           "length": request(large, path=ANTHROPIC)}.items():
            with self.subTest("Anthropic, " + name):
                error = self.assert_error(self.connect().send(data).answer(), 413, anthropic=True)
                self.assertEqual(error["type"], "request_too_large")

    def test_row_14_json(self):
        bodies = {
            "no JSON": b"{", "empty": b"", "BOM": b"\xef\xbb\xbf" + GOOD, "trailing": GOOD + b"x",
            "second document": GOOD + GOOD, "bad UTF-8": GOOD.replace(b"Hello", b"\xff\xfe"),
            "deep": b'{"model":"good","messages":[],"a":' + b"[" * 100_000,
            "deep and whole": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
            "comma": b'{"model":"good","messages":[],}', "NaN": b'{"model":"good","messages":[NaN]}',
            "single quotes": b"{'model':'good'}", "broken far behind": GOOD[:-1] + b',"z":[1,2,tru]}',
            "control in string": GOOD.replace(b"Hello", b"a\x01b"), "NUL behind": GOOD + b"\0",
        }
        with self.nothing_upstream(), self.counted("invalid_json", len(bodies)):
            for name, body in bodies.items():
                with self.subTest(name):
                    self.check_kept(request(body), 400, "invalid_json")
        with self.subTest("Anthropic"):
            error = self.check_kept(request(b"{", path=ANTHROPIC), 400, None, True)
            self.assertEqual(error["type"], "invalid_request_error")

    def test_row_15_parameters(self):
        messages = '"messages":[{"role":"user","content":"a"}]'
        cases = (
            ("invalid_parameter", "model", f'{{"model":"good","model":"other",{messages}}}'),
            ("invalid_parameter", "model", f'{{"model":"good","\\u006dodel":"other",{messages}}}'),
            ("invalid_parameter", "stream", f'{{"model":"good","stream":true,"stream":false,{messages}}}'),
            ("invalid_parameter", "model", f'{{"model":7,{messages}}}'),
            ("invalid_parameter", "stream", f'{{"model":"good","stream":"yes",{messages}}}'),
            ("missing_parameter", "model", f"{{{messages}}}"),
            ("missing_parameter", "messages", '{"model":"good"}'),
        )
        with self.nothing_upstream():
            for code, param, body in cases:
                with self.subTest(body), self.counted(code):
                    error = self.check_kept(request(body), 400, code)
                    self.assertEqual(error["param"], param)

    def test_row_16_unknown_models(self):
        names = ("nobody", "<script>alert(1)</script>", LONG_NAME, "../../etc/passwd", "a\0b",
                 "a\r\nx-evil: 1", "\u202e\u2028", "good@9.9.9", "good:", "@", "\ud7ff\uffff")
        with self.nothing_upstream(), self.counted("model_not_found", len(names)):
            for name in names:
                with self.subTest(name[:30]):
                    client = self.connect().send(request(chat(name)))
                    answer = client.answer()
                    error = self.assert_error(answer, 404, "model_not_found")
                    self.assertEqual(error["param"], "model")
                    self.assertNotIn(b"<script>", answer.body)
                    self.assertLess(len(answer.body), 2000)
                    self.assertNotIn("x-evil", answer.fields)
                    self.assert_kept(client, answer)

    def test_row_17_the_destination_is_not_the_clients(self):
        body = chat(api_base="http://127.0.0.1:9/evil", base_url="http://127.0.0.1:9/",
                    api_key="sk-stolen", host="127.0.0.1:9", url="file:///etc/passwd")
        fields = ("X-Forwarded-Host: evil", "X-Original-URL: /evil", "X-Host: evil",
                  "Forwarded: host=evil", "x-tallygate-target: evil")
        client = self.connect().send(request(body, fields=fields, host="evil.example"))
        answer = client.answer()
        self.assertEqual(answer.status, 200)
        self.assert_kept(client, answer)
        name, path, sent, raw = self.upstream.requests[-1]
        self.assertEqual((name, path), ("good", "/chat/completions"))
        self.assertEqual(sent["host"], f"127.0.0.1:{self.upstream.port}")
        self.assertNotIn("x-tallygate-target", sent)
        self.assertEqual(json.loads(raw), {**body, "model": "model-good"}, "the body is opaque")
        self.assertEqual(self.record(answer)["target"], "good")

    def test_row_17_absolute_form(self):
        self.all_of("bad_request", 400, {
            "absolute": request(GOOD, path="http://127.0.0.1:9/v1/chat/completions")})

    def test_row_20_content_encoding(self):
        with self.nothing_upstream(), self.counted("unsupported_content_encoding", 4):
            for coding in ("gzip", "br", "identity, gzip", "x"):
                with self.subTest(coding):
                    error = self.check_kept(with_field(f"Content-Encoding: {coding}"), 415,
                                            "unsupported_content_encoding")
                    self.assertEqual(error["param"], "content-encoding")

    def test_row_21_expect(self):
        with self.subTest("one 100"):
            client = self.connect().send(with_field("Expect: 100-continue")[:-len(GOOD)])
            self.assertEqual(client.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
            answer = client.send(GOOD).answer()
            self.assertEqual((answer.status, answer.interims), (200, 0))
            self.assert_kept(client, answer)
        with self.subTest("body not waited for"):
            answer = self.connect().send(with_field("Expect: 100-continue")).answer()
            self.assertEqual(answer.status, 200)
            self.assertLessEqual(answer.interims, 1)
        self.all_of("expectation_failed", 417, {
            value: with_field(f"Expect: {value}") for value in ("200-ok", "100-continue, x", "")})

    def test_row_22_pipelined(self):
        client = self.connect().send(b"".join(
            request({**chat(), "user": f"u{number}"}) for number in range(5)))
        before = self.records()
        for number in range(5):
            self.assertEqual(client.answer().status, 200)
        self.assert_kept(client)
        users = [json.loads(told[3])["user"] for told in self.upstream.requests[-5:]]
        self.assertEqual(users, [f"u{number}" for number in range(5)], "in order, none lost")
        self.assertLessEqual(self.records() - before, 5)

    def test_row_22_pipelined_behind_a_chunked_body(self):
        client = self.connect().send(chunked(chunk(GOOD) + b"0\r\n\r\n") + request(GOOD))
        self.assertEqual([client.answer().status for _ in range(2)], [200, 200])
        self.assert_kept(client)

    def test_row_22_bytes_behind_close(self):
        before = len(self.upstream.requests)
        client = self.connect().send(with_field("Connection: close") + request(GOOD) * 2)
        answer = client.answer()
        self.assertEqual(answer.status, 200)
        self.assert_closed(client, answer)
        self.assertEqual(len(self.upstream.requests), before + 1)

    def test_row_23_get_with_a_body_and_head(self):
        with self.nothing_upstream():
            for data in (request(b"x" * 1000, "/livez", "GET"), request(GOOD, "/v1/models", "GET")):
                client = self.connect().send(data)
                answer = client.answer()
                self.assertEqual(answer.status, 200)
                self.assert_kept(client, answer)
            for path, status in (("/livez", 200), ("/v1/models", 200), ("/nothing", 404)):
                with self.subTest("HEAD " + path):
                    client = self.connect().send(request(b"", path, "HEAD"))
                    answer = client.answer(bodiless=True)
                    self.assertEqual(answer.status, status)
                    self.assertGreater(int(answer.fields["content-length"]), 0)
                    self.assert_kept(client, answer)

    def check_timed_out(self, data, feed):
        """408 within a few seconds of the limit of one, however the bytes trickle."""
        began = time.monotonic()
        with self.nothing_upstream(), self.counted("request_timeout"):
            client = self.connect().send(data)
            client.socket.settimeout(0.1)
            while time.monotonic() - began < 10:
                try:
                    client.more()
                    break
                except TimeoutError:
                    client.send(feed)
            client.socket.settimeout(10)
            answer = client.answer()
            self.assert_error(answer, 408, "request_timeout")
            self.assert_closed(client, answer)
        self.assertLess(time.monotonic() - began, 6)

    def test_row_24_slow_requests(self):
        with self.subTest("head"):
            self.check_timed_out(b"GET /livez HTTP/1.1\r\nHost: a\r\n", b"x")
        with self.subTest("body"):
            self.check_timed_out(request(GOOD)[:-20], b"")
        with self.subTest("trickling body"):
            self.check_timed_out(request(b"x" * 60_000)[:-50_000], b"x")
        with self.subTest("trickling chunks"):
            self.check_timed_out(chunked(b""), b"1\r\nx\r\n")

    def test_row_46_half_close_ignored_where_so_configured(self):
        client = self.connect().send(request(GOOD))
        client.half_close()
        answer = client.answer()
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.record(answer)["outcome"], "ok")


class GateWithKeys(Gate):
    def listeners(self, data, admin):
        found = super().listeners(data, admin)
        found["data"]["require_key"] = True
        return found


class Guarded(FaultTest):
    """With keys, and few connections."""

    settings = {"limits": {"connections": 64}, "timeouts": {"client_headers": "2s"}}

    @classmethod
    def start(cls, config):
        return GateWithKeys(cls.folder, config)

    def make_key(self):
        status, _, body = call(self.gate.admin, "POST", "/api/keys", {"name": self.id()[-40:]})
        self.assertEqual(status, 201, body)
        return json.loads(body)["key"]

    def check_401(self, data, anthropic=False):
        with self.nothing_upstream(), self.counted("invalid_api_key"):
            client = self.connect().send(data)
            answer = client.answer()
            error = self.assert_error(answer, 401, None if anthropic else "invalid_api_key", anthropic)
            self.assertTrue(answer.fields["www-authenticate"].startswith("Bearer"))
        if anthropic:
            self.assertEqual(error["type"], "authentication_error")
        return client, answer

    def test_row_18_no_or_a_wrong_key(self):
        wrong = {"none": (), "empty": ("Authorization:",), "wrong": ("Authorization: Bearer sk-wrong",),
                 "basic": ("Authorization: Basic YTpi",), "no scheme": ("Authorization: sk-wrong",),
                 "x-api-key": ("x-api-key: wrong",)}
        for name, fields in wrong.items():
            with self.subTest(name):
                client, answer = self.check_401(with_field(*fields))
                self.assert_kept(client, answer)
        with self.subTest("Anthropic"):
            client, answer = self.check_401(request(GOOD, path=ANTHROPIC), True)
            self.assert_kept(client, answer)

    def test_row_18_body_that_is_not_drained(self):
        client, answer = self.check_401(with_field("Expect: 100-continue")[:-len(GOOD)])
        self.assertEqual(answer.interims, 0)
        self.assert_closed(client, answer)

    def test_row_18_the_right_key(self):
        key = self.make_key()
        for field in (f"Authorization: Bearer {key}", f"x-api-key: {key}"):
            with self.subTest(field.split(":")[0]):
                self.assertEqual(self.connect().send(with_field(field)).answer().status, 200)
                self.assertNotIn(key, str(self.upstream.requests[-1]), "the key stays here")
        client, _ = self.check_401(with_field(f"Authorization: Bearer {key}x"))
        self.assert_kept(client)

    def test_row_19_authorization(self):
        with self.subTest("twice"), self.nothing_upstream(), self.counted("bad_request"):
            client = self.connect().send(with_field("Authorization: Bearer a", "Authorization: Bearer a"))
            answer = client.answer()
            self.assert_error(answer, 400, "bad_request")
            self.assert_closed(client, answer)
        for name, token in {"8 KB": b"a" * 8192, "not ASCII": b"\xc3\xa4\xff"}.items():
            with self.subTest(name):
                client, answer = self.check_401(with_field(b"Authorization: Bearer " + token))
                self.assert_closed(client, answer)

    def test_row_21_expect_with_a_key(self):
        key = self.make_key()
        fields = ("Expect: 100-continue", f"Authorization: Bearer {key}")
        client = self.connect().send(with_field(*fields)[:-len(GOOD)])
        self.assertEqual(client.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(client.send(GOOD).answer().status, 200)

    def test_row_25_too_many_connections(self):
        """The surplus is told or closed, those within the limit are served, admin answers."""
        clients = [self.connect() for _ in range(400)]
        refused = 0
        for client in clients:
            client.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        for client in clients:
            try:
                refused += client.answer().status == 503
            except (EOFError, ConnectionResetError):
                refused += 1
        self.assertGreaterEqual(refused, 400 - 64 - 1)
        self.assertGreaterEqual(400 - refused, 16, "those within the limit are served")
        self.assertEqual(call(self.gate.admin, "GET", "/readyz")[0], 200)
        for client in clients:
            client.socket.close()
        client = self.connect()
        self.assertEqual(client.send(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n").answer().status, 200)


if __name__ == "__main__":
    main()
