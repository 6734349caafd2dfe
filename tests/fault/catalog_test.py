"""Requests of applications that touch the catalog, while its disk hangs."""

import json
import os
import time
import unittest
import unittest.mock

from gate import BUILD, Gate, Simulator, call, fresh_folder, two_versions, wait_for

TESTS = "/api/v1/ab-tests"


class StalledCatalog(unittest.TestCase):
    """A gate with disaster.cpp beneath it, and an application that reports metrics."""

    def setUp(self):
        self.folder = fresh_folder("StalledCatalog")
        self.disasters = self.folder / "disasters"
        self.disasters.mkdir()
        one = Simulator(self.folder, "one")
        self.addCleanup(one.stop)
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        beneath = {"LD_PRELOAD": str(BUILD / "disaster.so"), "ASAN_OPTIONS": options,
                   "TALLYGATE_DISASTER": str(self.disasters),
                   "TALLYGATE_STORE": str(self.folder / "data")}
        with unittest.mock.patch.dict(os.environ, beneath):
            self.gate = Gate(self.folder, {**two_versions(one.base, one.base, {"a": 50, "b": 50}),
                                           "timeouts": {"total": "500ms"}})
        self.addCleanup(self.gate.stop)
        self.addCleanup(self.end)

    def end(self):
        (self.disasters / "stall").unlink(missing_ok=True)

    def test_they_are_answered_in_time(self):
        made = json.loads(call(self.gate.admin, "POST", "/api/keys", {"name": "app"})[2])
        test = self.gate.admin_json(TESTS)["data"][0]["test_id"]
        report = lambda unit: call(
            self.gate.port, "POST", f"{TESTS}/{test}/metrics",
            {"variant": "a", "user_id": unit, "name": "satisfaction", "value": 4.5},
            {"Authorization": "Bearer " + made["key"]})
        self.assertEqual(report("ann")[0], 201)
        (self.disasters / "stall").touch()
        began = time.monotonic()
        status, fields, body = report("bob")
        self.assertLess(time.monotonic() - began, 5, "the client does not wait for the disk")
        self.assertEqual((status, json.loads(body)["error"]["code"]), (503, "overloaded"))
        self.assertIn("retry-after", fields)
        self.assertEqual(fields["connection"], "close")
        self.assertEqual(call(self.gate.port, "GET", "/livez")[0], 200)
        self.end()
        wait_for(lambda: report("cleo")[0] == 201, "the catalog is written again")


if __name__ == "__main__":
    unittest.main()
