"""Client keys: from the one answer that shows a key to the last request that it opens."""

import http.client
import json
import re
import socket
import threading
import time
import unittest

import anthropic
import openai
from anthropic import Anthropic
from gate import (Gate, Simulator, call, chat, fresh_folder, in_environment, two_versions,
                  wait_for)
from openai import OpenAI

ADMIN = "admin-token-of-the-test"


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


class LockedGate(Gate):
    def metric_of_rejected(self, code):
        _, _, page = call(self.admin, "GET", "/metrics", None, bearer(ADMIN))
        found = re.search(rf'^tallygate_rejected_requests_total{{.*"{code}".*}} (\S+)$', page.decode(), re.M)
        return float(found[1]) if found else 0.0

    def listeners(self, data, admin):
        both = super().listeners(data, admin)
        both["data"]["require_key"] = True
        both["admin"]["token"] = in_environment(ADMIN)
        return both


class KeysTest(unittest.TestCase):
    """One gate that requires keys; its admin listener has a token."""

    gate_class = LockedGate

    @classmethod
    def setUpClass(cls):
        cls.folder = fresh_folder(cls.__name__)
        cls.one = Simulator(cls.folder, "one")
        cls.addClassCleanup(cls.one.stop)
        config = two_versions(cls.one.base, cls.one.base, {"a": 50, "b": 50})
        config["targets"]["one"]["pass_client_key"] = True
        config["targets"]["two"]["pass_client_key"] = True
        config["auto"] = {"default": {"criterion": "cost", "candidates": ["assistant"]}}
        cls.gate = cls.gate_class(cls.folder, config)
        cls.addClassCleanup(cls.gate.stop)

    def admin(self, method, path, body=None, key=ADMIN, **headers):
        headers = {**bearer(key), **{name.replace("_", "-"): value for name, value in headers.items()}}
        status, fields, content = call(self.gate.admin, method, path, body, headers)
        return status, fields, json.loads(content) if content else None

    def make(self, name, **fields):
        status, headers, made = self.admin("POST", "/api/keys", {"name": name, **fields})
        self.assertEqual(status, 201, made)
        self.assertEqual(headers["cache-control"], "no-store")
        return made

    def ask(self, key, body=None, path="/v1/chat/completions", **headers):
        headers = {**(bearer(key) if key else {}),
                   **{name.replace("_", "-"): value for name, value in headers.items()}}
        return call(self.gate.port, "POST", path, body or chat(), headers)

    def status_of(self, key):
        return self.ask(key)[0]


