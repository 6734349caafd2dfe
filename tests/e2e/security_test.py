"""Who gets in: the security checklist against the real binary, one test per way in.

Certificates are made on the spot; everything is on loopback, bounded in count and time.
"""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

from gate import (GATE, Gate, GateTest, Simulator, call, chat, fresh_folder, in_environment,
                  wait_for)

VERSIONS = "/api/admin/llm-models/versions"
ALERTS = "/api/admin/llm-models/metrics/alerts"
TOKEN = "marked-admin-token-0123456789abcdef"
JSON = {"Content-Type": "application/json"}


def make_certificate(folder, name):
    """Self-signed for 127.0.0.1 -> (certificate file, key file)."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=30)
    return certificate, key


def refused_start(folder, config):
    """What `tallygate serve` says instead of starting."""
    path = pathlib.Path(folder, "refused.yaml")
    path.write_text(json.dumps(config))
    out = subprocess.run([GATE, "serve", "--config", path], capture_output=True, text=True, timeout=30)
    assert out.returncode == 1, (out.returncode, out.stderr)
    return out.stderr


class RawServer(threading.Thread):
    """Answers every request with fixed bytes, and keeps what it was sent."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer, self.seen = answer, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                try:
                    seen = client.recv(65536)
                    self.seen.append(seen)
                    client.sendall(self.answer(seen))
                except OSError:
                    pass


class TokenGate(Gate):
    """An admin listener with a token; `tls` encrypts both listeners."""

    token = TOKEN
    tls = None

    def listeners(self, data, admin):
        found = super().listeners(data, admin)
        if self.token:
            found["admin"]["token"] = "${env:MARKED_TOKEN}"
        if self.tls:
            found["admin"]["tls"] = found["data"]["tls"] = self.tls
        return found

    def is_ready(self):
        if not self.tls:
            return super().is_ready()
        try:
            return b" 200 " in tls_request(self.admin, b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                           b"Connection: close\r\n\r\n")
        except OSError:
            return False


def tls_connect(port, **versions):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in versions.items():
        setattr(context, name, value)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10))


def tls_request(port, request):
    with tls_connect(port) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def subject_at(port):
    """The common name of the certificate that a new connection gets."""
    out = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-showcerts"],
                         input="", capture_output=True, text=True, timeout=20)
    found = re.search(r"subject=.*?CN ?= ?(\S+)", out.stdout)
    return found and found[1]


def with_environment(**variables):
    os.environ.update(variables)
    return lambda: [os.environ.pop(name, None) for name in variables]


class Start(unittest.TestCase):
    """What the gate refuses to start with."""

    def check(self, admin, *words):
        said = refused_start(fresh_folder("SecurityStart"), {"listeners": {"admin": admin}})
        for word in words:
            self.assertIn(word, said)

    def test_an_open_admin_listener_stays_on_loopback(self):
        self.check({"address": "0.0.0.0"}, "set both", "127.0.0.1", "insecure: true")
        self.check({"address": "0.0.0.0", "token": in_environment(TOKEN)}, "set tls")
        self.check({"address": "::", "tls": {"certificate": "c", "key": "k"}}, "set token")

    def test_targets_of_the_file_are_not_the_metadata_service(self):
        for url in ("http://169.254.169.254/v1", "http://[::ffff:169.254.169.254]/v1",
                    "http://0xa9fea9fe/v1", "http://u:p@h/v1", "file:///etc/passwd",
                    "http://1.2.3.4.com/v1"):
            with self.subTest(url):
                said = refused_start(fresh_folder("SecurityStart"),
                                     {"targets": {"t": {"url": url, "model": "m"}}})
                self.assertIn("targets.t.url", said)


