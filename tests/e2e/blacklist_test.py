"""The blacklist through the real binary: three failures bench a target, a restart keeps that, one
request at a time finds out whether it has recovered, and 429 only cools it down."""

import http.client
import json
import re
import threading
import time
import unittest

from gate import Gate, Simulator, call, chat, fresh_folder, in_environment, wait_for

CHAT = "/v1/chat/completions"
BASE = 1.0  # seconds: the shortest bench that the file allows


class Feed:
    """Reads /-/events from its start on."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request("GET", "/-/events")
        self.response = self.connection.getresponse()

    def wait_for(self, name):
        """The data of the next event of this name."""
        end = time.monotonic() + 20
        is_it = False
        while time.monotonic() < end:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                is_it = line == f"event: {name}"
            elif is_it and line.startswith("data: "):
                return json.loads(line[len("data: "):])
        raise AssertionError(f"no event {name}")

    def close(self):
        self.connection.close()


class Blacklist(unittest.TestCase):
    """Route `chat` is on `main`, which the test can break, with `spare` behind it; `alone` is on
    `main` only."""

    blacklist = {"base": "1h", "cap": "24h"}

    def setUp(self):
        self.folder = fresh_folder(f"{type(self).__name__}_{self._testMethodName}")
        self.main = self.simulator("main")
        self.spare = self.simulator("spare")
        main = {"url": self.main.base, "model": "model-main", "api_key": in_environment("sk-ours")}
        spare = {"url": self.spare.base, "model": "model-spare"}
        config = {
            "targets": {"main": main, "spare": spare},
            "routes": {
                "chat": {"versions": {"1.0.0": {"targets": ["main"], "default": True},
                                      "2.0.0": {"targets": ["spare"]}},
                         "fallbacks": ["chat@2.0.0"]},
                "alone": {"versions": {"1.0.0": {"targets": ["main"], "default": True}}},
            },
            "retry": {"base": "0s", "budget_floor": 1000},
            "blacklist": {"failures": 3, "factor": 2, **self.blacklist},
        }
        self.gate = Gate(self.folder, config)
        self.addCleanup(lambda: self.gate.stop())

    def simulator(self, name):
        simulator = Simulator(self.folder, name)
        self.addCleanup(simulator.stop)
        return simulator

    def break_main(self, fault="status:503"):
        call(self.main.port, "POST", "/simulator/fault", fault)

    def ask(self, model="chat"):
        return self.gate.post(CHAT, chat(model))

    def served_by(self):
        status, headers, _ = self.ask()
        self.assertEqual(status, 200)
        return headers["x-simulator-name"]

    def rows(self):
        listed = self.gate.admin_json("/performance/blacklisted")["data"]
        return {row["target"]: row for row in listed}

    def state_of(self, target):
        """As /metrics has it."""
        page = call(self.gate.admin, "GET", "/metrics")[2].decode()
        states = re.findall(rf'^tallygate_target_state\{{target="{target}",state="(\w+)"\}} 1$', page,
                            re.M)
        self.assertEqual(len(states), 1, page)
        return states[0]

    def bench_main(self):
        """Three failures; returns the request that caused the bench."""
        self.break_main()
        for _ in range(3):
            status, headers, _ = self.ask()
            self.assertEqual((status, headers["x-tallygate-attempts"]), (200, "2"))
        return headers["x-request-id"]


class LongBench(Blacklist):
    def test_a_kill_right_after_the_answer_keeps_the_bench_with_its_evidence(self):
        culprit = self.bench_main()
        self.gate.restart(kill=True)
        row = self.rows()["main"]
        self.assertEqual((row["state"], row["failures_in_row"], row["by_hand"], row["by"]),
                         ("benched", 3, False, "tallygate"))
        self.assertEqual(row["evidence"]["request_id"], culprit)
        self.assertEqual((row["evidence"]["cause"], row["evidence"]["status"]),
                         ("upstream_status", 503))
        asked = self.main.stats()["requests"]
        self.assertEqual(self.ask()[1]["x-tallygate-attempts"], "1")
        self.assertEqual(self.main.stats()["requests"], asked)

    def reload(self, change):
        config = json.loads(self.gate.config_file.read_text())
        change(config)
        self.gate.config_file.write_text(json.dumps(config))
        status, _, body = call(self.gate.admin, "POST", "/-/reload", {})
        self.assertEqual(status, 200, body)

    def test_a_target_that_was_out_of_the_file_over_a_restart_is_benched_as_it_was(self):
        self.bench_main()
        kept = json.loads(self.gate.config_file.read_text())

        def without_main(config):
            del config["targets"]["main"]
            del config["routes"]["alone"]
            config["routes"]["chat"] = {"versions": {"2.0.0": {"targets": ["spare"], "default": True}}}

        self.reload(without_main)
        self.gate.restart(kill=True)
        self.assertEqual(self.rows(), {})
        self.reload(lambda config: config.update(kept))
        self.assertEqual((self.rows()["main"]["state"], self.rows()["main"]["failures_in_row"]),
                         ("benched", 3))
        self.assertEqual((self.state_of("main"), self.state_of("spare")), ("benched", "open"))
        self.assertEqual(self.served_by(), "spare")

    def test_a_target_that_dies_under_load_costs_three_failed_attempts(self):
        self.break_main()
        errors = []

        def ask_often():
            for _ in range(50):
                status, _, _ = self.ask()
                if status != 200:
                    errors.append(status)

        threads = [threading.Thread(target=ask_often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertLessEqual(self.main.stats()["requests"], 3 + len(threads))

    def test_when_all_are_benched_the_answer_and_a_metric_say_so(self):
        self.break_main()
        for _ in range(3):
            status, headers, _ = self.ask("alone")
            self.assertEqual(status, 503)
            self.assertNotIn("x-tallygate-degraded", headers)
        status, headers, _ = self.ask("alone")
        self.assertEqual((status, headers["x-tallygate-degraded"]), (503, "true"))
        self.assertEqual(self.gate.metric("tallygate_degraded_requests_total"), 1)
        self.break_main("")
        status, headers, _ = self.ask("alone")
        self.assertEqual((status, headers["x-tallygate-degraded"]), (200, "true"))
        status, headers, _ = self.ask("alone")
        self.assertEqual(status, 200)
        self.assertNotIn("x-tallygate-degraded", headers)

    def test_a_pardon_lets_requests_through_and_is_remembered(self):
        feed = Feed(self.gate.admin)
        self.addCleanup(feed.close)
        self.bench_main()
        benched = feed.wait_for("target.benched")
        self.assertEqual((benched["target"], benched["failures_in_row"]), ("main", 3))
        self.break_main("")
        self.assertEqual(self.served_by(), "spare")
        status, _, _ = call(self.gate.admin, "DELETE", "/performance/blacklisted/main")
        self.assertEqual(status, 200)
        self.assertEqual(feed.wait_for("target.pardoned")["target"], "main")
        self.assertEqual(self.served_by(), "main")
        self.gate.restart(kill=True)
        self.assertEqual(self.rows(), {})
        self.assertEqual(self.served_by(), "main")

    def test_a_429_cools_down_for_as_long_as_it_asks_and_is_no_failure(self):
        self.break_main("answer-429:30")
        self.assertEqual(self.ask()[1]["x-tallygate-attempts"], "2")
        row = self.rows()["main"]
        self.assertEqual((row["state"], row["failures_in_row"], row["until"]), ("cooling", 0, None))
        self.assertIsNotNone(row["cooling_until"])
        asked = self.main.stats()["requests"]
        for _ in range(4):
            self.assertEqual(self.ask()[1]["x-tallygate-attempts"], "1")
        self.assertEqual(self.main.stats()["requests"], asked)
        self.break_main("")
        call(self.gate.admin, "DELETE", "/performance/blacklisted/main")
        self.assertEqual(self.served_by(), "main")

    def test_a_refused_credential_is_an_alarm_and_no_blame(self):
        feed = Feed(self.gate.admin)
        self.addCleanup(feed.close)
        self.break_main("status:401")
        for _ in range(5):
            status, headers, _ = self.ask()
            self.assertEqual((status, headers["x-tallygate-attempts"]), (200, "2"))
        alarm = feed.wait_for("target.misconfigured")
        self.assertEqual((alarm["target"], alarm["count"], alarm["evidence"]["status"]),
                         ("main", 1, 401))
        row = self.rows()["main"]
        self.assertEqual((row["state"], row["refusals"], row["failures_in_row"]),
                         ("misconfigured", 5, 0))
        self.break_main("")
        self.assertEqual(self.served_by(), "main")
        self.assertEqual(self.rows(), {})

    def test_what_the_client_did_wrong_never_counts(self):
        self.break_main("status:400")
        for _ in range(5):
            self.assertEqual(self.ask()[0], 400)
        self.assertEqual(self.rows(), {})


class ShortBench(Blacklist):
    blacklist = {"base": f"{BASE:.0f}s", "cap": "24h"}

    def wait_until_recovering(self):
        wait_for(lambda: self.rows().get("main", {}).get("state") == "recovering",
                 "the bench is over")

    def test_one_request_at_a_time_tries_a_recovering_target_until_one_succeeds(self):
        feed = Feed(self.gate.admin)
        self.addCleanup(feed.close)
        self.bench_main()
        self.wait_until_recovering()
        self.break_main("delay:500ms")
        before = self.main.stats()["requests"]
        answers = []
        lock = threading.Lock()

        def ask():
            status, headers, _ = self.ask()
            with lock:
                answers.append((status, headers["x-simulator-name"]))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers), [(200, "main")] + [(200, "spare")] * 7)
        self.assertEqual(self.main.stats()["requests"], before + 1)
        self.assertEqual(feed.wait_for("target.recovered")["target"], "main")
        self.assertEqual(self.served_by(), "main")
        self.assertEqual(self.rows(), {})

    def test_a_stream_lets_the_next_request_try_once_its_content_goes_out(self):
        self.bench_main()
        self.wait_until_recovering()
        self.break_main("")
        connection = http.client.HTTPConnection("127.0.0.1", self.gate.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("POST", CHAT, json.dumps(chat("chat", stream=True)),
                           {"Content-Type": "application/json", "x-sim-fault": "hang-mid-stream:3"})
        response = connection.getresponse()
        self.assertEqual(response.headers["x-simulator-name"], "main")
        self.assertTrue(response.readline().startswith(b"data: "))
        self.assertEqual(self.state_of("main"), "recovering", "the stream has not succeeded yet")
        self.assertEqual(self.served_by(), "main")
        self.assertEqual(self.state_of("main"), "open")

    def test_a_failed_trial_doubles_the_bench_also_over_a_restart(self):
        self.bench_main()
        self.gate.restart(kill=True)
        self.wait_until_recovering()
        self.assertEqual(self.ask()[1]["x-tallygate-attempts"], "2")
        row = self.rows()["main"]
        self.assertEqual((row["state"], row["failures_in_row"]), ("benched", 4))
        self.assertEqual(self.ask()[1]["x-tallygate-attempts"], "1")


class Probe(Blacklist):
    blacklist = {"base": "1h", "probe": {"interval": "1s", "timeout": "2s"}}

    def test_a_probe_takes_a_target_in_again_as_soon_as_it_answers(self):
        feed = Feed(self.gate.admin)
        self.addCleanup(feed.close)
        self.bench_main()
        feed.wait_for("target.benched")
        self.assertEqual(self.served_by(), "spare")
        self.break_main("")
        pardoned = feed.wait_for("target.pardoned")
        self.assertEqual((pardoned["target"], pardoned["by"]), ("main", "probe"))
        self.assertEqual(self.served_by(), "main")
        self.assertEqual(self.main.last()[0]["authorization"], "Bearer sk-ours")


if __name__ == "__main__":
    unittest.main()