class Life(KeysTest):
    def test_a_key_is_shown_once_works_and_is_revoked(self):
        made = self.make("life")
        key = made["key"]
        self.assertRegex(key, r"^tg-[A-Za-z0-9_-]{43}$")
        self.assertEqual(self.status_of(key), 200)
        self.assertEqual(call(self.gate.port, "POST", "/v1/chat/completions", chat(),
                              {"x-api-key": key})[0], 200)
        for path in ("/api/keys", f"/api/keys/{made['id']}", "/api/audit"):
            status, _, shown = self.admin("GET", path)
            self.assertEqual(status, 200)
            self.assertNotIn(key, json.dumps(shown))
            self.assertNotIn("hash", json.dumps(shown))
        self.assertEqual(self.admin("DELETE", f"/api/keys/{made['id']}")[0], 200)
        self.assertEqual(self.status_of(key), 401, "the next request does not get in")

    def test_wrong_keys_are_401_in_the_words_of_each_api(self):
        for headers in ({}, bearer("tg-" + "x" * 43), bearer("sk-theirs"), {"x-api-key": "tg-short"}):
            status, fields, body = call(self.gate.port, "POST", "/v1/chat/completions", chat(), headers)
            self.assertEqual(status, 401)
            self.assertEqual(fields["www-authenticate"], "Bearer")
            self.assertEqual(json.loads(body)["error"]["code"], "invalid_api_key")
        _, _, body = call(self.gate.port, "POST", "/v1/messages", chat("claude"), {})
        self.assertEqual(json.loads(body)["error"]["type"], "authentication_error")
        self.assertEqual(call(self.gate.port, "GET", "/v1/models")[0], 401)
        self.assertEqual(call(self.gate.port, "GET", "/livez")[0], 200)

    def test_a_restart_keeps_keys(self):
        key = self.make("kept")["key"]
        self.gate.restart(kill=True)
        self.assertEqual(self.status_of(key), 200)
        self.gate.restart()
        self.assertEqual(self.status_of(key), 200)

    def test_rotation_without_and_with_overlap(self):
        made = self.make("rotated")
        path = f"/api/keys/{made['id']}/rotate"
        status, headers, second = self.admin("POST", path, {"overlap": "0s"})
        self.assertEqual((status, headers["cache-control"]), (200, "no-store"))
        self.assertEqual(self.status_of(made["key"]), 401)
        self.assertEqual(self.status_of(second["key"]), 200)
        third = self.admin("POST", path, {"overlap": "1h"})[2]
        self.assertEqual(self.status_of(second["key"]), 200)
        self.assertEqual(self.status_of(third["key"]), 200)
        self.assertEqual(third["previousLastFour"], second["key"][-4:])
        fourth = self.admin("POST", path, {"overlap": "100ms"})[2]
        wait_for(lambda: self.status_of(third["key"]) == 401, "the overlap ends")
        self.assertEqual(self.status_of(fourth["key"]), 200)

    def test_a_key_expires_by_itself(self):
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
        key = self.make("short", expiresAt=soon)["key"]
        self.assertEqual(self.status_of(key), 200)
        wait_for(lambda: self.status_of(key) == 401, "the key expires")

    def test_a_repeated_creation_shows_no_key(self):
        first = self.admin("POST", "/api/keys", {"name": "twice"}, Idempotency_Key="again")[2]
        status, headers, second = self.admin("POST", "/api/keys", {"name": "twice"},
                                             Idempotency_Key="again")
        self.assertEqual((status, headers["idempotency-replayed"]), (201, "true"))
        self.assertEqual((second["id"], second["key"]), (first["id"], None))

    def test_no_file_and_no_log_has_a_key(self):
        keys = [self.make("secret", concurrency=1)["key"]]
        made = self.admin("POST", "/api/keys", {"name": "secret2"}, Idempotency_Key="s")[2]
        keys.append(made["key"])
        keys.append(self.admin("POST", f"/api/keys/{made['id']}/rotate", {"overlap": "1h"})[2]["key"])
        for key in keys:
            self.assertEqual(self.status_of(key), 200)
        headers, _ = self.one.last()
        self.assertNotIn("authorization", headers, "the gate's own key stays here")
        self.assertNotIn("x-api-key", headers)
        self.gate.stop()
        self.assertTrue((self.gate.store / "client_keys.pepper").exists())
        self.assertEqual((self.gate.store / "client_keys.pepper").stat().st_mode & 0o777, 0o600)
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        self.assertGreater(len(files), 10)
        for path in files:
            content = path.read_bytes()
            for key in keys:
                self.assertNotIn(key.encode(), content, path)
                self.assertNotIn(key[3:].encode(), content, path)
        self.gate.restart()


class Peppers(unittest.TestCase):
    """The pepper of the configuration, in place of the store's own."""

    def test_a_pepper_of_the_environment_and_what_another_one_does(self):
        folder = fresh_folder("Peppers")
        config = two_versions("http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1")
        right, wrong = (in_environment(digit * 64) for digit in "ab")
        gate = LockedGate(folder, {**config, "secrets": {"pepper": right}})
        self.addCleanup(gate.stop)
        self.assertFalse((gate.store / "client_keys.pepper").exists())
        ask = lambda key: call(gate.port, "GET", "/v1/models", None, bearer(key))[0]
        key = json.loads(call(gate.admin, "POST", "/api/keys", {"name": "k"}, bearer(ADMIN))[2])["key"]
        self.assertEqual(ask(key), 200)

        def put(pepper):
            gate.config_file.write_text(gate.config_file.read_text().replace(
                right if pepper == wrong else wrong, pepper))

        put(wrong)
        status, _, body = call(gate.admin, "POST", "/-/reload", None, bearer(ADMIN))
        self.assertEqual(status, 400)
        self.assertIn("secrets.pepper", body.decode())
        self.assertEqual(ask(key), 200, "a reload changes nothing")
        gate.restart()
        self.assertEqual(ask(key), 401)
        self.assertIn("1 client keys were made with another pepper", gate.log.read_text())
        shown = json.loads(call(gate.admin, "GET", "/api/keys", None, bearer(ADMIN))[2])["data"][0]
        self.assertIs(shown["isUsable"], False)
        put(right)
        gate.restart()
        self.assertEqual(ask(key), 200)


