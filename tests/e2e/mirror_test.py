"""Shadow traffic: a copy goes to another version, and no client can tell."""

import unittest

from gate import Gate, Simulator, call, chat, fresh_folder, wait_for

PROMPT = "the same words for both"


def config(one, two, share=1.0):
    return {
        "targets": {"one": {"url": one, "model": "m-one"},
                    "two": {"url": two, "model": "m-two"}},
        "routes": {"assistant": {
            "versions": {"1.0.0": {"targets": ["one"], "default": True},
                         "1.1.0": {"targets": ["two"]}},
            "experiment": {"name": "shadow", "variants": {"a": "1.0.0", "b": "1.1.0"},
                           "split": {"a": 100, "b": 0}, "status": "active",
                           "mirror": {"version": "1.1.0", "share": share}}}},
    }


class Mirror(unittest.TestCase):
    def setUp(self):
        self.folder = fresh_folder(f"Mirror/{self._testMethodName}")
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)
        self.two = Simulator(self.folder, "two")
        self.addCleanup(self.two.stop)

    def start(self, **fields):
        gate = Gate(self.folder, config(self.one.base, self.two.base, **fields))
        self.addCleanup(gate.stop)
        return gate

    def ask(self, gate, **fields):
        return gate.post("/v1/chat/completions",
                         chat(messages=[{"role": "user", "content": PROMPT}], **fields),
                         x_tallygate_unit="ann")

    def test_a_copy_is_recorded_beside_its_original(self):
        gate = self.start()
        for stream in (False, True):
            status, fields, _ = self.ask(gate, stream=stream)
            self.assertEqual((status, fields["x-tallygate-version"]), (200, "1.0.0"))
        wait_for(lambda: self.two.stats()["requests"] == 2, "both copies arrived")
        copy = self.two.last_json()
        self.assertEqual(copy["model"], "m-two")
        self.assertEqual(copy["messages"], self.one.last_json()["messages"])
        wait_for(lambda: gate.metric("tallygate_journal_records_total") == 4, "all are recorded")
        gate.stop()
        records = gate.journal()
        originals = {r["request_id"]: r for r in records if not r["mirrored"]}
        copies = [r for r in records if r["mirrored"]]
        self.assertEqual((len(originals), len(copies)), (2, 2))
        self.assertEqual({r["mirror_of"] for r in copies}, set(originals))
        for record in copies:
            self.assertEqual((record["version"], record["outcome"]), ("1.1.0", "ok"))
            self.assertIsNone(record["variant"])
        for record in originals.values():
            self.assertEqual((record["version"], record["variant"]), ("1.0.0", "a"))

    def test_a_mirror_that_fails_harms_no_client_and_is_not_benched_for_it(self):
        gate = self.start()
        self.two.stop()
        for _ in range(20):
            self.assertEqual(self.ask(gate)[0], 200)
        wait_for(lambda: gate.metric("tallygate_journal_records_total") == 40, "all are recorded")
        gate.stop()
        outcomes = {(r["mirrored"], r["outcome"]) for r in gate.journal()}
        self.assertEqual(outcomes, {(False, "ok"), (True, "upstream_error")})

    def test_a_mirror_that_hangs_slows_nobody_and_is_bounded(self):
        gate = self.start()
        call(self.two.port, "POST", "/simulator/fault", "hang")
        for _ in range(200):
            self.assertEqual(self.ask(gate)[0], 200)
        _, _, page = call(gate.admin, "GET", "/metrics")
        text = page.decode() if isinstance(page, bytes) else page
        self.assertIn('tallygate_mirrored_requests_total{outcome="left_out"}', text)

    def test_a_share_of_0_copies_nothing(self):
        gate = self.start(share=0)
        for _ in range(20):
            self.assertEqual(self.ask(gate)[0], 200)
        self.assertEqual(self.two.stats()["requests"], 0)


if __name__ == "__main__":
    unittest.main()
