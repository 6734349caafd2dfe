"""Starts model_simulator and `tallygate serve` on free ports, for end-to-end tests.

Everything a run leaves behind (config, logs, store) is under build/.../e2e/NAME until the next run.
Processes die with the test, even when the test is killed. Stopping checks what must always hold: a
clean exit, and no word from a sanitizer.
"""

import ctypes
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest
from base64 import b64decode
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TALLYGATE_BUILD", ROOT / "build/dev"))
GATE = BUILD / "tallygate"
SIMULATOR = BUILD / "model_simulator"
# Every wait of a test is so many times as long: 4 under ThreadSanitizer, set by its test preset.
PATIENCE = float(os.environ.get("TALLYGATE_PATIENCE", "1"))
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer")
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def free_ports(count):
    """Ports that nobody has, from below those that the system gives to outgoing connections: none of
    them is taken between here and whoever binds it."""
    ports = []
    while len(ports) < count:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def in_environment(secret):
    """What a configuration says in place of a secret, which never stands there itself."""
    name = "TALLYGATE_TEST_" + hashlib.sha256(secret.encode()).hexdigest()[:16].upper()
    os.environ[name] = secret
    return "${env:%s}" % name


def call(port, method, path, body=None, headers=None, timeout=20):
    """One request on a connection of its own -> (status, headers with lower-case names, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout * PATIENCE)
    try:
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        content = response.read()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, content
    finally:
        connection.close()


def wait_for(question, what, seconds=20):
    """Polls until `question()` is true: for what another process does in its own time."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds * PATIENCE:g} s: {what}")
        time.sleep(0.005)


