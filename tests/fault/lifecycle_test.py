"""What a gate does by itself at its time, and how it ends, with disaster.cpp beneath it."""

import datetime
import json
import os
import signal
import threading
import time
import unittest
import unittest.mock

from gate import BUILD, Gate, Simulator, call, fresh_folder, two_versions, wait_for

VERSIONS = "/api/admin/llm-models/versions"
TESTS = "/api/admin/llm-models/ab-tests"
HOUR = 3600


class Lifecycle(unittest.TestCase):
    def setUp(self):
        self.folder = fresh_folder(f"fault/{type(self).__name__}_{self._testMethodName}")
        self.disasters = self.folder / "disasters"
        self.disasters.mkdir()
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        beneath = {"LD_PRELOAD": str(BUILD / "disaster.so"), "ASAN_OPTIONS": options,
                   "TALLYGATE_DISASTER": str(self.disasters), "TALLYGATE_STORE": str(self.folder / "data")}
        patched = unittest.mock.patch.dict(os.environ, beneath)
        patched.start()
        self.addCleanup(patched.stop)
        self.gate = Gate(self.folder, two_versions(self.one.base, self.one.base))
        self.addCleanup(self.gate.kill)

    def happen(self, disaster, text=""):
        beside = self.disasters / (disaster + ".new")
        beside.write_text(text)
        beside.rename(self.disasters / disaster)

    def admin(self, method, path, body=None, status=200):
        got, _, content = call(self.gate.admin, method, path, body)
        self.assertEqual(got, status, content)
        return json.loads(content)


class Schedule(Lifecycle):
    """A test that starts in one hour and ends in three."""

    def setUp(self):
        super().setUp()
        a, b = (self.admin("POST", VERSIONS, {
            "name": version, "version": version, "modelType": "planned", "targets": [target],
            "isActive": True, "isDefault": version == "1.0.0"}, 201)["id"]
            for version, target in (("1.0.0", "one"), ("1.1.0", "one")))
        now = datetime.datetime.now(datetime.timezone.utc)
        test = self.admin("POST", TESTS, {
            "name": "planned", "modelVersionAId": a, "modelVersionBId": b, "trafficSplit": 50,
            "status": "active", "startDate": self.text(now, HOUR), "endDate": self.text(now, 3 * HOUR)}, 201)
        self.test = test["id"]

    def text(self, now, seconds):
        return (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def status(self):
        return self.admin("GET", f"{TESTS}/{self.test}")["status"]

    def wait_for_status(self, wanted):
        wait_for(lambda: self.status() == wanted, wanted)

    def moves(self):
        """How often it was moved, by the log of the gate and of those before it."""
        return self.gate.log.read_text().count(f"experiment {self.test}: ")

    def is_still(self, status):
        """Two more ticks change nothing."""
        looked = self.gate.metric("process_cpu_seconds_total")
        end = time.monotonic() + 2.5
        wait_for(lambda: time.monotonic() > end, "two ticks")
        self.assertGreaterEqual(self.gate.metric("process_cpu_seconds_total"), looked)
        self.assertEqual(self.status(), status)

    def test_it_moves_once_each_whatever_the_clock_and_the_process_do(self):
        self.is_still("draft")
        self.happen("clock", str(HOUR + 60))
        self.wait_for_status("active")
        self.assertEqual(self.moves(), 1)
        self.happen("clock", str(-HOUR))  # back to before its start
        self.is_still("active")
        self.gate.restart(kill=True)
        self.is_still("active")
        self.happen("clock", str(HOUR + 60))
        self.is_still("active")
        self.assertEqual(self.moves(), 1, "it is not started again")
        self.gate.kill()
        self.happen("clock", str(4 * HOUR))  # its end comes while no gate runs
        self.gate.restart(kill=True)
        self.wait_for_status("completed")
        self.assertEqual(self.moves(), 2)
        self.happen("clock", "0")
        self.is_still("completed")
        self.assertEqual(self.moves(), 2)


class HungDisk(Lifecycle):
    def test_a_gate_whose_disk_hangs_ends_all_the_same(self):
        """An admin write hangs in its fsync, and the databases do not close."""
        status, _, body = self.gate.post("/v1/chat/completions", {
            "model": "assistant", "messages": [{"role": "user", "content": "hi"}]})
        self.assertEqual(status, 200, body)
        self.happen("stall")
        answered = []

        def write():
            try:
                answered.append(call(self.gate.admin, "POST", VERSIONS, {
                    "name": "x", "version": "9.0.0", "modelType": "late", "targets": ["one"]}, timeout=90))
            except OSError:
                pass  # the process ended before it had an answer

        thread = threading.Thread(target=write)
        thread.start()
        self.addCleanup(thread.join)
        wait_for(lambda: call(self.gate.admin, "GET", "/livez")[0] == 200, "reads are answered")
        self.gate.child.send_signal(signal.SIGTERM)
        self.assertEqual(self.gate.child.wait(60), 3, self.gate.tail())
        self.assertIn("stopped without the disk, which does not answer", self.gate.log.read_text())
        self.assertEqual(answered, [], "what is not on the disk is not confirmed")
        (self.disasters / "stall").unlink()
        self.gate.restart(kill=True)
        self.assertEqual(self.gate.post("/v1/chat/completions", {
            "model": "assistant", "messages": [{"role": "user", "content": "hi"}]})[0], 200)


del Lifecycle  # has no tests of its own

if __name__ == "__main__":
    unittest.main()