class Heads(KeysTest):
    """What clients may put where a key belongs, byte by byte."""

    def exchange(self, fields, body=b""):
        """-> (the head of the answer, whether the connection stays open)."""
        text = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n").encode("latin-1") + fields + b"\r\n"
        with socket.create_connection(("127.0.0.1", self.gate.port), 20) as client:
            client.sendall(text + body)
            answer = b""
            while b"\r\n\r\n" not in answer:
                piece = client.recv(65536)
                self.assertTrue(piece, answer)
                answer += piece
            head, rest = answer.split(b"\r\n\r\n", 1)
            length = re.search(rb"(?i)content-length: (\d+)", head)
            while len(rest) < int(length[1] if length else 0):
                rest += client.recv(65536)
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                stays = client.recv(65536).startswith(b"HTTP/1.1 200")
            except ConnectionError:
                stays = False
            return head.decode(), stays

    def check(self, fields, status, stays, body=json.dumps(chat()).encode()):
        head, stayed = self.exchange(fields, body)
        self.assertEqual((int(head[9:12]), stayed), (status, stays), head)
        self.assertEqual("connection: close" in head.lower(), not stays, head)

    def test_each_head(self):
        key = self.make("heads")["key"].encode()
        good = b"Authorization: Bearer " + key + b"\r\n"
        wrong = b"Authorization: Bearer tg-" + b"x" * 43 + b"\r\n"
        self.check(good, 200, True)
        self.check(b"", 401, True)
        self.check(wrong, 401, True)
        self.check(good + good, 400, False)
        self.check(good + wrong, 400, False)
        self.check(b"Authorization: Bearer " + b"x" * 8192 + b"\r\n", 401, False)
        self.check(b"Authorization: Bearer \xc3\xa9\r\n", 401, False)
        self.check(b"x-api-key: \xc3\xa9\r\n", 401, False)

    def test_expect_continue(self):
        made = self.make("expects")
        body = json.dumps(chat()).encode()
        head, _ = self.exchange(b"Expect: 100-continue\r\nAuthorization: Bearer tg-wrong\r\n", body)
        self.assertTrue(head.startswith("HTTP/1.1 401"), head)
        fields = b"Expect: 100-continue\r\nAuthorization: Bearer " + made["key"].encode() + b"\r\n"
        head, _ = self.exchange(fields, body)
        self.assertTrue(head.startswith(("HTTP/1.1 100", "HTTP/1.1 200")), head)