class Process:
    """A child with its output in a file; the constructor returns when `is_ready()`."""

    port = None
    inherits_descriptors = False

    def __init__(self, name, command, folder):
        self.name = name
        self.log = pathlib.Path(folder, name + ".log")
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [str(word) for word in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, close_fds=not self.inherits_descriptors,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        wait_for(self._is_up, f"{name} is ready; see {self.log}", 60)

    def _is_up(self):
        if self.child.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.child.returncode}:\n{self.tail()}")
        return self.is_ready()

    def is_ready(self):
        raise NotImplementedError

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def kill(self):
        self.child.kill()
        self.child.wait(20)
        self.check_sanitizers()

    def check_sanitizers(self):
        text = self.log.read_text(errors="replace")
        if any(word in text for word in SANITIZER_WORDS):
            raise AssertionError(f"a sanitizer spoke in {self.log}:\n{self.tail(60)}")

    def stop(self, clean=True):
        """SIGTERM, then the exit status; `clean` requires 0 and silent sanitizers."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            status = self.child.wait(45 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop in time after SIGTERM:\n{self.tail()}")
        self.check_sanitizers()
        if clean and status != 0:
            raise AssertionError(f"{self.name} ended with {status}:\n{self.tail()}")


class Simulator(Process):
    def __init__(self, folder, name, flags=(), scheme="http"):
        super().__init__(name, [SIMULATOR, "--name", name, *flags], folder)
        self.base = f"{scheme}://127.0.0.1:{self.port}/v1"

    def is_ready(self):
        told = re.search(r"listening on [\d.]+:(\d+)\n", self.log.read_text())
        self.port = told and int(told[1])
        return told

    def stats(self):
        return json.loads(call(self.port, "GET", "/simulator/stats")[2])

    def last(self):
        """The last request as it arrived -> (headers with lower-case names, body)."""
        told = json.loads(call(self.port, "GET", "/simulator/last")[2])
        return {name.lower(): value for name, value in told["headers"]}, b64decode(told["body_base64"])

    def last_json(self):
        return json.loads(self.last()[1])

    def stop(self):
        super().stop(clean=False)


class Gate(Process):
    def __init__(self, folder, config, name="tallygate", config_file=None):
        """`config` is the YAML's content as a dict (JSON is YAML); listeners and store are filled in.
        `config_file` is where it is written, else in `folder`."""
        folder = pathlib.Path(folder)
        data, admin = free_ports(2)
        self.config_file = config_file or folder / f"{name}.yaml"
        self.store = folder / "data"
        config = {"workers": 2, "store": {}, **config}
        config["store"] = {"path": str(self.store), **config["store"]}
        config["listeners"] = self.listeners(data, admin)
        self.config_file.write_text(json.dumps(config, indent=1))
        self.admin = admin
        self.port = data
        self.url = f"http://127.0.0.1:{data}"
        self.folder = folder
        super().__init__(name, [GATE, "serve", "--config", self.config_file], folder)

    def restart(self, kill=False):
        """On the same ports and store."""
        if kill:
            self.kill()
        else:
            self.stop()
        super().__init__(self.name, [GATE, "serve", "--config", self.config_file], self.folder)

    def listeners(self, data, admin):
        return {"data": {"address": "127.0.0.1", "port": data},
                "admin": {"address": "127.0.0.1", "port": admin}}

    def is_ready(self):
        return self.answers_ready(self.port)

    def answers_ready(self, port):
        try:
            return call(port, "GET", "/readyz", timeout=2)[0] == 200
        except OSError:
            return False

    def post(self, path, body, **headers):
        return call(self.port, "POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def admin_json(self, path):
        status, _, body = call(self.admin, "GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body[:300]}")
        return json.loads(body)

    def metric(self, name):
        """The value of a series without labels at /metrics."""
        _, _, page = call(self.admin, "GET", "/metrics")
        text = page.decode() if isinstance(page, bytes) else page
        return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))

    def journal(self):
        """Every record, as `tallygate journal` prints them; money as exact decimals."""
        out = subprocess.run([GATE, "journal", "--path", self.store, "--format", "jsonl"],
                             capture_output=True, text=True, timeout=120)
        if out.returncode != 0:
            raise AssertionError(f"tallygate journal: {out.returncode} {out.stderr}")
        return [json.loads(line, parse_float=Decimal) for line in out.stdout.splitlines()]


def fresh_folder(name):
    folder = BUILD / "e2e" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def two_versions(one, two, experiment=None):
    """The usual config: route `assistant`, versions 1.0.0 (default) and 1.1.0 on two upstreams."""
    route = {"versions": {"1.0.0": {"targets": ["one"], "default": True},
                          "1.1.0": {"targets": ["two"]}},
             "fallbacks": ["assistant@1.0.0"]}
    if experiment:
        route["experiment"] = {"name": "one-against-two", "variants": {"a": "1.0.0", "b": "1.1.0"},
                               "split": experiment, "status": "active"}
    return {
        "targets": {
            "one": {"url": one, "model": "model-one", "price": {"input": 0.15, "output": 0.6}},
            "two": {"url": two, "model": "model-two"},
            "dead": {"url": f"http://127.0.0.1:{free_ports(1)[0]}/v1", "model": "nobody"},
            "busy": {"url": one, "model": "sim-fault-status-503"},
            "claude": {"url": one, "model": "claude-sim", "protocol": "anthropic"},
        },
        "routes": {
            "assistant": route,
            "unlucky": {"versions": {"1.0.0": {"targets": ["busy"], "default": True},
                                     "1.1.0": {"targets": ["two"]}},
                        "fallbacks": ["unlucky@1.1.0"]},
            "offline": {"versions": {"1.0.0": {"targets": ["dead"], "default": True}}},
            "claude": {"versions": {"1.0.0": {"targets": ["claude"], "default": True}}},
        },
    }


class GateTest(unittest.TestCase):
    """One simulator pair and one gate per class; `split` and `config` may be overridden."""

    split = None
    flags = ()

    @classmethod
    def configure(cls, config):
        """For a class that wants other settings."""

    @classmethod
    def setUpClass(cls):
        cls.folder = fresh_folder(cls.__name__)
        cls.one = Simulator(cls.folder, "one", cls.flags)
        cls.addClassCleanup(cls.one.stop)
        cls.two = Simulator(cls.folder, "two", cls.flags)
        cls.addClassCleanup(cls.two.stop)
        config = two_versions(cls.one.base, cls.two.base, cls.split)
        cls.configure(config)
        cls.gate = Gate(cls.folder, config)
        cls.addClassCleanup(cls.gate.stop)


def chat(model="assistant", **fields):
    """The smallest chat request."""
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **fields}
