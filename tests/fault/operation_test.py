"""Fault table 5.4: what happens to the gate itself and to what it stands on."""

import concurrent.futures
import json
import os
import resource
import subprocess
import threading
import time
import unittest.mock

from gate import BUILD, GATE, Gate, call, in_environment, wait_for
from raw_http import STREAM_HEAD, Client, chunk, request
from rows import FaultTest, as_json, chat, main

TOKEN = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
HTML = '"><img src=x onerror=alert(1)>'


def ticking(link):
    """A stream that ends when the test says so."""
    link.send(STREAM_HEAD + chunk(TOKEN))
    ends = link.upstream.may_end
    while not ends.wait(0.02):
        link.send(chunk(TOKEN))
    link.send(chunk(DONE) + b"0\r\n\r\n")


def hang(link):
    link.left_within(10)


class OperationTest(FaultTest):
    scripts = {"ticking": ticking, "hang": hang}
    timeouts = {"hang": {"first_token": "500ms", "response_head": "500ms"}}

    @classmethod
    def make_config(cls):
        cls.upstream.may_end = threading.Event()
        return super().make_config()

    def setUp(self):
        self.upstream.may_end.clear()

    def ask(self, model="good", **fields):
        return self.connect().send(request(chat(model, **fields))).answer()

    def ask_many(self, count, threads=4):
        """-> (status, seconds) of each."""
        def one(_):
            began = time.monotonic()
            with Client(self.gate.port) as client:
                status = client.send(request(chat())).answer().status
            return status, time.monotonic() - began
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, range(count)))

    def open_stream(self):
        client = self.connect().send(request(chat("ticking", stream=True)))
        client.until(b"Hi")
        return client

    def finish_stream(self, client):
        self.upstream.may_end.set()
        rest = client.until(b"0\r\n\r\n")
        self.assertIn(DONE, rest)

    def readiness(self):
        return call(self.gate.admin, "GET", "/readyz")[2].decode()

    def reload(self):
        status, _, body = call(self.gate.admin, "POST", "/-/reload")
        return status, body.decode()


