"""The split of an experiment, as clients see it: exact per unit, sticky, and bypassed by name."""

import unittest
import uuid

import xxhash
from gate import GateTest, chat

UNITS = 400
SLOTS = 10_000
RANK_SALT = 0x9E3779B97F4A7C15


class Oracle:
    """The same assignment from the reference's words alone: slots by rank, lanes by share."""

    def __init__(self, route, experiment, shares):
        name = uuid.UUID(bytes=xxhash.xxh3_128_digest(f"{route}/{experiment}".encode()))
        self.salt = xxhash.xxh3_64_intdigest(name.bytes)
        order = sorted(range(SLOTS), key=lambda slot: (xxhash.xxh3_64_intdigest(
            slot.to_bytes(2, "little"), self.salt ^ RANK_SALT), slot))
        self.table = {}
        start = 0
        for variant, percent in shares.items():
            end = start + SLOTS * percent // 100
            self.table.update(dict.fromkeys(order[start:end], variant))
            start = end

    def variant_of(self, unit):
        hashed = xxhash.xxh3_64_intdigest(b"\x1f" + unit.encode(), self.salt)
        return self.table[(hashed * SLOTS) >> 64]


class Assignment(GateTest):
    split = {"a": 80, "b": 20}

    def ask(self, model="assistant", body=None, **headers):
        """-> (variant, version, experiment) of one answer."""
        status, fields, content = self.gate.post("/v1/chat/completions", body or chat(model), **headers)
        self.assertEqual(status, 200, content)
        return tuple(fields.get("x-tallygate-" + name) for name in ("variant", "version", "experiment"))

    def test_splits_and_sticks(self):
        first = {unit: self.ask(x_tallygate_unit=f"user-{unit}") for unit in range(UNITS)}
        again = {unit: self.ask(x_tallygate_unit=f"user-{unit}") for unit in range(UNITS)}
        self.assertEqual(first, again)
        self.assertEqual(set(first.values()), {("a", "1.0.0", "one-against-two"),
                                               ("b", "1.1.0", "one-against-two")})
        oracle = Oracle("assistant", "one-against-two", self.split)
        for unit, (variant, _, _) in first.items():
            self.assertEqual(variant, oracle.variant_of(f"user-{unit}"), unit)

    def test_a_unit_is_the_same_wherever_it_is_named(self):
        for unit in ("ann", "bob", "étienne", "x" * 200):
            with self.subTest(unit[:20]):
                by_body = self.ask(body=chat(user=unit))
                self.assertEqual(self.ask(body=chat(safety_identifier=unit)), by_body)
                self.assertEqual(self.ask(body=chat(metadata={"user_id": unit})), by_body)
                if unit.isascii():
                    self.assertEqual(self.ask(x_tallygate_unit=unit), by_body)
                    self.assertEqual(self.ask(x_session_id=unit), by_body)

    def test_the_header_wins_over_the_body(self):
        arms = {variant: f"user-{i}" for i in range(60)
                for variant in [self.ask(x_tallygate_unit=f"user-{i}")[0]]}
        got = self.ask(body=chat(user=arms["a"]), x_tallygate_unit=arms["b"])
        self.assertEqual(got[0], "b")

    def test_without_a_unit_nobody_is_enrolled(self):
        for _ in range(20):
            self.assertEqual(self.ask(), (None, "1.0.0", None))

    def test_a_named_version_bypasses_the_experiment(self):
        for name in ("assistant@1.1.0", "assistant:1.1.0"):
            self.assertEqual(self.ask(name, x_tallygate_unit="ann"), (None, "1.1.0", None))

    def test_the_version_decides_the_upstream(self):
        for name, simulator, model in (("assistant@1.0.0", self.one, "model-one"),
                                       ("assistant@1.1.0", self.two, "model-two")):
            self.ask(name)
            self.assertEqual(simulator.last_json()["model"], model)

    def test_a_fallback_keeps_the_assigned_variant(self):
        arms = {variant: f"user-{i}" for i in range(60)
                for variant in [self.ask("shaky", x_tallygate_unit=f"user-{i}")[0]]}
        status, fields, _ = self.gate.post("/v1/chat/completions", chat("shaky"),
                                           x_tallygate_unit=arms["b"])
        self.assertEqual(status, 200)
        self.assertEqual(fields["x-tallygate-variant"], "b")
        self.assertEqual(fields["x-tallygate-version"], "1.0.0")
        record = self.gate.admin_json("/api/requests/" + fields["x-request-id"])
        self.assertEqual((record["variant"], record["version"]), ("b", "1.0.0"))

    @classmethod
    def configure(cls, config):
        config["blacklist"] = {"failures": 1000}
        config["routes"]["shaky"] = {
            "versions": {"1.0.0": {"targets": ["one"], "default": True},
                         "1.1.0": {"targets": ["busy"]}},
            "fallbacks": ["shaky@1.0.0"],
            "experiment": {"name": "shaky-b", "variants": {"a": "1.0.0", "b": "1.1.0"},
                           "split": {"a": 50, "b": 50}, "status": "active"}}


if __name__ == "__main__":
    unittest.main()
