"""Real answers of the admin API against the OpenAPI document that it serves."""

import http.client
import json
import re
import unittest
import urllib.parse

from gate import GateTest, call, chat
from jsonschema import Draft202012Validator

VERSIONS = "/api/admin/llm-models/versions"
METRICS = "/api/admin/llm-models/metrics"
PREDICTIONS = "/api/admin/llm-models/predictions"
TESTS = "/api/v1/ab-tests"


class OpenApi(GateTest):
    split = {"a": 50, "b": 50}

    def setUp(self):
        self.document = self.ask("GET", "/openapi.json", checked=False)
        self.seen = set()

    def ask(self, method, path, body=None, checked=True):
        status, headers, content = call(self.gate.admin, method, path, body)
        if checked:
            self.check(method, path, status, headers, content)
        return json.loads(content) if "json" in headers.get("content-type", "") else None

    def operation(self, method, path):
        path = urllib.parse.urlsplit(path).path
        for template in sorted(self.document["paths"], key=lambda text: text.count("{")):
            pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template))
            item = self.document["paths"][template]
            if re.fullmatch(pattern, path) and method.lower() in item:
                return template, item[method.lower()]
        self.fail(f"{method} {path} is not in the document")

    def check(self, method, path, status, headers, content):
        template, operation = self.operation(method, path)
        responses = operation["responses"]
        answer = responses.get(str(status), responses.get("default"))
        self.assertIsNotNone(answer, f"{method} {template} answers {status}: {content[:300]}")
        if str(status) in responses:
            self.seen.add((method, template))
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None or "json" not in headers.get("content-type", ""):
            return
        whole = {**schema, "components": self.document["components"]}
        errors = list(Draft202012Validator(whole).iter_errors(json.loads(content)))
        self.assertFalse(errors, f"{method} {path} {status}: "
                                 f"{[(e.json_path, e.message[:300]) for e in errors[:3]]}")

    def test_the_document_is_sound(self):
        self.assertTrue(self.document["openapi"].startswith("3.1"))
        for name, schema in self.document["components"]["schemas"].items():
            with self.subTest(name):
                Draft202012Validator.check_schema(schema)
        ids = [operation.get("operationId") for item in self.document["paths"].values()
               for operation in item.values() if isinstance(operation, dict)]
        self.assertEqual(len(ids), len(set(ids)))

    def test_every_answer_fits_its_schema(self):
        ids = []
        for number in range(20):
            _, fields, _ = self.gate.post("/v1/chat/completions", chat(user=f"u{number}"))
            ids.append(fields["x-request-id"])
        self.ask("GET", f"/api/requests/{ids[0]}")
        self.ask("POST", "/v1/feedback", {"request_id": ids[0], "rating": {"overall": 4, "accuracy": 5},
                                          "comment": "good", "tags": ["x"]})
        self.ask("GET", f"/v1/feedback/{ids[0]}")
        self.ask("GET", "/v1/feedback?model=assistant")
        self.assertEqual(self.ask("GET", "/api/requests?limit=1&outcome=ok")["data"][0]["request_id"],
                         ids[-1])
        a = self.ask("POST", VERSIONS, {"name": "a", "version": "1.0.0", "modelType": "shown",
                                        "isActive": True, "isDefault": True, "targets": ["one"]})
        b = self.ask("POST", VERSIONS, {"name": "b", "version": "1.1.0", "modelType": "shown",
                                        "isActive": True, "targets": ["two"]})
        self.ask("PUT", f"{VERSIONS}/{b['id']}", {"notes": "second"})
        self.ask("POST", f"{VERSIONS}/{b['id']}/make-default")
        self.ask("POST", f"{VERSIONS}/rollback", {"modelType": "shown"})
        form_one = self.ask("POST", "/api/admin/llm-models/ab-tests", {
            "name": "one", "modelVersionAId": a["id"], "modelVersionBId": b["id"], "trafficSplit": 50})
        self.ask("PUT", f"/api/admin/llm-models/ab-tests/{form_one['id']}", {"description": "x"})
        test = self.ask("POST", TESTS, {
            "name": "two", "model_type": "shown", "variant_a": "1.0.0", "variant_b": "1.1.0",
            "traffic_split": {"a": 0.5, "b": 0.5}, "criteria": {"max_error_rate": 0.1}})["test_id"]
        self.ask("POST", f"{TESTS}/{test}/start")
        for number in range(60):
            self.gate.post("/v1/chat/completions", chat("shown", user=f"u{number}"))
        self.ask("POST", f"{TESTS}/{test}/metrics", {"variant": "a", "name": "score", "value": 4.5})
        self.ask("PUT", f"{TESTS}/{test}/traffic", {"split": {"a": 0.4, "b": 0.6}})
        self.ask("POST", METRICS, {"modelVersionId": a["id"], "metricType": "accuracy",
                                   "metricValue": 0.9, "dataset": "test", "period": "daily"})
        self.ask("POST", f"{METRICS}/alerts", {"metricType": "accuracy", "modelType": "shown",
                                               "below": 0.5, "window": "1h"})
        self.ask("POST", PREDICTIONS, {"modelVersionId": a["id"], "subjectId": "s1", "predicted": True})
        self.ask("POST", f"{PREDICTIONS}/s1/outcome", {"actual": True})
        self.ask("POST", "/performance/blacklisted",
                 {"target": "two", "seconds": 60, "reason": "maintenance"})
        for path in ("/livez", "/readyz", "/-/version", "/performance", "/performance/rankings",
                     "/performance/blacklisted", "/performance/summary", "/performance/usage",
                     "/performance/metrics/assistant", VERSIONS, f"{VERSIONS}/{a['id']}",
                     f"{VERSIONS}/config:assistant@1.0.0", f"{VERSIONS}/{a['id']}/history",
                     "/api/admin/llm-models/ab-tests", f"/api/admin/llm-models/ab-tests/{test}",
                     TESTS, f"{TESTS}/{test}", f"{TESTS}/{test}/preview?split=0.5,0.5",
                     f"{TESTS}/user/variant?model_type=shown&user_id=u1", METRICS,
                     f"{METRICS}/compare?versions={a['id']},{b['id']}&metricType=accuracy",
                     f"{METRICS}/alerts", f"{PREDICTIONS}/s1", "/api/audit"):
            with self.subTest(path):
                self.ask("GET", path)
        self.ask("DELETE", "/performance/blacklisted/two")
        for move in ("pause", "resume", "complete"):
            self.ask("POST", f"{TESTS}/{test}/{move}", {"winner": "b"} if move == "complete" else None)
        self.ask("POST", "/api/backup", {"folder": str(self.folder / "backups")})
        self.exercise_the_rest(a, b)
        wanted = {(method.upper(), path) for path, item in self.document["paths"].items()
                  for method in item if method in ("get", "post", "put", "delete")}
        self.assertEqual(wanted - self.seen, set(), "operations that this test does not exercise")

    def listen_to_events(self):
        """The feed does not end: its head is what the document promises."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gate.admin, timeout=10)
        try:
            connection.request("GET", "/-/events")
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            self.check("GET", "/-/events", answer.status, headers, b"")
        finally:
            connection.close()

    def exercise_the_rest(self, a, b):
        """What is left once the story above is told; each needs a document of its own."""
        for method, path in (("GET", "/openapi.json"), ("GET", "/metrics"), ("GET", "/-/config"),
                             ("POST", "/-/reload")):
            self.ask(method, path)
        self.listen_to_events()
        rule = self.ask("POST", f"{METRICS}/alerts", {"metricType": "recall", "modelType": "shown",
                                                      "below": 0.5, "window": "1h"})
        self.ask("GET", f"{METRICS}/alerts/{rule['id']}")
        self.ask("DELETE", f"{METRICS}/alerts/{rule['id']}")
        key = f"/api/keys/{self.ask('POST', '/api/keys', {'name': 'shop'})['id']}"
        for method, path, body in (
                ("GET", "/api/keys", None), ("GET", key, None),
                ("PUT", key, {"requestsPerMinute": 60}),
                ("POST", f"{key}/rotate", {"overlap": "1h"}), ("DELETE", key, None)):
            self.ask(method, path, body)
        draft = self.ask("POST", TESTS, {
            "name": "three", "model_type": "shown", "variant_a": "1.0.0", "variant_b": "1.1.0",
            "traffic_split": {"a": 0.5, "b": 0.5}})["test_id"]
        self.ask("POST", f"{TESTS}/{draft}/cancel")
        spare = self.ask("POST", VERSIONS, {"name": "c", "version": "1.2.0", "modelType": "shown",
                                            "isActive": False, "targets": ["two"]})
        self.ask("DELETE", f"{VERSIONS}/{spare['id']}")

    def test_refusals_fit_too(self):
        for method, path, body in (
                ("GET", f"{VERSIONS}/nobody", None), ("POST", VERSIONS, {"verison": 1}),
                ("POST", TESTS, {"name": "x"}), ("GET", "/api/requests/nothing", None),
                ("GET", "/api/requests?outcome=bad", None),
                ("GET", f"{VERSIONS}?limit=100000", None), ("POST", "/performance/blacklisted", {})):
            with self.subTest(path):
                told = self.ask(method, path, body)
                self.assertEqual(set(told["error"]), {"message", "type", "param", "code"})


if __name__ == "__main__":
    unittest.main()
