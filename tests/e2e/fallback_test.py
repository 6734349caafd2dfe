"""Fallback, retries and deadlines through the real binary: who is tried next, what is said about it,
and when it is given up."""

import json
import re
import socket
import time
import unittest

from gate import GateTest, chat, wait_for

CHAT = "/v1/chat/completions"


class Fallback(GateTest):
    split = {"a": 50, "b": 50}

    @classmethod
    def configure(cls, config):
        one, two = cls.one.base, cls.two.base
        faults = {"bad": "status-500", "full": "status-429", "broke": "answer-429-7",
                  "unkeyed": "status-401", "slow": "hang"}
        targets, routes = config["targets"], config["routes"]
        for name, fault in faults.items():
            targets[name] = {"url": one, "model": f"sim-fault-{fault}"}
            routes[name] = {"versions": {"1.0.0": {"targets": [name], "default": True}}}
        targets["passing"] = {**targets["unkeyed"], "pass_client_key": True}
        routes["passing"] = {"versions": {"1.0.0": {"targets": ["passing"], "default": True}}}
        targets["few"] = {"url": one, "model": "sim-fault-hang+comments", "max_connections": 1}
        good = {"2.0.0": {"targets": ["two"]}}
        for name in ("bad", "unkeyed", "slow"):
            routes[f"{name}-or-good"] = {
                "versions": {**routes[name]["versions"], **good},
                "fallbacks": [f"{name}-or-good@2.0.0"]}
        routes["ranked"] = {
            "versions": {"1.0.0": {"targets": ["dead"], "default": True},
                         "1.0.1": {"targets": ["bad"]}, **good},
            "fallbacks": ["ranked@1.0.1", "ranked@2.0.0"]}
        routes["slow-or-good"]["timeouts"] = {"response_head": "300ms", "first_token": "300ms"}
        routes["few"] = {"versions": {"1.0.0": {"targets": ["few"], "default": True}},
                         "timeouts": {"connect": "200ms"}}
        routes["brief"] = {**routes["slow"], "timeouts": {"total": "300ms"}}
        # Version a of the experiment is on a dead target; b stands in.
        routes["assistant"]["versions"]["1.0.0"]["targets"] = ["dead"]
        routes["assistant"]["fallbacks"] = ["assistant@1.1.0"]
        config["blacklist"] = {"failures": 1000}
        config["retry"] = {"budget_floor": 1000}

    def ask(self, model, body=None, **headers):
        status, fields, content = self.gate.post(CHAT, body or chat(model), **headers)
        return status, fields, json.loads(content)

    def record(self, fields):
        return self.gate.admin_json("/api/requests/" + fields["x-request-id"])

    def failures_in_row(self, target):
        rows = self.gate.admin_json("/performance?limit=200")["data"]
        return max((row["failures_in_row"] for row in rows if row.get("target") == target), default=0)

    def test_what_a_fallback_serves_counts_for_the_assigned_variant(self):
        arms = {"a": 0, "b": 0}
        for unit in range(40):
            status, fields, _ = self.ask("assistant", x_tallygate_unit=f"unit-{unit}")
            self.assertEqual(status, 200)
            arms[fields["x-tallygate-variant"]] += 1
            self.assertEqual(fields["x-tallygate-version"], "1.1.0", "what served")
            record = self.record(fields)
            is_a = record["variant"] == "a"
            self.assertEqual(record["assigned_version"], "1.0.0" if is_a else "1.1.0")
            self.assertEqual((record["version"], record["outcome"]), ("1.1.0", "ok"))
            self.assertEqual(record["fallback_reason"], "upstream_connect_error" if is_a else None)
        self.assertTrue(all(arms.values()), arms)
        listed = self.gate.admin_json("/api/v1/ab-tests?model_type=assistant")
        test = listed["data"][0]
        report = self.gate.admin_json("/api/v1/ab-tests/" + test["test_id"])
        counted = {arm: report["metrics"][f"variant_{arm}"]["requests"] for arm in "ab"}
        self.assertEqual(counted, arms)

    def test_fallbacks_come_in_the_order_of_what_was_measured(self):
        def attempts():
            status, fields, _ = self.ask("ranked")
            self.assertEqual(status, 200)
            return fields["x-tallygate-attempts"]
        self.assertEqual(attempts(), "3", "as the file has them: dead, bad, good")
        for _ in range(20):
            attempts()
        wait_for(lambda: attempts() == "2", "the bad one is tried last", 40)

    def test_each_attempt_is_in_the_record_and_in_the_log(self):
        _, fields, _ = self.ask("bad-or-good")
        first, second = self.record(fields)["attempts_detail"]
        self.assertEqual((first["target"], first["cause"], first["status"]), ("bad", "upstream_status", 500))
        self.assertEqual((second["target"], second["cause"], second["status"]), ("two", None, 200))
        self.assertLessEqual(first["start_ms"] + first["duration_ms"], second["start_ms"])

        def is_logged():  # a line may be left out for want of room; the next one is not
            _, fields, _ = self.ask("bad-or-good")
            return re.search(f"attempt failed request_id={fields['x-request-id']} route=bad-or-good "
                             r"target=bad attempt=1 cause=upstream_status status=500 ",
                             self.gate.log.read_text())
        wait_for(is_logged, "the attempt is in the log")

    def test_a_flood_of_failures_is_not_a_flood_of_lines(self):
        for _ in range(200):
            self.ask("offline")
        lines = [line for line in self.gate.log.read_text().splitlines() if " route=offline " in line]
        self.assertLess(len(lines), 150)

        def left_out():
            self.ask("offline")
            return sum(int(number) for number in re.findall(
                r" route=offline .*left_out=(\d+)", self.gate.log.read_text()))
        wait_for(left_out, "what was left out is counted")

    def test_a_refused_credential_of_ours_leads_to_the_next_target(self):
        status, fields, _ = self.ask("unkeyed-or-good")
        self.assertEqual((status, fields["x-tallygate-attempts"]), (200, "2"))
        self.assertEqual(self.record(fields)["attempts_detail"][0]["cause"], "upstream_auth_error")
        status, fields, body = self.ask("unkeyed")
        self.assertEqual((status, body["error"]["code"]), (502, "upstream_auth_error"))
        self.assertEqual(self.failures_in_row("unkeyed"), 0, "no blame")

    def test_a_refused_credential_of_the_client_is_relayed(self):
        status, _, _ = self.ask("passing", authorization="Bearer mine")
        self.assertEqual(status, 401)

    def test_retry_after_is_what_sdks_obey(self):
        status, fields, _ = self.ask("broke")
        self.assertEqual((status, fields["retry-after"], fields["retry-after-ms"]), (429, "7", "7000"))
        self.assertNotIn("x-should-retry", fields)

    def test_a_first_token_that_does_not_come_costs_its_time_once(self):
        for stream in (False, True):
            with self.subTest(stream=stream):
                began = time.monotonic()
                status, fields, _ = self.gate.post(CHAT, chat("slow-or-good", stream=stream))
                self.assertEqual((status, fields["x-tallygate-attempts"]), (200, "2"))
                self.assertLess(time.monotonic() - began, 3)

    def test_a_client_may_wait_less_and_nobody_is_blamed(self):
        before = self.failures_in_row("slow")
        began = time.monotonic()
        status, fields, body = self.ask("slow", x_tallygate_timeout_ms="300")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual((status, body["error"]["code"]), (504, "deadline_exceeded"))
        self.assertEqual(self.record(fields)["attempts_detail"][0]["cause"], "deadline_exceeded")
        self.assertEqual(self.failures_in_row("slow"), before)

    def test_no_target_is_tried_when_the_time_is_up(self):
        status, fields, _ = self.ask("slow-or-good", x_tallygate_timeout_ms="100")
        self.assertEqual((status, fields["x-tallygate-attempts"]), (504, "1"))

    def test_a_client_cannot_wait_longer_than_the_route_allows(self):
        began = time.monotonic()
        status, _, body = self.ask("brief", x_tallygate_timeout_ms="60000")
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual((status, body["error"]["code"]), (504, "upstream_timeout"))

    def test_a_target_with_all_connections_in_use_is_not_to_blame(self):
        before = self.failures_in_row("few")
        with socket.create_connection(("127.0.0.1", self.gate.port)) as first:
            body = json.dumps(chat("few")).encode()
            first.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\n"
                          b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            wait_for(lambda: self.one.last_json()["model"] == "sim-fault-hang+comments", "it is upstream")
            status, fields, body = self.ask("few")
            self.assertEqual((status, body["error"]["code"]), (503, "upstream_busy"))
            self.assertNotIn("x-should-retry", fields)
        self.assertEqual(self.failures_in_row("few"), before)


if __name__ == "__main__":
    unittest.main()
