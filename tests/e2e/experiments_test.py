"""Versions and A/B tests over the admin API, against traffic: a write holds from the next request on."""

import json
import unittest
import uuid

from gate import GateTest, call, chat, wait_for

VERSIONS = "/api/admin/llm-models/versions"
FORM_ONE = "/api/admin/llm-models/ab-tests"
FORM_TWO = "/api/v1/ab-tests"


class Api(GateTest):
    def admin(self, method, path, body=None, status=200, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        got, _, content = call(self.gate.admin, method, path, body, headers)
        self.assertEqual(got, status, f"{method} {path}: {content[:500]}")
        return json.loads(content)

    def make_version(self, model_type, version, **fields):
        return self.admin("POST", VERSIONS, {
            "name": f"{model_type} {version}", "version": version, "modelType": model_type,
            "isActive": True, "targets": ["one"], **fields}, 201)

    def make_test(self, model_type, split=None, **fields):
        a = self.make_version(model_type, "1.0.0", isDefault=True)
        b = self.make_version(model_type, "1.1.0", targets=["two"])
        test = self.admin("POST", FORM_TWO, {
            "name": f"test of {model_type}", "model_type": model_type, "variant_a": "1.0.0",
            "variant_b": "1.1.0", "traffic_split": split or {"a": 0.5, "b": 0.5}, **fields}, 201)
        return a, b, test["test_id"]

    def ask(self, model, unit):
        status, fields, body = self.gate.post("/v1/chat/completions", chat(model, user=unit))
        self.assertEqual(status, 200, body)
        return fields.get("x-tallygate-variant"), fields["x-tallygate-version"]


class Versions(Api):
    def test_a_new_type_is_a_route_at_once(self):
        self.make_version("fresh", "1.0.0", isDefault=True)
        self.assertEqual(self.ask("fresh", "ann"), (None, "1.0.0"))
        second = self.make_version("fresh", "2.0.0")
        self.admin("POST", f"{VERSIONS}/{second['id']}/make-default")
        self.assertEqual(self.ask("fresh", "ann"), (None, "2.0.0"))
        self.admin("POST", f"{VERSIONS}/rollback", {"modelType": "fresh"})
        self.assertEqual(self.ask("fresh", "ann"), (None, "1.0.0"))
        _, _, models = call(self.gate.port, "GET", "/v1/models")
        self.assertIn("fresh", [model["id"] for model in json.loads(models)["data"]])
        history = self.admin("GET", f"{VERSIONS}/{second['id']}/history")["data"]
        self.assertGreaterEqual(len(history), 2)

    def test_rules_are_named(self):
        one = self.make_version("ruled", "1.0.0", isDefault=True)
        self.admin("POST", VERSIONS, {"name": "x", "version": "1.0.0", "modelType": "ruled",
                                      "targets": ["one"]}, 409)
        self.admin("POST", VERSIONS, {"name": "x", "version": "one", "modelType": "ruled",
                                      "targets": ["one"]}, 422)
        self.admin("POST", VERSIONS, {"name": "x", "version": "1.2.0", "modelType": "ruled",
                                      "targets": ["nowhere"]}, 422)
        told = self.admin("POST", VERSIONS, {"name": "x", "verison": "1.2.0"}, 400)
        self.assertIn("verison", told["error"]["message"] + str(told["error"]["param"]))
        self.admin("PUT", f"{VERSIONS}/{one['id']}", {"notes": "x"}, 412, If_Match='"77"')
        self.admin("PUT", f"{VERSIONS}/config:assistant@1.0.0", {"notes": "x"}, 409)

    def test_the_same_write_twice_is_one(self):
        body = {"name": "x", "version": "1.0.0", "modelType": "once", "targets": ["one"]}
        key = str(uuid.uuid4())
        first = self.admin("POST", VERSIONS, body, 201, Idempotency_Key=key)
        again = self.admin("POST", VERSIONS, body, 201, Idempotency_Key=key)
        self.assertEqual(first["id"], again["id"])
        self.admin("POST", VERSIONS, {**body, "version": "1.1.0"}, 409, Idempotency_Key=key)


class Tests(Api):
    def test_a_test_through_its_life(self):
        a, b, test = self.make_test("life")
        self.assertEqual(self.ask("life", "ann"), (None, "1.0.0"))
        self.admin("POST", f"{FORM_TWO}/{test}/start")
        before = {unit: self.ask("life", f"u{unit}") for unit in range(100)}
        self.assertEqual(set(before.values()), {("a", "1.0.0"), ("b", "1.1.0")})
        for unit in range(0, 100, 10):
            seen = self.admin("GET", f"{FORM_TWO}/user/variant?model_type=life&user_id=u{unit}")
            self.assertEqual((seen["variant"], seen["version"]), before[unit])
        self.admin("DELETE", f"{VERSIONS}/{b['id']}", status=409)

        report = self.admin("GET", f"{FORM_TWO}/{test}")
        counted = {arm: report["metrics"][f"variant_{arm}"]["requests"] for arm in "ab"}
        self.assertEqual(counted, {arm: sum(v == arm for v, _ in before.values()) for arm in "ab"})
        self.assertEqual(report["assignments"]["total"], 100)

        preview = self.admin("GET", f"{FORM_TWO}/{test}/preview?split=a:0.4,b:0.6")
        self.assertAlmostEqual(next(v for v in preview.values() if isinstance(v, float)), 0.1, 3)
        self.admin("PUT", f"{FORM_TWO}/{test}/traffic", {"split": {"a": 0.4, "b": 0.6}})
        after = {unit: self.ask("life", f"u{unit}") for unit in range(100)}
        moved = [unit for unit in after if after[unit] != before[unit]]
        self.assertTrue(all(before[unit][0] == "a" for unit in moved), "only a gives to b")
        self.assertLess(len(moved), 30)

        self.admin("POST", f"{FORM_TWO}/{test}/pause")
        self.assertEqual({self.ask("life", f"u{unit}") for unit in range(20)}, {(None, "1.0.0")})
        self.assertIsNone(self.admin("GET",
                                     f"{FORM_TWO}/user/variant?model_type=life&user_id=u1"))
        self.admin("POST", f"{FORM_TWO}/{test}/resume")
        self.assertEqual({unit: self.ask("life", f"u{unit}") for unit in range(100)}, after)
        told = self.admin("POST", f"{FORM_TWO}/{test}/resume", status=409)
        self.assertIn("active", told["error"]["message"])

        self.admin("POST", f"{FORM_TWO}/{test}/complete", {"winner": "b", "promote": True})
        self.assertEqual(self.ask("life", "u1"), (None, "1.1.0"))
        self.assertTrue(self.admin("GET", f"{VERSIONS}/{b['id']}")["isDefault"])
        self.assertFalse(self.admin("GET", f"{VERSIONS}/{a['id']}")["isDefault"])

    def test_both_forms_show_one_document(self):
        _, _, test = self.make_test("forms", {"a": 0.7, "b": 0.3})
        one = self.admin("GET", f"{FORM_ONE}/{test}")
        self.assertEqual((one["trafficSplit"], one["status"]), (70, "draft"))
        self.admin("PUT", f"{FORM_ONE}/{test}", {"status": "active"})
        self.assertEqual(self.admin("GET", f"{FORM_TWO}/{test}")["status"], "active")

    def test_a_second_test_pauses_the_first(self):
        _, _, first = self.make_test("pair")
        self.admin("POST", f"{FORM_TWO}/{first}/start")
        second = self.admin("POST", FORM_TWO, {
            "name": "another", "model_type": "pair", "variant_a": "1.0.0", "variant_b": "1.1.0",
            "traffic_split": {"a": 0.5, "b": 0.5}}, 201)["test_id"]
        told = self.admin("POST", f"{FORM_TWO}/{second}/start")
        self.assertEqual(told["paused"], [first])
        self.assertEqual(self.admin("GET", f"{FORM_TWO}/{first}")["status"], "paused")

    def test_a_failing_variant_is_rolled_back_by_itself(self):
        _, _, test = self.make_test("guarded", criteria={
            "max_error_rate": 0.05, "min_requests": 50, "auto_complete": True})
        self.admin("POST", f"{FORM_TWO}/{test}/start")
        call(self.two.port, "POST", "/simulator/fault", "fin-mid-event:1")
        self.addCleanup(call, self.two.port, "POST", "/simulator/fault", "")
        for number in range(400):
            self.gate.post("/v1/chat/completions",
                           chat("guarded", stream=True, user=f"g{number}"))
        wait_for(lambda: self.admin("GET", f"{FORM_TWO}/{test}")["status"] == "cancelled",
                 "the test is rolled back", 40)
        self.assertEqual({self.ask("guarded", f"g{n}") for n in range(30)}, {(None, "1.0.0")})
        trail = self.admin("GET", "/api/audit")["data"]
        self.assertTrue(any(entry["actor"] == "tallygate" for entry in trail))

    def test_tests_outlive_a_restart(self):
        _, _, test = self.make_test("lasting")
        self.admin("POST", f"{FORM_TWO}/{test}/start")
        before = {unit: self.ask("lasting", f"u{unit}") for unit in range(50)}
        self.gate.restart()
        self.assertEqual({unit: self.ask("lasting", f"u{unit}") for unit in range(50)}, before)
        self.assertEqual(self.admin("GET", f"{FORM_TWO}/{test}")["assignments"]["total"], 50)


if __name__ == "__main__":
    unittest.main()