class Disasters(OperationTest):
    """A gate with disaster.cpp beneath it."""

    @classmethod
    def start(cls, config):
        cls.disasters = cls.folder / "disasters"
        cls.disasters.mkdir()
        cls.happen("names", "127.0.0.1")
        port = cls.upstream.port
        config["targets"]["named"] = {"url": f"http://model.test:{port}/good/v1", "model": "model-named"}
        config["routes"]["named"] = {"versions": {"1.0.0": {"targets": ["named"], "default": True}}}
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        beneath = {"LD_PRELOAD": str(BUILD / "disaster.so"), "ASAN_OPTIONS": options,
                   "TALLYGATE_DISASTER": str(cls.disasters), "TALLYGATE_STORE": str(cls.folder / "data")}
        with unittest.mock.patch.dict(os.environ, beneath):
            return super().start(config)

    @classmethod
    def happen(cls, disaster, text=""):
        file = cls.disasters / disaster
        beside = file.with_suffix(".new")
        beside.write_text(text)
        beside.rename(file)

    @classmethod
    def end(cls, disaster):
        (cls.disasters / disaster).unlink(missing_ok=True)

    def setUp(self):
        super().setUp()
        for disaster in ("full", "stall", "clock"):
            self.addCleanup(self.end, disaster)

    def dropped(self):
        return self.gate.metric("tallygate_journal_dropped_total")

    def degraded(self):
        return self.gate.metric("tallygate_journal_degraded") == 1

    def test_row_52_disk_full(self):
        self.ask()
        before, kept, dropped = len(self.journal("good")), self.open_stream(), self.dropped()
        self.happen("full")
        answers = self.ask_many(60)
        self.assertEqual({status for status, _ in answers}, {200}, "traffic goes on")
        wait_for(self.degraded, "the journal says that it is degraded")
        self.assertIn("degraded", self.readiness())
        self.assertEqual(call(self.gate.port, "GET", "/readyz")[0], 200, "it still takes traffic")
        answers += self.ask_many(60)
        self.assertEqual({status for status, _ in answers}, {200})
        self.finish_stream(kept)

        self.end("full")
        wait_for(lambda: not self.degraded(), "it is reopened by itself")
        self.assertEqual(self.record(self.ask())["outcome"], "ok")
        recorded = len(self.journal("good")) - before
        lost = self.dropped() - dropped
        self.assertEqual(recorded + lost, 121 + (len(self.journal("ticking")) == 0),
                         f"{recorded} recorded and {lost} counted as lost of 121 and a stream")

    def test_row_54_writer_stalled(self):
        self.ask()
        dropped, unacknowledged = self.dropped(), self.gate.metric("tallygate_unacknowledged_answers_total")
        before = len(self.journal("good"))
        self.happen("stall")
        stalled = time.monotonic()
        answers = self.ask_many(40)
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertLess(max(seconds for _, seconds in answers), 1, "an answer waits 50 ms at most")
        self.assertGreaterEqual(self.gate.metric("tallygate_unacknowledged_answers_total"), unacknowledged + 3)
        began = time.monotonic()
        self.assertEqual({status for status, _ in self.ask_many(40)}, {200})
        self.assertLess(time.monotonic() - began, 2, "answers have stopped waiting")
        wait_for(lambda: "degraded" in self.readiness(), "readiness says so", 15)
        asked = 80
        pace = threading.Event()
        while time.monotonic() < stalled + 10:  # traffic goes on all the while
            pace.wait(0.1)
            answers = self.ask_many(40)
            asked += 40
            self.assertEqual({status for status, _ in answers}, {200})
            self.assertLess(max(seconds for _, seconds in answers), 1)
        waiting = self.gate.metric("tallygate_journal_queued")
        self.assertGreaterEqual(waiting, asked - 80, "the queue holds what is not written")
        self.assertLess(waiting, 65_536, "and is bounded")
        self.end("stall")
        wait_for(lambda: len(self.journal("good")) == before + asked, "all of them are recorded after all")
        self.assertEqual(self.dropped(), dropped)

    def test_row_56_wall_clock_jumps_back(self):
        client = self.open_stream()
        self.happen("clock", "-3600")
        self.addCleanup(self.end, "clock")
        began = time.monotonic()
        self.assert_error(self.ask("hang"), 504, "upstream_timeout")
        self.assertLess(time.monotonic() - began, 5, "deadlines do not look at the wall clock")
        answer = self.ask()
        record = self.record(answer)
        self.finish_stream(client)
        stream = self.last_record("ticking", len(self.journal("ticking")) or 1)
        for told in (record, stream):
            for key in ("latency_ms", "overhead_ms"):
                self.assertGreaterEqual(told[key], 0)
                self.assertLess(told[key], 60_000)
        for attempt in self.journal("hang")[-1]["attempts_detail"]:
            self.assertLess(float(attempt["duration_ms"]), 60_000)

    def test_row_57_names(self):
        self.assertEqual(self.ask("named").status, 200)
        with self.subTest("failure"):
            self.end("names")
            self.assertEqual(self.reload()[0], 200)  # looks all names up again
            wait_for(lambda: "cannot resolve model.test" in self.gate.log.read_text(), "it was noticed")
            self.assertEqual(self.ask("named").status, 200, "the last good address serves on")
        with self.subTest("change"):
            self.happen("names", "127.0.0.2")  # nobody listens there
            self.assertEqual(self.reload()[0], 200)
            wait_for(lambda: self.ask("named").status == 502, "new connections go to the new address")
            self.happen("names", "127.0.0.1")
            self.assertEqual(self.reload()[0], 200)
            wait_for(lambda: self.ask("named").status == 200, "and back")


