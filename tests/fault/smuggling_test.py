"""The acceptance layer, rules B1 to B16 of wire.md: no two parsers may read a request differently.

Each attack carries a second request inside or behind its body. Whatever the gate makes of it, the
upstream may see well-formed requests only, each with the body that the strict reading gives, and never
the smuggled one.
"""

import json
import random

from raw_http import STREAM_HEAD, Client, chunk, request
from rows import FaultTest, as_json, chat, main

GOOD = as_json(chat())
SMUGGLED = as_json(chat(user="smuggled"))
INNER = request(SMUGGLED)
START = b"POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"0\r\n\r\n"


def length(value):
    return b"Content-Length: %s\r\n" % (value if isinstance(value, bytes) else b"%d" % value)


def post(fields, body, start=START):
    return start + fields + b"\r\n" + body


# Rule -> name -> bytes. Each is refused and its connection closed; nothing behind it is read.
REFUSED = {
    "b01": {f"{coding!r} {extra!r}": post(b"Transfer-Encoding:" + coding + b"\r\n" + extra, INNER)
            for coding in (b" xchunked", b" chunked,", b" chunked, identity", b" gzip", b" \x0bchunked",
                           b" chunked\x0b", b" 'chunked'", b" \"chunked\"", b"", b" chunked;q=1", b" c\x00hunked",
                           b" chunked\r\n : x", b" chun ked")
            for extra in (b"", length(len(INNER)))},
    "b02": {"no length": post(b"Transfer-Encoding: identity\r\n", INNER),
            "unknown": post(b"Transfer-Encoding: cow\r\n", GOOD + INNER)},
    "b03": {
        "CL.TE": post(length(len(END) + len(INNER)) + CHUNKED, END + INNER),
        "TE.CL": post(CHUNKED + length(4), b"%x\r\n%s\r\n" % (len(INNER), INNER) + END),
        "CL 0": post(length(0) + CHUNKED, chunk(GOOD) + END + INNER),
        "far apart": post(CHUNKED + b"a: b\r\n" * 50 + length(5), END + INNER),
        "case": post(b"TRANSFER-ENCODING: Chunked\r\ncontent-LENGTH: 5\r\n", END + INNER),
        "TE broken, CL": post(b"Transfer-Encoding: x\r\n" + length(5), b"12345" + INNER),
    },
    "b04": {
        "twice equal": post(length(len(GOOD)) * 2, GOOD + INNER),
        "twice": post(length(len(GOOD)) + length(0), GOOD + INNER),
        "list": post(length(b"%d, %d" % (len(GOOD), len(GOOD))), GOOD + INNER),
        **{repr(value): post(length(value), GOOD + INNER) for value in (
            b"", b" ", b"+5", b"-0", b"0x10", b"1_0", b"5;", b"5 ,", b",5", b"\xd9\xa5", b"18446744073709551616",
            b"9223372036854775808", b"00000000000000000000000005")},
    },
    "b05": {"chunked in 1.0": post(CHUNKED, chunk(GOOD) + END, START.replace(b"1.1", b"1.0")),
            "with keep-alive": post(CHUNKED + b"Connection: keep-alive\r\n", END + INNER,
                                    START.replace(b"1.1", b"1.0"))},
    "b06": {repr(host): post(length(len(GOOD)), GOOD, b"POST /v1/chat/completions HTTP/1.1\r\n"
                             b"Content-Type: application/json\r\n" + host)
            for host in (b"", b"Host:\r\n", b"Host: a\r\nHost: a\r\n", b"Host: a, b\r\n", b"Host: a@b\r\n",
                         b"Host: a/\r\n", b"Host: a?b\r\n", b"Host: a:port\r\n", b"Host: [::1\r\n",
                         b"Host: a\r\nhost: b\r\n", b"Host: 127.0.0.1:80:80\r\n")},
    "b07": {"blank": post(b"X: y\r\n " + length(5), INNER), "tab": post(b"X: y\r\n\t" + CHUNKED, INNER),
            "at the first": b"POST /v1/chat/completions HTTP/1.1\r\n Host: a\r\n\r\n"},
    "b09": {"size line": post(CHUNKED, b"5;" + b"x" * 9000 + b"\r\n"),
            "zeros": post(CHUNKED, b"0" * 9000), "trailers": post(CHUNKED, b"0\r\n" + b"a: b\r\n" * 3000),
            "one trailer": post(CHUNKED, b"0\r\nx: " + b"y" * 10_000)},
    "b10": {"33 KB": post(b"x: " + b"y" * 33_000 + b"\r\n", b""), "70 KB": post(b"x: " + b"y" * 70_000 + b"\r\n", b""),
            "many": post(b"x: %s\r\n" % (b"y" * 700) * 60, b"")},
    "b12": {"two": b"\r\n\r\n" + INNER, "LF": b"\n" + INNER, "CR": b"\r" + INNER, "blank": b" \r\n" + INNER},
    "b13": {"101": post(b"x: y\r\n" * 99, b""), "1000": post(b"x: y\r\n" * 1000, b"")},
    "b15": {repr(target): b"POST %s HTTP/1.1\r\nHost: a\r\n" % target + length(0) + b"\r\n" + INNER
            for target in (b"/v1/chat/completions#a", b"/v1/chat/comple\xc3\xa4tions", b"/v1/\x7f", b"/v1/a b",
                           b"/v1\t/a", b"/\0", b"http://other/v1/chat/completions", b"v1/chat/completions",
                           b"//x y", b"*")},
    "b16": {
        "LF only": INNER.replace(b"\r\n", b"\n"), "one bare LF": post(b"A: b\n" + length(len(GOOD)), GOOD),
        "NUL": post(b"A: \0\r\n" + length(len(GOOD)), GOOD), "name with blank": post(b"Content-Length : 5\r\n", INNER),
        "name with tab": post(b"Transfer-Encoding\t: chunked\r\n", END + INNER),
        "empty name": post(b": chunked\r\n", INNER), "no colon": post(b"Transfer-Encoding\r\n", INNER),
        "CR in value": post(b"A: b\rTransfer-Encoding: chunked\r\n", END + INNER),
        "CR CR LF": post(b"A: b\r\r\n" + length(len(GOOD)), GOOD),
        "version": post(length(len(GOOD)), GOOD, START.replace(b"HTTP/1.1", b"HTTP/1.1.1")),
        "version 2": post(length(len(GOOD)), GOOD, START.replace(b"HTTP/1.1", b"HTTP/11")),
        **{"chunk " + repr(size): post(CHUNKED, size + b"\r\n" + GOOD + b"\r\n" + END + INNER)
           for size in (b"-1", b"+4A", b"0x4A", b"4A ", b" 4A", b"4A\0", b"1" * 17, b"4G", b"\xef\xbc\x94")},
        "chunk LF": post(CHUNKED, b"%x\n%s\n0\n\n" % (len(GOOD), GOOD)),
        "chunk CR": post(CHUNKED, b"%x\r%s\r\n" % (len(GOOD), GOOD) + END),
        "chunk without end": post(CHUNKED, b"%x\r\n%s0\r\n\r\n" % (len(GOOD), GOOD)),
        "end by LF": post(CHUNKED, chunk(GOOD) + b"0\n\n" + INNER),
        "end half by LF": post(CHUNKED, chunk(GOOD) + b"0\r\n\n" + INNER),
    },
}

