"""What an operator does to a gate that is busy: reloads, revoked keys, SIGTERM.

Handovers and systemd's sockets are in restart_test.py.
"""

import collections
import contextlib
import json
import signal
import threading
import unittest

from gate import Gate, Simulator, call, fresh_folder, two_versions, wait_for
from load import CLIENTS, Load
from recount import performance_of, recount

READ_BY_OPERATORS = ("/metrics", "/performance", "/api/v1/ab-tests", "/api/audit",
                     "/api/admin/llm-models/versions", "/readyz")


@contextlib.contextmanager
def operators(gate, defects):
    """Read what the gate tells of itself, as dashboards do, until the end of the block."""
    ends = threading.Event()

    def run(paths):
        while not ends.is_set():
            for path in paths:
                status, _, body = call(gate.admin, "GET", path)
                if status != 200:
                    defects.append(f"GET {path}: {status} {body[:200]}")
    threads = [threading.Thread(target=run, args=(READ_BY_OPERATORS[i::2],)) for i in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()


class LockedGate(Gate):
    def listeners(self, data, admin):
        listeners = super().listeners(data, admin)
        listeners["data"]["require_key"] = True
        return listeners


class ChangesTest(unittest.TestCase):
    def setUp(self):
        self.folder = fresh_folder("Changes_" + self._testMethodName)
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)

    def start(self, name="tallygate", gate_class=Gate, **settings):
        config = {**two_versions(self.one.base, self.one.base, {"a": 70, "b": 30}), **settings}
        folder = self.folder / name
        folder.mkdir()
        gate = gate_class(folder, config)
        self.addCleanup(gate.stop)
        return gate

    def check_each_is_recorded_once(self, gate, answered):
        journal = gate.journal()
        times = collections.Counter(record["request_id"] for record in journal)
        self.assertEqual([i for i in answered if times[i] != 1], [], "answered and not found once")
        self.assertEqual([i for i, count in times.items() if count != 1], [])
        return journal


class Reloads(ChangesTest):
    def generation(self, gate):
        return gate.metric("tallygate_config_generation")

    def test_reloads_and_readers_fail_nobody(self):
        gate = self.start()
        config = json.loads(gate.config_file.read_text())
        defects = []
        with Load(gate.port) as load, operators(gate, defects):
            for number in range(12):
                load.more(20)
                before = self.generation(gate)
                config["routes"][f"extra{number % 3}"] = config["routes"]["offline"]
                config["timeouts"] = {"idle": f"{30 + number}s"}
                gate.config_file.write_text(json.dumps(config))
                if number % 2:
                    gate.child.send_signal(signal.SIGHUP)
                    wait_for(lambda: self.generation(gate) > before, "the new file is served")
                else:
                    status, _, body = call(gate.admin, "POST", "/-/reload")
                    self.assertEqual(status, 200, body)
            load.more(20)
        self.assertEqual(load.defects + defects, [])
        wait_for(lambda: gate.metric("tallygate_journal_queued") == 0, "all are written")
        journal = self.check_each_is_recorded_once(gate, load.answered)
        self.assertEqual(performance_of(gate), recount(journal))


class Keys(ChangesTest):
    def admin(self, gate, method, path, body=None):
        status, _, content = call(gate.admin, method, path, body)
        self.assertIn(status, (200, 201), content)
        return json.loads(content)

    def load(self, gate, key, seed, expected=(200,)):
        return Load(gate.port, 3, seed, {"Authorization": f"Bearer {key}"}, expected)

    def test_a_revoked_key_ends_at_once_and_no_other_notices(self):
        gate = self.start(gate_class=LockedGate)
        kept = self.admin(gate, "POST", "/api/keys", {"name": "kept"})
        with self.load(gate, kept["key"], 1) as others:
            others.more(20)
            for number in range(4):
                gone = self.admin(gate, "POST", "/api/keys", {"name": f"gone {number}"})
                # Too many wrong keys from one address are 429.
                with self.load(gate, gone["key"], 2 + number, (200, 401, 429)) as ending:
                    ending.more(20)
                    self.assertEqual(set(ending.statuses), {200})
                    self.admin(gate, "DELETE", f"/api/keys/{gone['id']}")
                    revoked = ending.count()
                    ending.more(40)
                self.assertEqual(ending.defects, [])
                late = [status for status in ending.statuses[revoked:] if status == 200]
                self.assertLessEqual(len(late), 3, "what was under way, one of each client")
                self.assertNotIn(200, ending.statuses[-20:])
                others.more(10)
        self.assertEqual(others.defects, [])

    def test_rotation_fails_nobody(self):
        gate = self.start(gate_class=LockedGate)
        made = self.admin(gate, "POST", "/api/keys", {"name": "rotated"})
        with self.load(gate, made["key"], 1) as old:
            for _ in range(3):
                old.more(20)
                call(gate.admin, "POST", "/-/reload")
            path = f"/api/keys/{made['id']}/rotate"
            new = self.admin(gate, "POST", path, {"overlap": "1h"})
            with self.load(gate, new["key"], 2) as fresh:
                fresh.more(30)
                old.more(30)
        self.assertEqual(old.defects + fresh.defects, [])


class Stops(ChangesTest):
    def check_sigterm(self, workers):
        gate = self.start(f"workers-{workers}", workers=workers)
        with Load(gate.port, clients=2 * CLIENTS, seed=workers) as load:
            load.more(200)
            load.may_end.set()
            gate.child.terminate()
            wait_for(lambda: gate.child.poll() is not None, "it stops", 45)
        gate.stop()  # its exit status
        self.assertEqual(load.defects, [])
        self.check_each_is_recorded_once(gate, load.answered)

    def test_sigterm_cuts_no_answer(self):
        for workers in (1, 2, 4):
            with self.subTest(workers=workers):
                self.check_sigterm(workers)


if __name__ == "__main__":
    unittest.main()