class Roles(KeysTest):
    def test_a_role_decides_the_listener(self):
        application = self.make("app")["key"]
        viewer = self.make("viewer", role="viewer")["key"]
        admin = self.make("admin", role="admin")["key"]
        self.assertEqual(self.status_of(application), 200)
        for key in (viewer, admin):
            status, _, body = self.ask(key)
            self.assertEqual(status, 403)
            self.assertIn("admin listener", json.loads(body)["error"]["message"])
        self.assertEqual(self.admin("GET", "/performance", key=viewer)[0], 200)
        status, _, body = self.admin("POST", "/-/reload", key=viewer)
        self.assertEqual(status, 403)
        self.assertIn("admin", body["error"]["message"])
        self.assertEqual(self.admin("GET", "/api/keys", key=viewer)[0], 403)
        self.assertEqual(self.admin("GET", "/-/version", key=application)[0], 403)
        self.assertEqual(self.admin("GET", "/-/version", key="tg-" + "x" * 43)[0], 401)
        self.assertEqual(self.admin("POST", "/-/reload", key=admin)[0], 200)

    def test_the_audit_trail_names_the_key(self):
        admin = self.make("chief", role="admin")["key"]
        self.assertEqual(self.admin("POST", "/api/keys", {"name": "by chief"}, key=admin)[0], 201)
        entry = self.admin("GET", "/api/audit?limit=1")[2]["data"][0]
        self.assertEqual((entry["actor"], entry["after"]["name"]), ("key chief", "by chief"))

    def test_a_key_is_for_its_routes(self):
        key = self.make("scoped", routes=["assistant"])["key"]
        self.assertEqual(self.status_of(key), 200)
        status, _, body = self.ask(key, chat("unlucky"))
        self.assertEqual((status, json.loads(body)["error"]["code"]), (403, "forbidden"))
        self.assertEqual(self.ask(key, chat("assistant@1.0.0"))[0], 200)
        self.assertEqual(self.ask(key, chat("unlucky@1.0.0"))[0], 403)
        models = json.loads(call(self.gate.port, "GET", "/v1/models", None, bearer(key))[2])
        self.assertEqual([model["id"] for model in models["data"]], ["assistant"])
        self.assertEqual(call(self.gate.port, "GET", "/v1/models/offline", None, bearer(key))[0], 403)
        status, _, body = self.admin("POST", "/api/keys", {"name": "x", "routes": ["nowhere"]})
        self.assertEqual((status, body["error"]["code"]), (422, "rule_broken"))


class Limits(KeysTest):
    def test_requests_per_minute(self):
        key = self.make("slow", requestsPerMinute=2)["key"]
        status, headers, _ = self.ask(key)
        self.assertEqual(status, 200)
        self.assertEqual(headers["x-ratelimit-limit-requests"], "2")
        self.assertEqual(headers["x-ratelimit-remaining-requests"], "1")
        self.assertRegex(headers["x-ratelimit-reset-requests"], r"^(30|29\.\d+)s$")
        self.assertEqual(self.status_of(key), 200)
        status, headers, body = self.ask(key)
        self.assertEqual((status, json.loads(body)["error"]["code"]), (429, "rate_limited"))
        self.assertEqual(headers["x-should-retry"], "false")
        self.assertEqual(headers["x-ratelimit-remaining-requests"], "0")
        self.assertTrue(1 <= int(headers["retry-after"]) <= 30)
        self.assertTrue(1 <= int(headers["retry-after-ms"]) <= 30_000)

    def test_anthropic_clients_are_told_in_their_words(self):
        key = self.make("claude", requestsPerMinute=5)["key"]
        body = {**chat("claude"), "max_tokens": 5}
        status, headers, _ = call(self.gate.port, "POST", "/v1/messages", body, {"x-api-key": key})
        self.assertEqual(status, 200)
        self.assertEqual(headers["anthropic-ratelimit-requests-remaining"], "4")
        self.assertRegex(headers["anthropic-ratelimit-requests-reset"], r"^\d{4}-\d\d-\d\dT")

    def test_tokens_per_minute(self):
        key = self.make("brief", tokensPerMinute=2)["key"]
        self.assertEqual(self.status_of(key), 200)
        status, headers, _ = self.ask(key)
        self.assertEqual((status, headers["x-ratelimit-remaining-tokens"]), (429, "0"))

    def test_tokens_of_a_client_that_leaves_early(self):
        key = self.make("hasty", tokensPerMinute=5)["key"]
        before = len(self.gate.journal())
        connection = http.client.HTTPConnection("127.0.0.1", self.gate.port, timeout=20)
        connection.request("POST", "/v1/chat/completions", json.dumps(chat(stream=True)),
                           {**bearer(key), "Content-Type": "application/json",
                            "x-sim-fault": "hang-mid-stream:2"})
        connection.getresponse().read(10)
        connection.close()
        wait_for(lambda: len(self.gate.journal()) > before, "the record is there")
        self.assertEqual(self.gate.journal()[-1]["outcome"], "client_abort")
        self.assertEqual(self.status_of(key), 429)

    def test_concurrency(self):
        key = self.make("narrow", concurrency=1)["key"]
        before = self.one.stats()["requests"]
        answers = []
        slow = threading.Thread(target=lambda: answers.append(
            self.ask(key, x_sim_fault="delay:1500ms")[0]))
        slow.start()
        wait_for(lambda: self.one.stats()["requests"] > before, "the first is upstream")
        status, headers, body = self.ask(key)
        self.assertEqual((status, headers["retry-after"]), (429, "1"), body)
        slow.join()
        self.assertEqual(answers, [200])
        self.assertEqual(self.status_of(key), 200)

    def test_a_key_without_limits_has_no_such_fields(self):
        _, headers, _ = self.ask(self.make("free")["key"])
        self.assertFalse([name for name in headers if "ratelimit" in name])

    def test_an_address_is_told_so_often_that_its_key_is_wrong(self):
        good = self.make("good")["key"]
        statuses = [self.status_of("tg-" + "x" * 43) for _ in range(80)]
        self.assertEqual(set(statuses), {401, 429})
        self.assertEqual(self.status_of(good), 200, "a right key is always let in")