# Rule -> name -> (bytes, bodies that the upstream gets).
ACCEPTED = {
    "b08": {
        "trailers": (post(CHUNKED, chunk(GOOD) + b"0\r\nConnection: close\r\nUpgrade: x\r\n" + length(999)
                          + b"Authorization: Bearer x\r\nx-tallygate-unit: u\r\nHost: evil\r\n\r\n"), [GOOD]),
        "two of them": (post(CHUNKED, chunk(GOOD) + b"0\r\n" + length(5) + CHUNKED + b"\r\n") + request(GOOD),
                        [GOOD, GOOD]),
    },
    "b11": {"many chunks": (post(CHUNKED, b"".join(chunk(GOOD[at:at + 1]) for at in range(len(GOOD))) + END),
                            [GOOD])},
    "b12": {"one empty line": (b"\r\n" + request(GOOD), [GOOD])},
    "b13": {"100 fields": (post(length(len(GOOD)) + b"x: y\r\n" * 97, GOOD), [GOOD])},
    "b14": {
        "extensions": (post(CHUNKED, b"%x;a=\"b;c\"\r\n%s\r\n000;x\r\n\r\n" % (len(GOOD), GOOD)), [GOOD]),
        "upper case": (post(CHUNKED, b"%X\r\n%s\r\n" % (len(GOOD), GOOD) + END), [GOOD]),
        "size in a body": (post(CHUNKED, chunk(GOOD[:10]) + chunk(GOOD[10:11]) + chunk(GOOD[11:]) + END), [GOOD]),
        "length 0 in front": (post(length(b"%016d" % len(GOOD)), GOOD), [GOOD]),
    },
    "b15": {"query": (request(GOOD, path="/v1/chat/completions?a=b%20c&d"), [GOOD])},
    "extra": {
        "body that looks like a head": (request(as_json(chat(x=INNER.decode()))), [as_json(chat(x=INNER.decode()))]),
        "pipelined": (request(GOOD) * 3, [GOOD] * 3),
        "connection names": (request(GOOD, fields=(
            "Connection: keep-alive, content-length, host, authorization, x-a", "x-a: b")), [GOOD]),
    },
}