class Operations(OperationTest):
    settings = {"timeouts": {"pool_idle": "30s"}, "limits": {"connections": 1000}}

    def setUp(self):
        super().setUp()
        self.config = json.loads(self.gate.config_file.read_text())
        self.addCleanup(self.serve_config, json.dumps(self.config))

    def serve_config(self, text):
        self.gate.config_file.write_text(text)
        self.assertEqual(self.reload()[0], 200)

    def test_row_50_invalid_reload(self):
        def changed(change):
            config = json.loads(json.dumps(self.config))
            change(config)
            return json.dumps(config)

        good = self.config["routes"]["good"]
        experiment = {"name": "x", "variants": {"a": "1.0.0", "b": "2.0.0"}, "split": {"a": 70, "b": 70}}
        broken = {
            "syntax": "routes: [",
            "no mapping": "7",
            "unknown target": changed(lambda c: c["routes"].update(
                bad={"versions": {"1.0.0": {"targets": ["nobody"], "default": True}}})),
            "duplicate name": json.dumps(self.config)[:-1] + ', "routes": {}}',
            "bad weight": changed(lambda c: c["routes"].update(bad={
                "versions": {**good["versions"], "2.0.0": {"targets": ["good"]}}, "experiment": experiment})),
            "unknown key": changed(lambda c: c.update(nonsense=1)),
            "bad duration": changed(lambda c: c.update(timeouts={"connect": "soon"})),
            "bad URL": changed(lambda c: c["targets"]["good"].update(url="ftp://x")),
            "undefined variable": changed(lambda c: c["targets"]["good"].update(api_key="${env:NOT_THERE_X}")),
            "other listener": changed(lambda c: c["listeners"]["data"].update(port=1)),
        }
        generation = self.gate.metric("tallygate_config_generation")
        for name, text in broken.items():
            with self.subTest(name):
                self.gate.config_file.write_text(text)
                status, body = self.reload()
                self.assertEqual(status, 400, body)
                error = json.loads(body)["error"]
                self.assertEqual(set(error), {"message", "type", "param", "code"})
                self.assertGreater(len(error["message"]), 10, "it says why")
                self.assertEqual(self.gate.metric("tallygate_config_generation"), generation)
                self.assertEqual(self.gate.metric("tallygate_config_last_reload_successful"), 0)
                self.assertEqual(self.ask().status, 200, "the old one serves")
        self.gate.config_file.write_text(json.dumps(self.config))
        self.assertEqual(self.reload()[0], 200)
        self.assertEqual(self.gate.metric("tallygate_config_last_reload_successful"), 1)

    def test_row_51_reload_under_load(self):
        stream = self.open_stream()
        done = threading.Event()
        told = []

        def load():
            with Client(self.gate.port) as client:
                while not done.is_set():
                    told.append(client.send(request(chat())).answer().status)
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        connections = self.upstream.connections
        for number in range(12):
            self.config["routes"][f"new{number}"] = self.config["routes"]["good"]
            self.gate.config_file.write_text(json.dumps(self.config))
            status, body = self.reload()
            self.assertEqual(status, 200, body)
            self.assertEqual(self.ask(f"new{number}").status, 200, "the next request sees it")
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(told), {200})
        self.assertGreater(len(told), 50)
        self.assertLess(self.upstream.connections - connections, 30, "unchanged targets keep their pools")
        self.finish_stream(stream)

    def test_row_51_removed_while_in_use(self):
        config = json.loads(json.dumps(self.config))
        for name in ("ticking", "ticking-or-good", "ticking-claude"):
            del config["routes"][name]
        for name in ("ticking", "ticking-claude"):
            del config["targets"][name]
        stream = self.open_stream()
        self.gate.config_file.write_text(json.dumps(config))
        self.assertEqual(self.reload()[0], 200)
        self.assertEqual(self.ask("ticking").status, 404)
        self.finish_stream(stream)

    def test_row_55_out_of_descriptors(self):
        stream = self.open_stream()
        pid = self.gate.child.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        open_now = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + 6, hard))
        self.addCleanup(resource.prlimit, pid, resource.RLIMIT_NOFILE, (soft, hard))
        clients = [self.connect() for _ in range(40)]
        for client in clients:
            client.send(request(b"", "/livez", "GET"))
        first = len(stream.input)
        wait_for(lambda: stream.more() and len(stream.input) > first + 500, "the stream goes on")
        spent = self.cpu_seconds(pid)
        wait_for(lambda: stream.more() and len(stream.input) > first + 3000, "the stream goes on")
        self.assertLess(self.cpu_seconds(pid) - spent, 2, "accepting backs off")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        for client in clients:
            self.assertEqual(client.answer().status, 200, "served when there is room again")
        self.finish_stream(stream)

    @staticmethod
    def cpu_seconds(pid):
        fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Killed(OperationTest):
    def test_row_49_sigkill(self):
        done = threading.Event()
        told = []

        def load():
            try:
                with Client(self.gate.port) as client:
                    while not done.is_set():
                        began = time.monotonic()
                        answer = client.send(request(chat())).answer()
                        if answer.complete and time.monotonic() - began < 0.045:
                            told.append(answer.fields["x-request-id"])
            except (OSError, EOFError):
                pass
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(told) > 100, "some load")
        self.gate.kill()
        done.set()
        for thread in threads:
            thread.join()
        self.gate.restart(kill=True)
        ids = [record["request_id"] for record in self.journal("good")]
        self.assertEqual(len(ids), len(set(ids)), "each once")
        self.assertLessEqual(set(told), set(ids), "what was acknowledged is there")

    def test_row_53_corrupt_files(self):
        for _ in range(20):
            self.ask()
        self.gate.stop()
        store = self.gate.store
        for kind in ("MANIFEST-*", "CURRENT", "*.sst"):
            for file in sorted(store.rglob(kind)):
                if "journal" not in str(file):
                    continue
                with self.subTest(str(file.relative_to(store))):
                    sound = file.read_bytes()
                    names = sorted(path.name for path in file.parent.iterdir())
                    file.write_bytes(bytes(byte ^ 0x5a for byte in sound))
                    self.check_refuses_to_start(file)
                    self.assertLessEqual({name for name in names if name.endswith(".sst")},
                                         {path.name for path in file.parent.iterdir()}, "nothing is lost")
                    file.write_bytes(sound)
                break
        self.gate.restart()
        self.assertEqual(len(self.journal("good")) >= 20, True)

    def check_refuses_to_start(self, file):
        """Or serves while it says loudly that the store is bad; never a silent fresh start."""
        with subprocess.Popen([GATE, "serve", "--config", self.gate.config_file], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
            def ready():
                return child.poll() is not None or self.gate.answers_ready(self.gate.port)
            wait_for(ready, "it has started or refused")
            if child.poll() is None:
                records = len(self.journal("good"))
                child.terminate()
            said = child.communicate(timeout=20)[0]
            if child.returncode == 0:
                self.assertGreaterEqual(records, 20, f"a silent fresh start with a bad {file.name}: {said}")
            else:
                self.assertEqual(child.returncode, 1, said)
                self.assertIn(str(self.gate.store), said)


class GateWithToken(Gate):
    token = "t0ken-of-a-test-which-nobody-may-see"

    def listeners(self, data, admin):
        found = super().listeners(data, admin)
        found["admin"]["token"] = in_environment(self.token)
        return found

    def metric(self, name):
        raise NotImplementedError("needs the token")


class Admin(FaultTest):
    """Rows 58 and 59; the provider's key and the token must not be seen anywhere."""

    secret = "sk-provider-secret-0123456789"

    @classmethod
    def make_config(cls):
        config = super().make_config()
        config["targets"]["good"]["api_key"] = in_environment(cls.secret)
        return config

    @classmethod
    def start(cls, config):
        return GateWithToken(cls.folder, config)

    def admin(self, method="GET", path="/performance", body=None, token=True, **fields):
        headers = {key.replace("_", "-"): value for key, value in fields.items()}
        if token:
            headers["Authorization"] = "Bearer " + GateWithToken.token
        return call(self.gate.admin, method, path, body, headers)

    def check(self, expected, *arguments, **options):
        status, fields, body = self.admin(*arguments, **options)
        self.assertIn(status, expected, body)
        self.assertNotIn("access-control-allow-origin", fields)
        if status >= 400:
            self.assertEqual(set(json.loads(body)["error"]), {"message", "type", "param", "code"})
        for secret in (self.secret, GateWithToken.token):
            self.assertNotIn(secret.encode(), body)
        return body

    def test_row_58_who_may_ask(self):
        here = f"127.0.0.1:{self.gate.admin}"
        self.check({200})
        for path in ("/performance", "/-/config", "/metrics", "/api/requests/x", "/-/reload", "/api/keys"):
            with self.subTest("no token " + path):
                self.check({401}, "POST" if "reload" in path else "GET", path, token=False)
        with self.subTest("wrong token"):
            self.check({401}, token=False, Authorization="Bearer wrong")
            self.check({401}, token=False, Authorization="Bearer " + GateWithToken.token[:-1])
        with self.subTest("wrong Host"):
            self.check({403, 421}, Host="evil.example")
            self.check({403, 421}, Host=f"evil.example:{self.gate.admin}")
            self.check({200}, Host=here)
        with self.subTest("other Origin"):
            self.check({403}, "POST", "/-/reload", Origin="http://evil.example")
            self.check({403}, "POST", "/-/reload", Origin="null")
            self.check({200}, "POST", "/-/reload", Origin=f"http://{here}")
        with self.subTest("text/plain"):
            self.check({415}, "POST", "/performance/blacklisted", as_json({"target": "good"}),
                       Content_Type="text/plain")

    def test_row_58_secrets_are_masked(self):
        self.assertEqual(self.connect().send(request(chat())).answer().status, 200)
        self.assertEqual(self.upstream.requests[-1][2]["authorization"], "Bearer " + self.secret)
        for path in ("/-/config", "/metrics", "/performance", "/-/version", "/api/audit", "/readyz"):
            with self.subTest(path):
                self.check({200}, path=path)
        with self.subTest("a bad file"):
            text = self.gate.config_file.read_text()
            for literal in (f'["{self.secret}"]', f'"{self.secret}"'):
                self.gate.config_file.write_text(
                    text.replace(f'"{in_environment(self.secret)}"', literal))
                self.check({400}, "POST", "/-/reload")
            self.gate.config_file.write_text(text)
            self.check({200}, "POST", "/-/reload")
        log = self.gate.log.read_text()
        self.assertNotIn(self.secret, log)
        self.assertNotIn(GateWithToken.token, log)

    def feedback(self, body, port=None, **fields):
        return call(port or self.gate.port, "POST", "/v1/feedback", body, fields)

    def refused(self, expected, code, body, **options):
        status, _, answer = self.feedback(body, **options)
        self.assertEqual(status, expected, answer)
        error = json.loads(answer)["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertEqual(error["code"], code, answer)

    def test_row_59_feedback(self):
        known = self.connect().send(request(chat())).answer().fields["x-request-id"]
        up = {"rating": {"thumbs": "up"}}
        with self.subTest("unknown id"):
            # As young as a real one, so that it is unknown and not expired.
            self.refused(404, "not_found", {"request_id": known[:-12] + "0" * 12, **up})
            self.refused(404, "not_found", {"response_id": "chatcmpl-unknown", **up})
        with self.subTest("no id"):
            self.refused(400, "invalid_parameter", {"request_id": "../../etc/passwd", **up})
            self.refused(400, "missing_parameter", up)
        with self.subTest("expired"):
            self.refused(410, "gone", {"request_id": "01800000-0000-7000-8000-000000000000", **up})
        with self.subTest("large comment"):
            for size in (20_000, 1_000_000, 1_100_000):
                self.refused(413, "body_too_large", {"request_id": known, "comment": "x" * size, **up})
        with self.subTest("nothing of these was kept"):
            self.check({404}, path="/v1/feedback/" + known)
        with self.subTest("HTML"):
            status, fields, body = self.feedback({"request_id": known, "comment": HTML, **up})
            self.assertEqual(status, 201, body)
            self.assertNotIn(b"<img", body)
            kept = self.check({200}, path="/v1/feedback/" + known)
            self.assertEqual(json.loads(kept)["latest"]["comment"], HTML, "stored as it came")
            status, fields, _ = self.admin(path="/v1/feedback")
            self.assertTrue(fields["content-type"].startswith("application/json"))
            self.assertEqual(fields["x-content-type-options"], "nosniff", "no browser takes it for a page")
        with self.subTest("read by operators alone"):
            self.assertEqual(call(self.gate.port, "GET", "/v1/feedback/" + known)[0], 404)
            self.assertEqual(call(self.gate.port, "GET", "/v1/feedback")[0], 405)
            self.check({401}, path="/v1/feedback/" + known, token=False)


if __name__ == "__main__":
    main()
