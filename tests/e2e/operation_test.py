"""The commands, and what happens at start and at the end."""

import json
import os

import socket
import subprocess
import time
import unittest
import unittest.mock

from gate import (GATE, ROOT, Gate, Simulator, call, chat, free_ports, fresh_folder, in_environment,
                  two_versions, wait_for)


def run(*words, **options):
    return subprocess.run([GATE, *words], capture_output=True, text=True, timeout=60, **options)


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = fresh_folder("Commands")

    def write(self, text, name="config.yaml"):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_version_names_itself(self):
        out = run("version")
        self.assertEqual(out.returncode, 0)
        self.assertRegex(out.stdout, r"tallygate \d+\.\d+\.\d+")

    def test_the_shipped_files_are_right(self):
        files = sorted((ROOT / "config").glob("*.yaml"))
        self.assertIn("quickstart.yaml", [file.name for file in files])
        for file in files:
            with self.subTest(file.name):
                out = run("check", "--config", file, env={**os.environ, "OPENAI_API_KEY": "x"})
                self.assertEqual(out.returncode, 0, out.stderr)

    def test_check_tells_every_error_with_its_place(self):
        path = self.write("targets:\n  one: {url: 'ftp://x', model: m}\nroutes: {}\nlisteners: 7\nextra: 1\n")
        out = run("check", "--config", path)
        self.assertEqual(out.returncode, 1)
        lines = out.stderr.strip().splitlines()
        self.assertGreaterEqual(len(lines), 3, out.stderr)
        for line in lines:
            self.assertRegex(line, r"config\.yaml:\d+:\d+: ")

    def test_print_config_hides_secrets(self):
        path = self.write("targets:\n  one: {url: 'http://127.0.0.1:1/v1', model: m, api_key: '" + in_environment("s3cret-key") + "'}\n"
                          "routes:\n  r: {versions: {1.0.0: {targets: [one], default: true}}}\n")
        out = run("print-config", "--config", path)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertNotIn("s3cret-key", out.stdout)
        self.assertIn("127.0.0.1:1", out.stdout)

    def test_print_schema_is_json(self):
        out = run("print-schema")
        self.assertEqual(out.returncode, 0)
        self.assertIn("routes", json.loads(out.stdout)["properties"])

    def check_start_fails(self, config, word):
        """One line on stderr, exit 1."""
        path = self.write(json.dumps(config))
        out = run("serve", "--config", path, cwd=self.folder)
        self.assertEqual(out.returncode, 1, out.stderr)
        lines = [line for line in out.stderr.splitlines() if line.strip()]
        self.assertEqual(len(lines), 1, out.stderr)
        self.assertIn(word, lines[0])

    def config(self, data, admin, store):
        base = two_versions("http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1")
        return {**base, "store": {"path": str(store)},
                "listeners": {"data": {"address": "127.0.0.1", "port": data},
                              "admin": {"address": "127.0.0.1", "port": admin}}}

    def test_says_which_port_is_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.check_start_fails(self.config(port, free_ports(1)[0], self.folder / "d1"), str(port))
            self.check_start_fails(self.config(free_ports(1)[0], port, self.folder / "d2"), str(port))

    def test_says_which_store_it_cannot_open(self):
        (self.folder / "file").write_text("no folder")
        self.check_start_fails(self.config(*free_ports(2), self.folder / "file" / "data"), "file")

    def test_refuses_an_unknown_command(self):
        self.assertNotEqual(run("sevre").returncode, 0)