class Experiments(KeysTest):
    TESTS = "/api/v1/ab-tests"

    def get(self, path, key):
        status, _, body = call(self.gate.port, "GET", path, None, bearer(key))
        return status, json.loads(body)

    def test_an_application_asks_for_a_variant_and_gets_it(self):
        key = self.make("asks")["key"]
        for unit in ("ann", "bob", "cleo", "dan"):
            path = f"{self.TESTS}/user/variant?model_type=assistant&user_id={unit}"
            status, told = self.get(path, key)
            self.assertEqual(status, 200)
            self.assertEqual(told, self.admin("GET", path)[2])
            _, headers, _ = self.ask(key, chat(user=unit))
            self.assertEqual(headers["x-tallygate-variant"], told["variant"])
        self.assertEqual(self.get(f"{self.TESTS}/user/variant?model_type=offline&user_id=x", key),
                         (200, None))
        self.assertEqual(call(self.gate.port, "GET", f"{self.TESTS}/user/variant")[0], 401)

    def test_an_application_reports_metrics(self):
        key = self.make("reports")["key"]
        scoped = self.make("reports not", routes=["offline"])["key"]
        test = self.admin("GET", self.TESTS)[2]["data"][0]["test_id"]
        path = f"{self.TESTS}/{test}/metrics"
        value = {"variant": "a", "user_id": "ann", "name": "satisfaction", "value": 4.5}
        status, _, body = self.ask(key, value, path)
        self.assertEqual((status, json.loads(body)["count"]), (201, 1), body)
        self.assertEqual(self.ask(key, {**value, "user_id": "bob"}, path)[0], 201)
        self.assertEqual(self.ask(None, value, path)[0], 401)
        self.assertEqual(self.ask(scoped, value, path)[0], 403)
        self.assertEqual(self.ask(key, {"name": "x"}, path)[0], 400)
        self.assertEqual(self.ask(key, value, f"{self.TESTS}/{'0' * 8}-0000-7000-8000-{'0' * 12}/metrics")[0], 404)
        self.assertEqual(self.ask(key, value, f"{self.TESTS}/{test}/start")[0], 404)
        entry = self.admin("GET", "/api/audit?limit=1")[2]["data"][0]
        self.assertEqual(entry["actor"], "key reports")

    def test_an_application_gives_feedback(self):
        key = self.make("rates")["key"]
        scoped = self.make("rates others", routes=["offline"])["key"]
        status, headers, answer = self.ask(key)
        self.assertEqual(status, 200)
        said = {"request_id": headers["x-request-id"], "rating": {"stars": 5}}
        self.assertEqual(self.ask(None, said, "/v1/feedback")[0], 401)
        self.assertEqual(self.ask(scoped, said, "/v1/feedback")[0], 404, "of a route that it may not use")
        status, _, body = self.ask(key, said, "/v1/feedback")
        self.assertEqual(status, 201, body)
        by_model = {"response_id": json.loads(answer)["id"], "rating": {"stars": 2}}
        self.assertEqual(self.ask(key, by_model, "/v1/feedback")[0], 201)
        shown = self.admin("GET", f"/v1/feedback/{headers['x-request-id']}")[2]
        self.assertEqual((shown["model"], shown["latest"]["actor"]), ("assistant", "key rates"))
        self.assertEqual((shown["latest"]["rating"], shown["earlier"][0]["rating"]),
                         ({"stars": 2}, {"stars": 5}))
        self.assertEqual(shown["variant"], headers["x-tallygate-variant"])

    def test_a_key_for_pools_rates_what_it_got(self):
        key = self.make("pools", routes=["auto"])["key"]
        self.assertEqual(self.ask(key)[0], 403)
        status, headers, _ = self.ask(key, chat("auto"))
        self.assertEqual(status, 200)
        said = {"request_id": headers["x-request-id"], "rating": {"thumbs": "up"}}
        self.assertEqual(self.ask(key, said, "/v1/feedback")[0], 201)


