"""Replaces the gate under load: by a handover from process to process, and under systemd's sockets.

No request may be refused, reset or answered 5xx, streams under way end whole, and afterwards every
answered request is in the journal exactly once.
"""

import collections
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from gate import (GATE, LIBC, PATIENCE, PR_SET_PDEATHSIG, Gate, Process, Simulator, call, chat,
                  fresh_folder, two_versions, wait_for)
from load import Load
from recount import performance_of, recount

RESTARTS = 5


def stream_slowly(port, result, tokens=40):
    """One stream of some seconds; `result` gets its id and whether it was whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/v1/chat/completions",
                       json.dumps(chat(model="slow", stream=True, max_tokens=tokens)),
                       {"Content-Type": "application/json"})
    response = connection.getresponse()
    result["id"] = response.headers["x-request-id"]
    result["begun"] = True
    try:
        result["whole"] = response.read().endswith(b"data: [DONE]\n\n")
    except http.client.HTTPException:
        result["whole"] = False
    connection.close()


class Successor(Process):
    """Another process of the same gate; `ready` is that it says so in its log."""

    def __init__(self, gate, name, wait=True, environment=None):
        self.gate = gate
        self.wait = wait
        super().__init__(name, [GATE, "serve", "--config", gate.config_file, "--take-over"],
                         gate.folder)

    def is_ready(self):
        return not self.wait or "serves on" in self.log.read_text()


# A successor that speaks as one should and then falls silent or dies: argv is its socket, the store,
# the step, and "hang" or "die". The words are those of handover_message.h.
FAKE_SUCCESSOR = """
import fcntl, os, socket, struct, sys, time
path, store, step, manner = sys.argv[1:]
TAKE_OVER, LISTENERS, NO_MORE, REFUSED, GIVE_STORE, STORE_IS_YOURS, READY, GO = range(1, 9)
peer = socket.socket(socket.AF_UNIX)
os.chdir(os.path.dirname(path))  # a socket's path may have 107 bytes
peer.connect(os.path.basename(path))

def say(word, body=b""):
    peer.sendall(struct.pack("<IB", len(body), word) + body)

def whole(count):
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        assert piece, "the gate has gone"
        data += piece
    return data

def hear(word):
    size, said = struct.unpack("<IB", whole(5))
    whole(size)
    assert said == word or (word == NO_MORE and said == LISTENERS), said
    return said == word

def reached(name):
    if step != name:
        return
    print("reached", flush=True)
    if manner == "hang":
        time.sleep(600)
    sys.exit()

say(TAKE_OVER, b"tallygate-handover-2")
while not hear(NO_MORE):
    pass
reached("greeted")
say(GIVE_STORE)
hear(STORE_IS_YOURS)
reached("lent")
held = [open(f"{store}/{name}/LOCK", "r+") for name in ("journal", "catalog")]
for file in held:
    fcntl.lockf(file, fcntl.LOCK_EX)
reached("opened")
say(READY)
hear(GO)
reached("told to go")
"""


class FakeSuccessor(Process):
    def __init__(self, gate, step, manner):
        super().__init__("fake-" + step.replace(" ", "-"),
                         [sys.executable, "-c", FAKE_SUCCESSOR, gate.store / "handover.sock",
                          gate.store, step, manner], gate.folder)

    def _is_up(self):
        return "reached" in self.log.read_text()


LAUNCHER = """
import os, sys
count = int(sys.argv[1])
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count))
sys.argv[2] and os.environ.update(LISTEN_FDNAMES=sys.argv[2])
held = [os.dup2(int(fd), 50 + i) for i, fd in enumerate(sys.argv[3:3 + count])]
for i, fd in enumerate(held):
    os.dup2(fd, 3 + i)
    os.close(fd)