class Serving(unittest.TestCase):
    def setUp(self):
        self.folder = fresh_folder(f"Serving/{self._testMethodName}")
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)
        self.config = two_versions(self.one.base, self.one.base)

    def start(self):
        gate = Gate(self.folder, self.config)
        self.addCleanup(gate.stop)
        return gate

    def test_sigterm_lets_a_stream_finish_and_exits_0(self):
        gate = self.start()
        with socket.create_connection(("127.0.0.1", gate.port), 20) as client:
            body = json.dumps(chat(stream=True))
            client.sendall((f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                            f"x-sim-fault: delay:500ms\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode())
            wait_for(lambda: self.one.stats()["requests"] > 0, "the request is upstream")
            gate.child.terminate()
            text = b""
            while piece := client.recv(65536):
                text += piece
        self.assertIn(b"data: [DONE]\n\n", text)
        self.assertIn(b"connection: close", text.split(b"\r\n\r\n")[0].lower())
        gate.stop()
        self.assertEqual(len(gate.journal()), 1)

    def generation(self, gate):
        return gate.metric("tallygate_config_generation")

    def test_a_changed_file_is_reloaded_by_itself(self):
        gate = self.start()
        before = self.generation(gate)
        config = json.loads(gate.config_file.read_text())
        config["routes"]["second"] = {"versions": {"1.0.0": {"targets": ["one"], "default": True}}}
        beside = gate.config_file.with_suffix(".new")
        beside.write_text(json.dumps(config))
        beside.rename(gate.config_file)  # as editors and deployment tools do
        wait_for(lambda: self.generation(gate) > before, "the renamed file is served")
        self.assertEqual(gate.post("/v1/chat/completions", chat("second"))[0], 200)

        served = self.generation(gate)
        gate.config_file.write_text("routes: [")
        wait_for(lambda: gate.metric("tallygate_config_last_reload_successful") == 0,
                 "the broken file is noticed")
        self.assertEqual(self.generation(gate), served)
        self.assertEqual(gate.post("/v1/chat/completions", chat("second"))[0], 200)

    def test_a_swapped_folder_link_is_noticed(self):
        """Kubernetes mounts a ConfigMap as links through ..data and swaps that link."""
        mount = self.folder / "mount"
        (mount / "..v1").mkdir(parents=True)
        (mount / "..v2").mkdir()
        (mount / "..data").symlink_to("..v1")
        (mount / "gate.yaml").symlink_to("..data/gate.yaml")
        gate = Gate(self.folder, self.config, config_file=mount / "gate.yaml")
        self.addCleanup(gate.stop)
        config = json.loads(gate.config_file.read_text())
        config["routes"]["second"] = {"versions": {"1.0.0": {"targets": ["one"], "default": True}}}
        (mount / "..v2" / "gate.yaml").write_text(json.dumps(config))
        (mount / "..data_tmp").symlink_to("..v2")
        (mount / "..data_tmp").rename(mount / "..data")
        wait_for(lambda: gate.post("/v1/chat/completions", chat("second"))[0] == 200,
                 "the new route is served")

    def test_a_second_gate_on_the_same_store_is_refused(self):
        gate = self.start()
        data, admin = free_ports(2)
        config = json.loads(gate.config_file.read_text())
        config["listeners"] = {"data": {"address": "127.0.0.1", "port": data},
                               "admin": {"address": "127.0.0.1", "port": admin}}
        path = self.folder / "second.yaml"
        path.write_text(json.dumps(config))
        out = run("serve", "--config", path)
        self.assertEqual(out.returncode, 1)
        self.assertIn("data", out.stderr)
        self.assertEqual(gate.post("/v1/chat/completions", chat())[0], 200)

    def test_survives_a_restart(self):
        gate = self.start()
        ids = [gate.post("/v1/chat/completions", chat())[1]["x-request-id"] for _ in range(20)]
        gate.stop()
        again = Gate(self.folder, self.config)
        self.addCleanup(again.stop)
        self.assertEqual(sorted(record["request_id"] for record in again.journal()), sorted(ids))

    def test_a_dead_upstream_does_not_keep_it_from_starting(self):
        self.one.stop()
        gate = self.start()
        status, _, body = gate.post("/v1/chat/completions", chat())
        self.assertEqual(status, 502, body)
        self.assertEqual(call(gate.port, "GET", "/livez")[0], 200)


class ServiceManager(unittest.TestCase):
    """What systemd is told by a unit of Type=notify with WatchdogSec=."""

    def setUp(self):
        self.folder = fresh_folder(f"ServiceManager/{self._testMethodName}")
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(30)

    def start(self, address, told):
        """The gate, with the manager listening at `address`, which is told to it as `told`."""
        self.manager.bind(address)
        with unittest.mock.patch.dict(os.environ, {
                "NOTIFY_SOCKET": told, "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}):
            gate = Gate(self.folder, two_versions(self.one.base, self.one.base))
        self.addCleanup(gate.kill)
        return gate

    def hear(self, but=()):
        """The next message as a dict, without those that consist of `but`."""
        while True:
            message = dict(line.split("=", 1) for line in self.manager.recv(4096).decode().split("\n"))
            if not set(message) <= set(but):
                return message

    def check_reload(self, gate, status):
        begun = time.monotonic_ns() // 1000
        self.assertEqual(call(gate.admin, "POST", "/-/reload", {})[0], status)
        told = self.hear(but=["WATCHDOG"])
        self.assertEqual(told.pop("RELOADING"), "1")
        self.assertTrue(begun <= int(told.pop("MONOTONIC_USEC")) <= time.monotonic_ns() // 1000)
        self.assertEqual(told, {})
        self.assertEqual(self.hear(but=["WATCHDOG"])["READY"], "1", "whatever came of it")

    def test_it_is_told_of_the_whole_life(self):
        path = str(self.folder / "notify")
        gate = self.start(path, path)
        pid = str(gate.child.pid)
        self.assertEqual(self.hear(), {"READY": "1", "MAINPID": pid})
        for _ in range(3):
            self.assertEqual(self.hear(), {"WATCHDOG": "1"})
        self.check_reload(gate, 200)
        gate.config_file.write_text("routes: [")
        wait_for(lambda: gate.metric("tallygate_config_last_reload_successful") == 0, "it was noticed")
        self.hear(but=["WATCHDOG"]), self.hear(but=["WATCHDOG"])
        gate.child.terminate()
        self.assertEqual(self.hear(but=["WATCHDOG"]), {"STOPPING": "1"})
        gate.stop()

    def test_an_abstract_socket_will_do(self):
        name = f"tallygate-test-{os.getpid()}"
        gate = self.start("\0" + name, "@" + name)
        self.assertEqual(self.hear()["READY"], "1")
        gate.stop()


if __name__ == "__main__":
    unittest.main()