class Sdks(KeysTest):
    def openai(self, key):
        return OpenAI(base_url=f"{self.gate.url}/v1", api_key=key)

    def test_openai(self):
        key = self.make("openai", requestsPerMinute=2)["key"]
        client = self.openai(key)
        answer = client.chat.completions.with_raw_response.create(**chat())
        self.assertEqual(answer.headers["x-ratelimit-remaining-requests"], "1")
        self.assertTrue(answer.parse().choices)
        self.assertEqual([model.id for model in client.models.list()][0], "assistant")
        before = self.gate.metric_of_rejected("rate_limited")
        with self.assertRaises(openai.RateLimitError):
            client.chat.completions.create(**chat())
        self.assertEqual(self.gate.metric_of_rejected("rate_limited") - before, 1, "it did not retry")
        with self.assertRaises(openai.AuthenticationError):
            self.openai("tg-" + "x" * 43).chat.completions.create(**chat())
        scoped = self.make("openai scoped", routes=["claude"])["key"]
        with self.assertRaises(openai.PermissionDeniedError):
            self.openai(scoped).chat.completions.create(**chat())

    def test_anthropic(self):
        key = self.make("anthropic")["key"]
        body = {**chat("claude"), "max_tokens": 5}
        self.assertTrue(Anthropic(base_url=self.gate.url, api_key=key).messages.create(**body).content)
        with self.assertRaises(anthropic.AuthenticationError):
            Anthropic(base_url=self.gate.url, api_key="tg-wrong").messages.create(**body)


class OpenGate(Gate):
    """As quickstart has it: no key is required, the admin listener has no token."""


class Open(KeysTest):
    gate_class = OpenGate

    def test_a_key_counts_where_none_is_required(self):
        self.assertEqual(self.status_of(None), 200)
        self.assertEqual(self.status_of("sk-of-a-provider"), 200)
        self.assertEqual(self.one.last()[0]["authorization"], "Bearer sk-of-a-provider")
        key = self.make("known", requestsPerMinute=1)["key"]
        self.assertEqual(self.status_of(key), 200)
        self.assertNotIn("authorization", self.one.last()[0])
        self.assertEqual(self.status_of(key), 429)
        self.assertEqual(self.status_of("tg-" + "x" * 43), 200, "as anybody else")
        self.assertNotIn("authorization", self.one.last()[0])

    def test_metrics_need_a_key_all_the_same(self):
        test = self.admin("GET", "/api/v1/ab-tests")[2]["data"][0]["test_id"]
        value = {"variant": "a", "name": "m", "value": 1}
        path = f"/api/v1/ab-tests/{test}/metrics"
        self.assertEqual(self.ask(None, value, path)[0], 401)
        self.assertEqual(self.ask(self.make("writer")["key"], value, path)[0], 201)

    def test_requests_with_a_key_and_no_unit_stick_together(self):
        key = self.make("sticky")["key"]
        variants = {self.ask(key)[1]["x-tallygate-variant"] for _ in range(8)}
        self.assertEqual(len(variants), 1)


if __name__ == "__main__":
    unittest.main()