os.execv(sys.argv[3 + count], sys.argv[3 + count:])
"""


class Activated(Process):
    """The gate as systemd starts it: with listening sockets from descriptor 3 on."""

    inherits_descriptors = True

    def __init__(self, gate, name, sockets, names):
        self.gate = gate
        descriptors = [str(sock.fileno()) for sock in sockets]
        for sock in sockets:
            os.set_inheritable(sock.fileno(), True)
        command = [sys.executable, "-c", LAUNCHER, str(len(sockets)), names, *descriptors,
                   GATE, "serve", "--config", gate.config_file]
        super().__init__(name, command, gate.folder)

    def is_ready(self):
        return "serves on" in self.log.read_text()


def listening(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(256)
    return sock


class RestartTest(unittest.TestCase):
    def setUp(self):
        self.folder = fresh_folder("Restart_" + self._testMethodName)
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)
        self.slow = Simulator(self.folder, "slow", ["--pace", "50ms", "--tokens", "400"])
        self.addCleanup(self.slow.stop)
        config = two_versions(self.one.base, self.one.base, {"a": 70, "b": 30})
        config["targets"]["slow"] = {"url": self.slow.base, "model": "model-slow"}
        config["routes"]["slow"] = {"versions": {"1.0.0": {"targets": ["slow"], "default": True}}}
        self.gate = Gate(self.folder, config)
        self.last = self.gate
        self.addCleanup(lambda: self.last.kill())

    def check_journal(self, answered):
        """After all is stopped: each answer once, and the tallies are the fold of the journal."""
        journal = self.gate.journal()
        times = collections.Counter(record["request_id"] for record in journal)
        self.assertEqual([i for i in answered if times[i] != 1], [], "answered and not found once")
        self.assertEqual([i for i, count in times.items() if count != 1], [])
        self.gate.restart(kill=True)  # it is gone, one way or the other
        self.last = self.gate
        self.assertEqual(performance_of(self.gate), recount(journal))
        self.gate.stop()

    def ended(self, process, seconds=45):
        self.assertEqual(process.child.wait(seconds * PATIENCE), 0, process.tail())

    def test_five_handovers_under_load(self):
        streams = [{} for _ in range(RESTARTS)]
        threads = []
        replaced = []
        with Load(self.gate.port) as load:
            load.more(100)
            for n in range(RESTARTS):
                threads.append(threading.Thread(target=stream_slowly,
                                                args=(self.gate.port, streams[n])))
                threads[-1].start()
                wait_for(lambda: streams[n].get("begun"), "a stream has begun")
                before, self.last = self.last, Successor(self.gate, f"successor-{n}")
                load.more(100)
                self.assertEqual(load.defects, [])
                replaced.append(before)
            load.more(100)
        for thread in threads:
            thread.join(60)
        for process in replaced:
            self.ended(process)
        self.last.stop()
        self.assertEqual(load.defects, [])
        self.assertEqual([stream.get("whole") for stream in streams], [True] * RESTARTS)
        self.check_journal(load.answered + [stream["id"] for stream in streams])

    def test_a_successor_that_dies_before_it_is_ready_changes_nothing(self):
        with Load(self.gate.port) as load:
            load.more(50)
            for delay in (0.01, 0.05, 0.1, 0.2, 0.4):
                successor = Successor(self.gate, "dies", wait=False)
                end = time.monotonic() + delay  # somewhere in its start
                wait_for(lambda: time.monotonic() > end, "the moment has come")
                if "serves on" in successor.log.read_text():
                    self.last = successor
                    break
                successor.kill()
                wait_for(lambda: self.gate.answers_ready(self.gate.port), "someone serves")
                load.more(20)
                if self.gate.child.poll() is not None:
                    self.fail("the gate ended and there is no other: " + self.gate.tail())
            load.more(50)
            self.assertEqual(load.defects, [])
        self.last.stop()
        self.check_journal(load.answered)

    def check_that_the_gate_goes_on(self, load, lines_before):
        """The store was lent and has come back."""
        wait_for(lambda: self.gate.log.read_text().count("the store is back") > lines_before,
                 "the gate has its store back", 60)
        load.more(20)
        self.assertEqual(self.make_version(), 201)

    def backs(self):
        return self.gate.log.read_text().count("the store is back")

    def make_version(self):
        self.versions = getattr(self, "versions", 0) + 1
        return call(self.gate.admin, "POST", "/api/admin/llm-models/versions", {
            "name": "spare", "version": f"1.0.{self.versions}", "modelType": "spare",
            "targets": ["slow"]})[0]

    def test_a_successor_that_dies_at_any_step_changes_nothing(self):
        with Load(self.gate.port, clients=3) as load:
            load.more(20)
            for step in ("greeted", "lent", "opened", "told to go"):
                before = self.backs()
                fake = FakeSuccessor(self.gate, step, "die")
                fake.child.wait(20)
                if step != "greeted":
                    self.check_that_the_gate_goes_on(load, before)
                self.assertEqual(load.defects, [], step)
        self.gate.stop()
        self.assertIn("every record is written", self.gate.tail(1))
        self.check_journal(load.answered)

    def test_a_successor_that_hangs_at_any_step_is_given_up_and_nothing_is_lost(self):
        with Load(self.gate.port, clients=2) as load:
            load.more(10)
            for step in ("lent", "opened", "told to go"):
                before = self.backs()
                fake = FakeSuccessor(self.gate, step, "hang")
                self.addCleanup(fake.kill)
                self.check_that_the_gate_goes_on(load, before)
                if step != "lent":  # that one has nothing that is the gate's
                    self.assertEqual(fake.child.wait(20), -signal.SIGKILL, step)
                self.assertEqual(load.defects, [], step)
            self.last = Successor(self.gate, "next")  # and the next one may try
            load.more(20)
            self.assertEqual(load.defects, [])
        self.ended(self.gate)
        self.last.stop()
        self.check_journal(load.answered)

    def test_a_successor_that_is_stopped_for_a_moment_takes_over_all_the_same(self):
        with Load(self.gate.port, clients=3) as load:
            load.more(20)
            for n, delay in enumerate((0.02, 0.1, 0.2, 0.3)):
                before, self.last = self.last, Successor(self.gate, f"stopped-{n}", wait=False)
                end = time.monotonic() + delay  # somewhere in its start
                wait_for(lambda: time.monotonic() > end, "the moment has come")
                self.last.child.send_signal(signal.SIGSTOP)
                load_before = load.count()
                end = time.monotonic() + 2
                wait_for(lambda: time.monotonic() > end, "others would have noticed")
                self.assertGreater(load.count(), load_before, "the gate before serves on")
                self.last.child.send_signal(signal.SIGCONT)
                wait_for(lambda: "serves on" in self.last.log.read_text(), "it serves", 60)
                self.ended(before)
                load.more(20)
                self.assertEqual(load.defects, [])
        self.last.stop()
        self.check_journal(load.answered)

    def test_admin_calls_wait_for_the_store_and_none_fails(self):
        failed = []
        over = threading.Event()

        def administer():
            while not over.is_set():
                try:
                    answers = (self.make_version(),
                               call(self.gate.admin, "GET", "/performance/blacklisted")[0])
                except OSError as error:
                    answers = (repr(error),)
                if answers != (201, 200):
                    failed.append(answers)

        thread = threading.Thread(target=administer)
        thread.start()
        try:
            for n in range(3):
                before, self.last = self.last, Successor(self.gate, f"successor-{n}")
                self.ended(before)
        finally:
            over.set()
            thread.join(30)
        self.assertEqual(failed, [])
        self.last.stop()

    def test_a_predecessor_killed_while_it_drains_loses_nothing_acknowledged(self):
        stream = {}
        thread = threading.Thread(target=stream_slowly, args=(self.gate.port, stream, 200))
        with Load(self.gate.port) as load:
            load.more(100)
            thread.start()
            wait_for(lambda: stream.get("begun"), "a stream has begun")
            self.last = Successor(self.gate, "next")
            load.more(100)
            self.gate.kill()
            load.more(50)
        thread.join(60)
        self.assertFalse(stream["whole"])
        self.last.stop()
        self.check_journal(load.answered)

    def test_a_successor_killed_while_the_old_one_drains_loses_nothing(self):
        stream = {}
        thread = threading.Thread(target=stream_slowly, args=(self.gate.port, stream, 60))
        thread.start()
        wait_for(lambda: stream.get("begun"), "a stream has begun")
        successor = Successor(self.gate, "next")
        wait_for(lambda: "draining" in self.gate.log.read_text(), "the old one drains")
        successor.kill()
        thread.join(60)
        self.ended(self.gate)
        self.assertTrue(stream["whole"])
        self.check_journal([stream["id"]])

    def test_sockets_of_systemd_refuse_nobody_while_no_gate_runs(self):
        self.gate.stop()
        for n, names in enumerate(("data:admin", "")):
            sockets = [listening(self.gate.port), listening(self.gate.admin)]
            try:
                self.check_activation(sockets, names, n)
            finally:
                for sock in sockets:
                    sock.close()

    def check_activation(self, sockets, names, n):
        with Load(self.gate.port, clients=3, seed=n) as load:  # nobody accepts yet
            self.last = Activated(self.gate, f"activated-{n}", sockets, names)
            load.more(100)
            self.assertEqual(call(self.gate.admin, "GET", "/livez")[0], 200)
            self.assertEqual(load.defects, [])
        self.last.stop()

    def test_a_second_start_without_the_word_is_refused(self):
        done = subprocess.run([GATE, "serve", "--config", self.gate.config_file],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--take-over", done.stderr)
        self.assertTrue(self.gate.answers_ready(self.gate.port))
        self.gate.stop()

    def test_the_socket_is_private(self):
        mode = os.stat(self.gate.store / "handover.sock").st_mode & 0o777
        self.assertEqual(mode, 0o600)
        self.gate.stop()

    def test_nonsense_at_the_socket_changes_nothing(self):
        path = str(self.gate.store / "handover.sock")
        for nonsense in (b"", b"\0" * 5, b"\xff" * 64, b"\x05\0\0\0\x01hello", b"\1\0\0\0\x0a\0"):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)
                peer.sendall(nonsense)
        self.assertTrue(self.gate.answers_ready(self.gate.port))
        self.gate.stop()

    def test_a_stop_in_the_middle_of_a_greeting_is_prompt(self):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.gate.store / "handover.sock"))
            begun = time.monotonic()
            self.gate.stop()
            self.assertLess(time.monotonic() - begun, 8)

    def test_a_second_signal_cuts_streams_short(self):
        stream = {}
        thread = threading.Thread(target=stream_slowly, args=(self.gate.port, stream, 400))
        thread.start()
        wait_for(lambda: stream.get("begun"), "a stream has begun")
        self.gate.child.terminate()
        wait_for(lambda: "draining" in self.gate.log.read_text(), "it drains")
        self.gate.child.terminate()
        self.ended(self.gate, 10)
        thread.join(20)
        self.assertFalse(stream["whole"])
        self.assertEqual([record["request_id"] for record in self.gate.journal()], [stream["id"]])

    def has_ended_within(self, seconds):
        try:
            return self.gate.child.wait(seconds) is not None
        except subprocess.TimeoutExpired:
            return False

    def test_hangups_until_the_end_do_not_kill(self):
        for _ in range(5):
            self.gate.child.terminate()
            with contextlib.suppress(ProcessLookupError):
                while not self.has_ended_within(0.001):
                    self.gate.child.send_signal(signal.SIGHUP)
            self.assertEqual(self.gate.child.returncode, 0)
            self.gate.restart()
        self.gate.stop()


if __name__ == "__main__":
    unittest.main()
