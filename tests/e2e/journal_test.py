"""Every finished request is in the journal exactly once, and every other figure agrees with it."""

import collections
import concurrent.futures
import json
import subprocess
import unittest

from gate import GATE, GateTest, chat
from recount import performance_of, recount


class Journal(GateTest):
    split = {"a": 50, "b": 50}

    @classmethod
    def configure(cls, config):
        config["blacklist"] = {"failures": 1000}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            cls.answers = list(pool.map(cls.ask, range(200)))

    @classmethod
    def ask(cls, number):
        """A mix: both arms, streams, fallbacks, refusals, failures."""
        kind = number % 10
        body = chat("assistant", user=f"user-{number % 37}", stream=kind % 2 == 0)
        headers = {}
        if kind == 7:
            body = chat("unlucky")
        elif kind == 8:
            body = chat("offline")
        elif kind == 9:
            headers["x_sim_fault"] = "status:422"
        elif kind == 5:
            headers["x_sim_fault"] = "status:500"  # every target's: relayed after the last one
        status, fields, _ = cls.gate.post("/v1/chat/completions", body, **headers)
        return status, fields

    def test_holds_each_request_once(self):
        ids = [record["request_id"] for record in self.gate.journal()]
        self.assertEqual(len(ids), len(set(ids)))
        answered = {fields["x-request-id"] for _, fields in self.answers}
        self.assertEqual(len(answered), len(self.answers))
        self.assertLessEqual(answered, set(ids))

    def test_says_what_the_client_was_told(self):
        records = {record["request_id"]: record for record in self.gate.journal()}
        for status, fields in self.answers:
            record = records[fields["x-request-id"]]
            self.assertEqual(record["status"], status)
            self.assertEqual(record["route"], fields["x-tallygate-route"])
            self.assertEqual(record["variant"], fields.get("x-tallygate-variant"))
            self.assertEqual(record["version"], fields.get("x-tallygate-version"))
            self.assertEqual(record["attempts"], int(fields["x-tallygate-attempts"]))
        outcomes = collections.Counter(record["outcome"] for record in records.values())
        self.assertLessEqual({"ok", "client_error", "upstream_error"}, set(outcomes))

    def test_keeps_nothing_of_what_resolved_to_no_route(self):
        before = len(self.gate.journal())
        self.gate.post("/v1/chat/completions", chat("nobody-knows"))
        self.gate.post("/v1/chat/completions", "{", content_type="application/json")
        self.assertEqual(len(self.gate.journal()), before)

    def test_performance_equals_a_recount(self):
        journal = self.gate.journal()
        self.assertEqual(performance_of(self.gate), recount(journal))

    def test_one_record_can_be_looked_up(self):
        _, fields = self.answers[0]
        record = self.gate.admin_json("/api/requests/" + fields["x-request-id"])
        self.assertEqual(record["request_id"], fields["x-request-id"])

    def run_journal(self, *options):
        return subprocess.run([GATE, "journal", "--path", self.gate.store, *options],
                              capture_output=True, text=True, timeout=60)

    def test_prints_csv_too(self):
        lines = self.run_journal("--format", "csv").stdout.splitlines()
        self.assertIn("request_id", lines[0].split(","))
        self.assertEqual(len(lines) - 1, len(self.gate.journal()))

    def test_prints_one_route(self):
        out = self.run_journal("--format", "jsonl", "--route", "offline").stdout
        routes = {json.loads(line)["route"] for line in out.splitlines()}
        self.assertEqual(routes, {"offline"})

    def test_says_where_it_looked_when_there_is_no_journal(self):
        out = subprocess.run([GATE, "journal", "--path", self.folder / "nowhere"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(out.returncode, 1)
        self.assertIn("nowhere", out.stderr)
        self.assertEqual(len(out.stderr.strip().splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
