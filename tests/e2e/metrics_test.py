"""/metrics as the tools of the trade read it."""

import subprocess
import unittest

from gate import GateTest, call, chat
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2"
REQUESTS = 30


class Metrics(GateTest):
    split = {"a": 50, "b": 50}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in range(REQUESTS):
            cls.gate.post("/v1/chat/completions",
                          chat(user=f"user-{number}", stream=number % 2 == 0))
        cls.gate.post("/v1/chat/completions", chat("nobody-knows"))
        cls.gate.post("/v1/chat/completions", chat("offline"))

    def page(self, accept):
        status, fields, body = call(self.gate.admin, "GET", "/metrics", headers={"Accept": accept})
        self.assertEqual(status, 200)
        return fields["content-type"], body.decode()

    def samples(self, families):
        return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
                for family in families for sample in family.samples}

    def total(self, samples, name, **labels):
        return sum(value for (sample, pairs), value in samples.items()
                   if sample == name and set(labels.items()) <= set(pairs))

    def test_pleases_promtool(self):
        _, text = self.page("text/plain;version=0.0.4")
        out = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                             text=True, timeout=30)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)

    def test_is_openmetrics_when_asked(self):
        kind, text = self.page(OPENMETRICS)
        self.assertTrue(kind.startswith("application/openmetrics-text"))
        self.assertTrue(text.endswith("# EOF\n"))
        self.assertGreater(len(list(parse_openmetrics(text))), 10)

    def test_is_plain_text_for_anyone_else(self):
        kind, text = self.page("image/png")
        self.assertTrue(kind.startswith("text/plain; version=0.0.4"))
        self.assertGreater(len(list(parse_text(text))), 10)

    def test_both_forms_say_the_same(self):
        text = self.samples(parse_text(self.page("text/plain")[1]))
        openmetrics = self.samples(parse_openmetrics(self.page(OPENMETRICS)[1]))
        self.assertEqual({key for key in text if key[0].endswith("_bucket")},
                         {key for key in openmetrics if key[0].endswith("_bucket")})

    def test_counts_what_was_asked(self):
        samples = self.samples(parse_text(self.page("text/plain")[1]))
        route = {"http_route": "/v1/chat/completions", "http_request_method": "POST"}
        name = "http_server_request_duration_seconds_count"
        self.assertEqual(self.total(samples, name, http_response_status_code="200", **route), REQUESTS)
        self.assertEqual(self.total(samples, name, http_response_status_code="404", **route), 1)
        tokens = "gen_ai_client_token_usage_count"
        self.assertEqual(self.total(samples, tokens, gen_ai_token_type="output"), REQUESTS)

    def test_has_the_conventional_histograms(self):
        names = {name for name, _ in self.samples(parse_text(self.page("text/plain")[1]))}
        for name in ("gen_ai_client_operation_duration_seconds_bucket",
                     "gen_ai_server_request_duration_seconds_bucket",
                     "gen_ai_server_time_to_first_token_seconds_bucket",
                     "http_server_request_duration_seconds_bucket",
                     "http_client_request_duration_seconds_bucket"):
            self.assertIn(name, names)


if __name__ == "__main__":
    unittest.main()