def echo(link):
    """The body that came, so that the client sees it too."""
    body = json.dumps({"id": "r", "choices": [], "got": link.body.decode()}).encode()
    link.answer(200, body)


def stream_dripped(link):
    token = b'data: {"id":"s","choices":[{"index":0,"delta":{"content":"Hi \xc3\xa4"}}]}\n\n'
    link.drip(STREAM_HEAD + chunk(token) * 3 + chunk(b"data: [DONE]\n\n") + END)


def answer_dripped(link):
    body = json.dumps({"id": "r", "choices": [], "got": link.body.decode()}).encode()
    link.drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def answer_chunked_dripped(link):
    body = json.dumps({"id": "r", "choices": [], "got": link.body.decode()}).encode()
    link.drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
              + chunk(body[:7]) + chunk(body[7:]) + b"0\r\nx: y\r\n\r\n")


class Smuggling(FaultTest):
    scripts = {"good": echo, "dripped": answer_dripped, "chunk-dripped": answer_chunked_dripped,
               "stream-dripped": stream_dripped}
    settings = {"timeouts": {"client_headers": "2s", "client_body": "2s"}, "limits": {"body": "1MiB"}}

    def upstream_saw(self, bodies):
        """Exactly these, in order: as the client sent them but for the model's name."""
        seen = [json.loads(told[3]) for told in self.upstream.requests]
        self.assertEqual(seen, [{**json.loads(body), "model": "model-good"} for body in bodies])
        for _, _, fields, body in self.upstream.requests:
            self.assertEqual(int(fields["content-length"]), len(body))
            self.assertEqual(fields["host"], f"127.0.0.1:{self.upstream.port}")
        self.upstream.requests.clear()

    def setUp(self):
        self.upstream.requests.clear()

    def refuse(self, rule):
        for name, data in REFUSED.get(rule, {}).items():
            with self.subTest(name):
                client = self.connect().send(data)
                answer = client.answer()
                self.assertIn(answer.status, {400, 414, 431, 501})
                self.assertEqual(set(answer.error()), {"message", "type", "param", "code"})
                self.assert_closed(client, answer)
                self.upstream_saw([])

    def accept(self, rule):
        for name, (data, bodies) in ACCEPTED.get(rule, {}).items():
            with self.subTest(name):
                client = self.connect().send(data)
                for _ in bodies:
                    answer = client.answer()
                    self.assertEqual(answer.status, 200, answer.body)
                self.assert_kept(client, answer)
                self.upstream_saw(bodies)

    def test_extra_what_looks_like_an_attack_and_is_none(self):
        self.accept("extra")

    def test_b15_unknown_targets(self):
        for path in ("/v1/chat/completions;x", "/v1/chat%2fcompletions", "/v1/chat/completions%00", "//v1/models"):
            with self.subTest(path):
                client = self.connect().send(request(GOOD, path=path))
                self.assert_error(client.answer(), 404, "not_found")
                self.assert_kept(client)
        self.upstream_saw([])

    def test_extra_hop_by_hop_fields_do_not_pass(self):
        fields = ("Connection: keep-alive, x-hop", "x-hop: a", "Keep-Alive: timeout=5", "Proxy-Connection: x",
                  "Proxy-Authorization: Basic a", "TE: trailers", "Trailer: x", "Upgrade: h2c", "Cookie: a=b",
                  "Authorization: Bearer client", "x-api-key: client", "x-tallygate-attempts: 9", "x-kept: yes")
        answer = self.connect().send(request(GOOD, fields=fields)).answer()
        self.assertEqual(answer.status, 200)
        sent = self.upstream.requests[-1][2]
        for field in fields[:-1]:
            self.assertNotIn(field.split(":")[0].lower(), sent)
        self.assertEqual(sent["x-kept"], "yes")
        self.upstream.requests.clear()

    def test_extra_byte_by_byte_gives_the_same(self):
        """Requests in one piece and one byte at a time: same verdict, same words, same body upstream."""
        cases = [request(GOOD), post(CHUNKED, chunk(GOOD) + b"0\r\na: b\r\n\r\n"),
                 b"\r\n" + request(GOOD, fields=("Expect: 100-continue",)), request(b"{"),
                 request(b"", "/livez", "GET"), request(b"", "/nothing", "GET"),
                 *(next(iter(variants.values())) for variants in REFUSED.values())]
        for number, data in enumerate(case for case in cases if len(case) < 5000):
            with self.subTest(number):
                told = []
                for dripped in (False, True):
                    client = self.connect()
                    if dripped:
                        try:
                            client.drip(data)
                        except (BrokenPipeError, ConnectionResetError):
                            pass  # refused before its end
                    else:
                        client.send(data)
                    answer = client.answer()
                    told.append((answer.status, answer.body, answer.fields.get("connection"),
                                 [request[3] for request in self.upstream.requests]))
                    self.upstream.requests.clear()
                self.assertEqual(told[0], told[1])

    def test_extra_answers_byte_by_byte(self):
        for model in ("dripped", "chunk-dripped"):
            with self.subTest(model):
                client = self.connect().send(request(chat(model)))
                answer = client.answer()
                self.assertEqual(json.loads(answer.json()["got"])["model"], "model-" + model)
                self.assert_kept(client, answer)
        with self.subTest("stream"):
            answer = self.connect().send(request(chat("stream-dripped", stream=True))).answer()
            self.assertEqual((len(answer.events()), answer.events()[-1]), (4, "[DONE]"))
        self.upstream.requests.clear()

    def test_extra_random_mutations(self):
        """Whatever random damage does to a request, what goes upstream is well formed and not the
        smuggled one. The seed is in the failure's text."""
        seed = random.randrange(2**32)
        dice = random.Random(seed)
        damage = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"0", CHUNKED, length(5), b"0\r\n\r\n"]
        for number in range(150):
            data = bytearray(dice.choice([request(GOOD), post(CHUNKED, chunk(GOOD) + END)]) + INNER)
            for _ in range(dice.randrange(1, 4)):
                at = dice.randrange(len(data) - len(INNER))
                data[at:at + dice.randrange(3)] = dice.choice(damage)
            with Client(self.gate.port) as client:
                client.send(bytes(data))
                client.half_close()  # an abort for what still waits: the gate need not wait for more
                try:
                    client.rest()
                except ConnectionResetError:
                    pass
            self.assertEqual(self.upstream.strays, [], f"seed {seed}, number {number}: {bytes(data)!r}")
        for _, _, fields, body in self.upstream.requests:
            self.assertEqual(int(fields["content-length"]), len(body), f"seed {seed}")
            json.loads(body)


def add_rules():
    for rule in sorted({*REFUSED, *ACCEPTED} - {"extra"}):
        def test(self, rule=rule):
            self.refuse(rule)
            self.accept(rule)
        setattr(Smuggling, f"test_{rule}", test)


add_rules()

if __name__ == "__main__":
    main()
