"""Every finished request is in the journal exactly once, and every other figure agrees with it."""

import collections
import concurrent.futures
import json
import subprocess
import threading
import unittest
import urllib.parse
from decimal import Decimal

from gate import GATE, GateTest, call, chat
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

    def page(self, **query):
        path = "/api/requests?" + urllib.parse.urlencode(query)
        status, _, content = call(self.gate.admin, "GET", path)
        self.assertEqual(status, 200, content)
        return json.loads(content, parse_float=Decimal)

    def search(self, **query):
        """All pages, one behind the other."""
        records = []
        while True:
            page = self.page(**query)
            self.assertLessEqual(len(page["data"]), query.get("limit", 50))
            self.assertEqual(page["has_more"], page["next_cursor"] is not None)
            records += page["data"]
            if not page["has_more"]:
                return records
            query["cursor"] = page["next_cursor"]

    def test_pages_are_the_journal_from_its_end_on(self):
        journal = self.gate.journal()
        journal.reverse()
        self.assertEqual(self.search(), journal)
        self.assertEqual(self.search(limit=7), journal)
        self.assertEqual(self.page(limit=3)["data"], journal[:3])

    def test_filters_are_the_columns_of_a_record(self):
        journal = self.gate.journal()
        journal.reverse()
        compared = 0
        for column in ("route", "assigned_version", "version", "target", "experiment", "variant",
                       "outcome", "error", "status"):
            for value in {record[column] for record in journal} - {None}:
                with self.subTest(f"{column}={value}"):
                    expected = [record for record in journal if record[column] == value]
                    self.assertEqual(self.search(limit=20, **{column: value}), expected)
                    compared += 1
        self.assertGreater(compared, 15)
        # Times are those of the ids, to the millisecond.
        middle = sorted(record["started"][:23] for record in journal)[len(journal) // 2]
        before = [record for record in journal if record["started"][:23] < middle]
        self.assertEqual(self.search(until=middle + "Z"), before)
        self.assertEqual(len(self.search(since=middle + "Z")), len(journal) - len(before))
        self.assertEqual(self.search(since="1h", route="assistant", outcome="upstream_error"),
                         [record for record in journal if record["route"] == "assistant" and
                          record["outcome"] == "upstream_error"])
        self.assertEqual(self.search(route="nobody-knows"), [])

    def test_pages_stay_whole_while_requests_come(self):
        expected = self.search(limit=200, route="assistant", variant="b")
        done = threading.Event()

        def keep_asking():
            while not done.is_set():
                self.gate.post("/v1/chat/completions", chat("offline"))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            self.assertEqual(self.search(limit=2, route="assistant", variant="b"), expected)
        finally:
            done.set()
            asking.join()

    def test_a_search_that_is_wrong_is_told_what_is_right(self):
        for query, part in (("rout=x", "did you mean `route`?"), ("outcome=okay", "upstream_error"),
                            ("cursor=00", "start again"), ("limit=201", "1 to 200")):
            with self.subTest(query):
                status, _, content = call(self.gate.admin, "GET", "/api/requests?" + query)
                self.assertEqual(status, 400)
                self.assertIn(part, json.loads(content)["error"]["message"])

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