class AdminDoor(GateTest):
    """Host, Origin, token, content type; what every answer says to browsers; limits."""

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(with_environment(MARKED_TOKEN=TOKEN))
        cls.folder = fresh_folder(cls.__name__)
        cls.one = Simulator(cls.folder, "one")
        cls.addClassCleanup(cls.one.stop)
        cls.gate = TokenGate(cls.folder, {
            "targets": {"one": {"url": cls.one.base, "model": "m"}},
            "routes": {"assistant": {"versions": {"1.0.0": {"targets": ["one"], "default": True}}}},
            "timeouts": {"client_headers": "300ms", "client_body": "300ms"}})
        cls.addClassCleanup(cls.gate.stop)

    def ask(self, path="/performance", method="GET", body=None, token=TOKEN, **headers):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        return call(self.gate.admin, method, path, body, fields)

    def raw(self, data):
        """Sends bytes -> the status of what comes back, 0 if nothing does."""
        with socket.create_connection(("127.0.0.1", self.gate.admin), timeout=20) as connection:
            connection.sendall(data)
            connection.settimeout(20)
            answer = b""
            while b"\r\n\r\n" not in answer:
                piece = connection.recv(65536)
                if not piece:
                    break
                answer += piece
            return int(answer.split()[1]) if answer else 0

    def test_row_58_a_stranger_learns_nothing(self):
        self.assertEqual(self.ask()[0], 200)
        for path in ("/performance", "/-/config", "/metrics", "/nothing/here", "/-/events", VERSIONS):
            self.assertEqual(self.ask(path, token=None)[0], 401, path)
        self.assertEqual(self.ask(Host="evil.example")[0], 421)
        self.assertEqual(self.ask(Origin="https://evil.example")[0], 403)
        self.assertEqual(self.ask(Origin="null")[0], 403)
        self.assertEqual(self.ask(Sec_Fetch_Site="cross-site")[0], 403)
        self.assertEqual(self.ask(VERSIONS, "POST", "{}", Content_Type="text/plain")[0], 415)
        self.assertEqual(self.ask(VERSIONS, "OPTIONS", token=None,
                                  Access_Control_Request_Method="POST")[0], 401)

    def test_every_answer_is_armed_and_allows_no_other_site(self):
        answers = [self.ask(), self.ask(token=None), self.ask("/none"), self.ask(Host="evil.example"),
                   self.ask("/metrics"), self.ask("/livez"), self.ask(Origin="https://evil.example"),
                   self.ask(VERSIONS, "OPTIONS", Origin="https://evil.example")]
        for status, headers, _ in answers:
            with self.subTest(status):
                self.assertIn("default-src 'none'", headers["content-security-policy"])
                self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
                self.assertEqual(headers["x-content-type-options"], "nosniff")
                self.assertEqual(headers["referrer-policy"], "no-referrer")
                self.assertEqual(headers["cache-control"], "no-store")
                self.assertNotRegex(headers["server"], r"\d")
                self.assertIn("date", headers)
                self.assertIn("content-type", headers)
                self.assertFalse([name for name in headers if name.startswith("access-control")])

    def test_slow_and_large_requests_end(self):
        host = b"Host: 127.0.0.1\r\n"
        self.assertEqual(self.raw(b"GET / HTTP/1.1\r\nHo"), 408)
        self.assertEqual(self.raw(b"POST /-/reload HTTP/1.1\r\n" + host + b"Content-Length: 9\r\n\r\nab"), 408)
        self.assertEqual(self.raw(b"GET / HTTP/1.1\r\n" + host + b"X: y\r\n" * 200 + b"\r\n"), 431)
        self.assertEqual(self.raw(b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * 40_000), 431)
        self.assertEqual(self.raw(b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 99999999\r\n\r\n"), 413)

    def test_deep_json_is_refused(self):
        deep = '{"name":' + "[" * 5000 + "]" * 5000 + "}"
        self.assertEqual(self.ask(VERSIONS, "POST", deep, Content_Type="application/json")[0], 400)

    def test_connections_are_bounded(self):
        held = [socket.create_connection(("127.0.0.1", self.gate.admin), timeout=10) for _ in range(300)]
        for connection in held:
            connection.close()
        wait_for(lambda: self.ask("/livez")[0] == 200, "the listener has room again")

    def test_names_cannot_split_answers_or_forge_log_lines(self):
        forged = "x\n{\"level\":\"error\"}\x1b[2J"
        for field in ("modelType", "version"):
            body = {"name": "n", "version": "1.0.0", "modelType": "m", "targets": ["one"], field: forged}
            status, _, answer = self.ask(VERSIONS, "POST", json.dumps(body), Content_Type="application/json")
            self.assertIn(status, (400, 422), answer)
        for model in (forged, "x\r\nSet-Cookie: a=b"):
            status, headers, _ = self.gate.post("/v1/chat/completions", chat(model))
            self.assertEqual(status, 404)
            self.assertNotIn("set-cookie", headers)
        log = self.gate.log.read_bytes()
        self.assertNotIn(b"\x1b", log)
        for line in log.splitlines():
            self.assertEqual(set(json.loads(line)), {"time", "level", "message"}, line)


class SecretFiles(unittest.TestCase):
    """Secrets that others on the machine may read are told of."""

    def test_an_open_file_is_told_of_at_start_and_by_check(self):
        folder = fresh_folder("SecretFiles")
        token, key = folder / "token", folder / "upstream-key"
        for file in (token, key):
            file.write_text("secret-of-a-file-0123456789abcdef\n")
        token.chmod(0o640)
        key.chmod(0o600)

        class FileGate(Gate):
            def listeners(self, data, admin):
                found = super().listeners(data, admin)
                found["admin"]["token"] = "${file:%s}" % token
                return found

        target = {"url": "http://127.0.0.1:1/v1", "model": "m", "api_key": "${file:%s}" % key}
        gate = FileGate(folder, {"targets": {"one": target}})
        self.addCleanup(gate.stop)
        check = lambda: subprocess.run([GATE, "check", "--config", gate.config_file], timeout=30,
                                       capture_output=True, text=True)
        for said in (gate.log.read_text(), check().stderr):
            self.assertIn(f"chmod 600 {token}", said)
            self.assertNotIn(str(key), said)
            self.assertNotIn("secret-of-a-file", said)
        self.assertEqual(check().returncode, 0)
        token.chmod(0o600)
        self.assertEqual(check().stderr, "")

    def test_a_secret_in_the_file_itself_is_refused(self):
        target = {"url": "http://127.0.0.1:1/v1", "model": "m", "api_key": "sk-literal-0123456789"}
        said = refused_start(fresh_folder("SecretFiles"), {"targets": {"one": target}})
        self.assertIn("targets.one.api_key", said)
        self.assertIn("${env:NAME}", said)
        self.assertNotIn("sk-literal", said)


class SecretsOfTheProcess(unittest.TestCase):
    """An admin of the API cannot have the process's secrets sent to a server of theirs."""

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(with_environment(
            FILE_KEY="sk-of-the-file-0123", DATABASE_PASSWORD="hunter2hunter2",
            TALLYGATE_PROVIDER_X="sk-allowed-0123456"))
        cls.folder = fresh_folder(cls.__name__)
        cls.files = cls.folder / "secrets"
        cls.files.mkdir()
        (cls.folder / "outside").write_text("outside")
        (cls.files / "provider-a").write_text("sk-a-0123456789")
        (cls.files / "provider-link").symlink_to("../outside")
        cls.mine = RawServer(lambda seen: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
        cls.theirs = RawServer(lambda seen: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
        cls.url = f"http://127.0.0.1:{cls.theirs.port}/v1"
        cls.gate = Gate(cls.folder, {
            "targets": {"one": {"url": cls.url, "model": "m", "api_key": "${env:FILE_KEY}"}},
            "routes": {"assistant": {"versions": {"1.0.0": {"targets": ["one"], "default": True}}}},
            "secrets": {"allow": ["env:TALLYGATE_PROVIDER_*", f"file:{cls.files}/provider-*"]}})
        cls.addClassCleanup(cls.gate.stop)
        cls.count = 0

    def add(self, reference, url):
        type(self).count += 1
        model = f"own-{self.count}"
        status, _, answer = call(self.gate.admin, "POST", VERSIONS, {
            "name": "n", "version": "1.0.0", "modelType": model, "isDefault": True,
            "targets": [{"url": url, "model": "m", "apiKeyRef": reference, "allowPrivate": True}]})
        if status == 201:
            self.gate.post("/v1/chat/completions", chat(model))
        return status, json.loads(answer)

    def test_what_neither_the_file_uses_nor_allows_is_refused(self):
        mine = f"http://127.0.0.1:{self.mine.port}/v1"
        for reference in ("env:DATABASE_PASSWORD", "env:FILE_KEY", "env:PATH", "env:NOT_EVEN_SET",
                          "file:/etc/hostname", f"file:{self.folder}/outside",
                          f"file:{self.files}/provider-link", f"file:{self.files}/provider-none",
                          f"file:{self.files}/provider-/../../outside"):
            status, answer = self.add(reference, mine)
            self.assertEqual(status, 422, f"{reference} {answer}")
            self.assertEqual(answer["error"]["param"], "targets[0].apiKeyRef")
        self.assertIn("add env:NOT_EVEN_SET to secrets.allow", self.add("env:NOT_EVEN_SET", mine)[1]["error"]["message"])
        self.assertFalse(self.mine.seen)

    def test_webhooks_are_signed_with_what_is_allowed_only(self):
        alert = lambda reference: call(self.gate.admin, "POST", ALERTS, {
            "metricType": "error_rate", "modelType": "assistant", "above": 0.5, "window": "1m",
            "webhook": {"url": "http://127.0.0.1:1/", "secretRef": reference, "allowPrivate": True}})
        status, _, answer = alert("env:DATABASE_PASSWORD")
        self.assertEqual((status, json.loads(answer)["error"]["param"]), (422, "webhook.secretRef"))
        self.assertEqual(alert("env:TALLYGATE_PROVIDER_X")[0], 201)

    def test_the_files_own_key_goes_where_the_file_sends_it(self):
        self.assertEqual(self.add("env:FILE_KEY", self.url)[0], 201)
        self.assertIn(b"sk-of-the-file-0123", b"".join(self.theirs.seen))

    def test_what_is_allowed_may_be_used(self):
        for reference, value in (("env:TALLYGATE_PROVIDER_X", b"sk-allowed-0123456"),
                                 (f"file:{self.files}/provider-a", b"sk-a-0123456789")):
            self.assertEqual(self.add(reference, self.url)[0], 201, reference)
            self.assertIn(value, b"".join(self.theirs.seen))


class RepeatedKeys(unittest.TestCase):
    """An upstream that repeats our key in its errors."""

    KEY = "sk-marked-repeated-key-0123"
    MASK = "*" * len(KEY)

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(with_environment(REPEATED_KEY=cls.KEY))
        cls.folder = fresh_folder(cls.__name__)
        cls.upstream = RawServer(lambda seen: cls.reply)
        url = f"http://127.0.0.1:{cls.upstream.port}/v1"
        cls.gate = Gate(cls.folder, {
            "targets": {"one": {"url": url, "model": "m", "api_key": "${env:REPEATED_KEY}"}},
            "routes": {"assistant": {"versions": {"1.0.0": {"targets": ["one"], "default": True}}}},
            "blacklist": {"failures": 1000}, "retry": {"on": []}, "log": {"level": "trace"}})
        cls.addClassCleanup(cls.gate.stop)

    def ask(self, status, pieces, fields="", stream=False):
        """`pieces` are chunks of the upstream's answer, or one text with a length."""
        kind = "text/event-stream" if stream else "application/json"
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nConnection: close\r\n{fields}"
        if isinstance(pieces, str):
            text = f"{head}Content-Length: {len(pieces)}\r\n\r\n{pieces}"
        else:
            chunks = "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces)
            text = f"{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        type(self).reply = text.encode()
        got, headers, body = self.gate.post("/v1/chat/completions", chat(stream=stream))
        self.assertNotIn(self.KEY, self.gate.log.read_text())
        return got, headers, body.decode()

    def test_an_error_is_relayed_without_it(self):
        for status in (400, 404, 422, 500, 503):
            with self.subTest(status):
                told, _, body = self.ask(status, '{"error":{"message":"wrong key %s"}}' % self.KEY)
                self.assertEqual(told, status)
                self.assertEqual(body, '{"error":{"message":"wrong key %s"}}' % self.MASK)

    def test_wherever_it_is_split(self):
        for at in range(1, len(self.KEY)):
            _, _, body = self.ask(400, ["{} " + self.KEY[:at], self.KEY[at:] + " {}"])
            self.assertEqual(body, "{} " + self.MASK + " {}")

    def test_in_an_error_that_is_too_large_to_be_held(self):
        size = 256 * 1024
        for before in (size - 40, size - 10, size, size + 5, 3 * size):
            told, _, body = self.ask(400, ["x" * before + self.KEY[:9], self.KEY[9:], "y" * size, self.KEY])
            self.assertEqual((told, len(body)), (400, before + size + 2 * len(self.KEY)))
            self.assertEqual(body.replace("x", "").replace("y", ""), self.MASK * 2)

    def test_in_the_head(self):
        _, headers, _ = self.ask(400, "{}", f"x-told: Bearer {self.KEY}\r\n")
        self.assertEqual(headers["x-told"], "Bearer " + self.MASK)

    def test_in_an_error_event_of_a_stream(self):
        content = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
        error = 'data: {"error":{"message":"%s"}}\n\n'
        _, _, body = self.ask(200, [content, error % self.KEY], stream=True)
        self.assertEqual(body, content + error % self.MASK)

    def test_an_answer_that_is_no_error_stays_as_it_is(self):
        text = '{"id":"c","choices":[{"message":{"content":"%s"}}]}' % self.KEY
        self.assertEqual(self.ask(200, text)[2], text)


class Authorities(unittest.TestCase):
    """The CA of a target is read again when its file changes."""

    def test_a_new_ca_is_used_and_a_broken_one_is_not(self):
        folder = fresh_folder("Authorities")
        right, key = make_certificate(folder, "right")
        wrong, _ = make_certificate(folder, "wrong")
        upstream = Simulator(folder, "one", ["--tls-cert", right, "--tls-key", key], scheme="https")
        self.addCleanup(upstream.stop)
        mount = folder / "mount"
        mount.mkdir()

        def put(text):
            (mount / "new").write_text(text)
            (mount / "new").rename(mount / "ca.pem")

        put(wrong.read_text())
        gate = Gate(folder, {
            "targets": {"one": {"url": upstream.base, "model": "m", "ca_file": str(mount / "ca.pem")}},
            "routes": {"assistant": {"versions": {"1.0.0": {"targets": ["one"], "default": True}}}},
            "blacklist": {"failures": 1000}})
        self.addCleanup(gate.stop)
        ask = lambda: gate.post("/v1/chat/completions", chat())[0]
        self.assertEqual(ask(), 502)
        put(right.read_text())
        wait_for(lambda: ask() == 200, "the new CA is in use")
        put("no certificate")
        wait_for(lambda: "the CA before it stays in use" in gate.log.read_text(), "the broken CA is told of")
        self.assertEqual(ask(), 200)
        self.assertEqual(call(gate.admin, "POST", "/-/reload")[0], 200)
        self.assertEqual(ask(), 200)
        put(wrong.read_text())
        wait_for(lambda: ask() == 502, "connections are verified with the next CA")


class GuessedTokens(unittest.TestCase):
    def test_guesses_are_slowed_down_and_logged_once(self):
        self.addCleanup(with_environment(MARKED_TOKEN=TOKEN))
        gate = TokenGate(fresh_folder("GuessedTokens"), {})
        self.addCleanup(gate.stop)
        guess = lambda token: call(gate.admin, "GET", "/performance", headers={"Authorization": f"Bearer {token}"})
        statuses = [guess(f"guess-{i}")[0] for i in range(30)]
        self.assertEqual(statuses[:10], [401] * 10)
        self.assertEqual(set(statuses[11:]), {429})
        status, headers, _ = guess(TOKEN)
        self.assertEqual(status, 429)
        self.assertIn("retry-after", headers)
        log = gate.log.read_text()
        self.assertIn("failed admin login", log)
        self.assertLess(log.count("failed admin login"), 4)
        self.assertNotIn("guess-", log)


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(with_environment(MARKED_TOKEN=TOKEN))
        cls.folder = fresh_folder(cls.__name__)
        cls.mount = cls.folder / "mount"
        cls.mount.mkdir()
        cls.put(cls, "first")

        class TlsGate(TokenGate):
            tls = {"certificate": str(cls.mount / "tls.crt"), "key": str(cls.mount / "tls.key")}

        cls.gate = TlsGate(cls.folder, {})
        cls.addClassCleanup(cls.gate.stop)

    def put(self, name):
        """As Kubernetes does: a folder of its own, and the link `..data` swapped to it."""
        version = self.mount / f"..{name}"
        version.mkdir()
        certificate, key = make_certificate(self.folder, name)
        certificate.rename(version / "tls.crt")
        key.rename(version / "tls.key")
        link = self.mount / "..new"
        link.symlink_to(version.name)
        link.rename(self.mount / "..data")
        for file in ("tls.crt", "tls.key"):
            if not (self.mount / file).is_symlink():
                (self.mount / file).symlink_to(pathlib.Path("..data", file))

    def ports(self):
        return self.gate.port, self.gate.admin

    def test_both_listeners_speak_tls_1_2_and_1_3_only(self):
        for port in self.ports():
            for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
                with tls_connect(port, minimum_version=version, maximum_version=version) as connection:
                    self.assertEqual(connection.version(), name)
            for version in ("-tls1_1", "-tls1"):
                out = subprocess.run(["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0",
                                      "-connect", f"127.0.0.1:{port}"], input="", capture_output=True,
                                     text=True, timeout=20)
                self.assertIn("Cipher is (NONE)", out.stdout, version)
            for ciphers in ("AES128-SHA", "ECDHE+AES:-AESGCM", "aNULL:eNULL"):
                out = subprocess.run(["openssl", "s_client", "-tls1_2", "-cipher", ciphers + ":@SECLEVEL=0",
                                      "-connect", f"127.0.0.1:{port}"], input="", capture_output=True,
                                     text=True, timeout=20)
                self.assertIn("Cipher is (NONE)", out.stdout, ciphers)

    def test_the_admin_api_answers_over_tls_and_not_without(self):
        ask = f"GET /performance HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        self.assertIn(b" 200 ", tls_request(self.gate.admin, ask.encode()))
        with self.assertRaises(Exception):
            call(self.gate.admin, "GET", "/livez", timeout=5)
        self.assertIn(b" 200 ", tls_request(self.gate.admin, ask.encode()))

    def test_rotation_is_picked_up_and_a_broken_certificate_is_not(self):
        with tls_connect(self.gate.admin) as old:
            self.put("second")
            for port in self.ports():
                wait_for(lambda: subject_at(port) == "second", "the new certificate")
            old.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.assertIn(b" 200 ", old.recv(65536))  # a connection under way keeps its own
        broken = self.mount / "..broken"
        broken.mkdir()
        (broken / "tls.crt").write_text("no certificate")
        (broken / "tls.key").write_text("no key")
        link = self.mount / "..new"
        link.symlink_to("..broken")
        link.rename(self.mount / "..data")
        wait_for(lambda: "stays in use" in self.gate.log.read_text(), "the broken file is told of")
        for port in self.ports():
            self.assertEqual(subject_at(port), "second")
        self.gate.child.send_signal(signal.SIGHUP)
        wait_for(lambda: "reload: " in self.gate.log.read_text(), "the reload is refused")
        self.assertEqual(subject_at(self.gate.port), "second")
        self.put("third")
        for port in self.ports():
            wait_for(lambda: subject_at(port) == "third", "the next certificate")


class Guard(GateTest):
    """No target or webhook of the API leads where it must not."""

    @classmethod
    def configure(cls, config):
        config["secrets"] = {"allow": ["env:HOME"]}

    def add(self, url, **more):
        self.count = getattr(self, "count", 0) + 1
        body = {"name": "n", "version": f"{self.count}.0.0", "modelType": f"ssrf-{self.id().rsplit('.')[-1]}",
                "isDefault": True, "targets": [{"url": url, "model": "m", **more}]}
        status, _, answer = call(self.gate.admin, "POST", VERSIONS, body)
        return status, answer.decode(), body

    def test_urls_that_lie_are_refused(self):
        for url in ("http://169.254.169.254/latest", "http://[::ffff:a9fe:a9fe]/", "http://2852039166/",
                    "http://0251.0376.0251.0376/", "http://0xa9.0xfe.0xa9.0xfe/", "http://[fd00:ec2::254]/",
                    "http://user@host/", "http://host/#f", "http://host/?q", "gopher://h/", "file:///etc/passwd",
                    "http://1.2.3.4.com/", "http://0.0.0.0/", "http://100.100.100.200/"):
            for more in ({}, {"allowPrivate": True}):
                status, answer, _ = self.add(url, **more)
                self.assertEqual(status, 422, f"{url} {answer}")
                self.assertIn("targets[0].url", answer)

    def test_private_addresses_want_a_word(self):
        for url in ("http://127.0.0.1:1/", "http://10.0.0.1/", "http://[::1]/", "http://192.168.1.1/",
                    "http://localhost:1/", "http://[::ffff:10.0.0.1]/", "http://[fd00::1]/"):
            status, answer, _ = self.add(url)
            self.assertEqual(status, 422, f"{url} {answer}")
            self.assertIn("allowPrivate", answer)
        status, answer, body = self.add(self.one.base, allowPrivate=True)
        self.assertEqual(status, 201, answer)
        self.assertIs(json.loads(answer)["targets"][0]["allowPrivate"], True)
        self.assertEqual(self.gate.post("/v1/chat/completions", chat(body["modelType"]))[0], 200)

    def test_a_name_is_judged_by_its_address(self):
        name = socket.gethostname()
        try:
            addresses = {entry[4][0] for entry in socket.getaddrinfo(name, 1, type=socket.SOCK_STREAM)}
        except OSError:
            self.skipTest("this host's own name has no address")
        port = self.one.base.rsplit(":", 1)[1]
        before = self.one.stats()["requests"]
        status, answer, body = self.add(f"http://{name}:{port}")
        self.assertEqual(status, 201, answer)
        status, _, answer = self.gate.post("/v1/chat/completions", chat(body["modelType"]))
        self.assertEqual(status, 502, (addresses, answer))
        self.assertEqual(self.one.stats()["requests"], before)

    def test_webhooks_obey_the_same(self):
        def alert(url, **more):
            return call(self.gate.admin, "POST", ALERTS, {
                "metricType": "error_rate", "modelType": "assistant", "above": 0.5, "window": "1m",
                "webhook": {"url": url, "secretRef": "env:HOME", **more}})[0]
        for url in ("http://169.254.169.254/", "http://1.2.3.4.com/", "http://127.0.0.1/", "http://u@h/"):
            self.assertEqual(alert(url), 422, url)
        self.assertEqual(alert("http://127.0.0.1:1/hook?x=1", allowPrivate=True), 201)

    def test_redirects_are_not_followed(self):
        elsewhere = RawServer(lambda seen: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        target = f"http://127.0.0.1:{elsewhere.port}/".encode()
        moved = RawServer(lambda seen: b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\nContent-Length: 0\r\n\r\n")
        status, answer, body = self.add(f"http://127.0.0.1:{moved.port}/v1", allowPrivate=True)
        self.assertEqual(status, 201, answer)
        self.gate.post("/v1/chat/completions", chat(body["modelType"]))
        self.assertTrue(moved.seen)
        self.assertFalse(elsewhere.seen)


class Secrets(unittest.TestCase):
    """Marked secrets in every place that takes one; then they are looked for in every place that
    shows or keeps something."""

    MARKS = {"MARKED_TOKEN": TOKEN, "MARKED_KEY": "sk-marked-upstream-key-1",
             "MARKED_HOOK": "marked-webhook-secret-2", "MARKED_API_KEY": "sk-marked-catalog-key-3"}
    CLIENT = "sk-marked-client-key-4"

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(with_environment(**cls.MARKS))
        cls.folder = fresh_folder(cls.__name__)

        def echo(seen):
            """An upstream that repeats the credential in its error."""
            key = re.search(rb"(?i)authorization: *bearer (\S+)", seen)
            body = json.dumps({"error": {"message": "wrong key " + (key[1].decode() if key else "none")}}).encode()
            return (b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: "
                    + str(len(body)).encode() + b"\r\n\r\n" + body)

        cls.upstream = RawServer(echo)
        url = f"http://127.0.0.1:{cls.upstream.port}/v1"
        route = lambda target: {"versions": {"1.0.0": {"targets": [target], "default": True}}}
        cls.gate = TokenGate(cls.folder, {
            "targets": {"echo": {"url": url, "model": "m", "api_key": "${env:MARKED_KEY}"},
                        "open": {"url": url, "model": "m", "pass_client_key": True}},
            "routes": {"echo": route("echo"), "open": route("open")},
            "secrets": {"allow": ["env:MARKED_API_KEY", "env:MARKED_HOOK"]},
            "log": {"level": "trace"}})
        cls.addClassCleanup(cls.gate.stop)
        cls.headers = {"Authorization": f"Bearer {TOKEN}"}
        for path, body in (
                (VERSIONS, {"name": "n", "version": "1.0.0", "modelType": "own", "isDefault": True,
                            "targets": [{"url": url, "model": "m", "apiKeyRef": "env:MARKED_API_KEY",
                                         "allowPrivate": True}]}),
                (ALERTS, {"metricType": "error_rate", "modelType": "echo", "above": 0.01, "window": "1m",
                          "webhook": {"url": url + "?hook=1", "secretRef": "env:MARKED_HOOK",
                                      "allowPrivate": True}})):
            status, _, answer = call(cls.gate.admin, "POST", path, body, cls.headers)
            assert status == 201, answer
        for model in ("echo", "open", "own", "none"):
            for _ in range(4):
                cls.gate.post("/v1/chat/completions", chat(model, user="u"),
                              Authorization=f"Bearer {cls.CLIENT}", x_api_key=cls.CLIENT)
        call(cls.gate.admin, "GET", "/performance", headers={"Authorization": "Bearer marked-guess-5"})
        cls.gate.child.send_signal(signal.SIGHUP)
        wait_for(lambda: "reloaded" in cls.gate.log.read_text(), "the reload")

    def check(self, where, text):
        text = text if isinstance(text, bytes) else text.encode()
        for secret in (*self.MARKS.values(), self.CLIENT, "marked-guess-5"):
            self.assertNotIn(secret.encode(), text, f"{secret} in {where}")

    def test_the_upstream_got_them(self):
        seen = b"".join(self.upstream.seen)
        for secret in ("MARKED_KEY", "MARKED_API_KEY"):
            self.assertIn(self.MARKS[secret].encode(), seen)
        self.assertIn(self.CLIENT.encode(), seen)

    def test_no_log_has_one(self):
        self.check("the log", self.gate.log.read_bytes())

    def test_no_answer_of_the_admin_api_has_one(self):
        for path in ("/-/config", "/metrics", "/performance", "/performance/blacklisted", "/api/audit", VERSIONS, ALERTS,
                     "/openapi.json", "/readyz"):
            status, _, body = call(self.gate.admin, "GET", path, headers=self.headers)
            self.assertIn(status, (200, 503), path)
            self.check(path, body)
        for record in self.gate.journal():
            self.check("a record", json.dumps(record, default=str))

    def test_no_command_prints_one(self):
        out = subprocess.run([GATE, "print-config", "--config", self.gate.config_file], capture_output=True, timeout=30)
        self.assertEqual(out.returncode, 0)
        self.check("print-config", out.stdout + out.stderr)

    def test_the_store_keeps_none(self):
        files = [file for file in self.gate.store.rglob("*") if file.is_file()]
        self.assertTrue(files)
        for file in files:
            self.check(file, file.read_bytes())

    def test_the_command_line_and_a_core_dump_have_none(self):
        process = pathlib.Path("/proc", str(self.gate.child.pid))
        self.check("argv", (process / "cmdline").read_bytes())
        limits = (process / "limits").read_text()
        if not os.environ.get("TALLYGATE_SANITIZED"):
            self.assertRegex(limits, r"Max core file size +0 ")


if __name__ == "__main__":
    unittest.main()
