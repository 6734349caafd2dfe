"""What the fault tests share: a gate before one scripted upstream, and a table of rows at the end.

A test named `test_row_NN_...` stands for row NN of the fault table, `test_bNN_...` for a rule of the
acceptance layer, `test_end_...` for an ending of a stream; its subtests are the row's variants.
"""

import contextlib
import json
import os
import re
import sys
import unittest

from gate import Gate, call, fresh_folder, wait_for
from raw_http import Client, Upstream

# Freed memory that AddressSanitizer keeps back must not look like growth.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"

ANTHROPIC = "/v1/messages"
FOUR_KEYS = {"message", "type", "param", "code"}


def good(link):
    link.answer()


class FaultTest(unittest.TestCase):
    """Each script NAME is a target and two routes: `NAME`, and `NAME-or-good`, which falls back to
    the script `good`. `NAME-claude` speaks the Anthropic protocol. `timeouts` holds those of a
    script's routes, `settings` what the gate wants besides."""

    scripts = {}
    timeouts = {}
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.folder = fresh_folder("fault/" + cls.__name__)
        cls.upstream = Upstream({"good": good, **cls.scripts})
        cls.addClassCleanup(cls.upstream.stop)
        cls.gate = cls.start(cls.make_config())
        cls.addClassCleanup(cls.gate.stop)

    @classmethod
    def start(cls, config):
        return Gate(cls.folder, config)

    @classmethod
    def make_config(cls):
        config = {"targets": {}, "routes": {}, "blacklist": {"failures": 1000}}
        for name in cls.upstream.scripts:
            cls.add_script(config, name)
        for key, value in cls.settings.items():
            config[key] = {**config[key], **value} if isinstance(config.get(key), dict) else value
        return config

    @classmethod
    def add_script(cls, config, name):
        url, timeouts = cls.upstream.url(name), cls.timeouts.get(name, {})
        target = {"url": url, "model": f"model-{name}"}
        config["targets"][name] = target
        config["targets"][name + "-claude"] = {**target, "protocol": "anthropic"}
        only = {"1.0.0": {"targets": [name], "default": True}}
        route = {"versions": only, "timeouts": timeouts}
        config["routes"][name] = route
        config["routes"][name + "-claude"] = {
            "versions": {"1.0.0": {"targets": [name + "-claude"], "default": True}},
            "timeouts": timeouts}
        config["routes"][name + "-or-good"] = {
            "versions": {**only, "2.0.0": {"targets": ["good"]}},
            "fallbacks": [f"{name}-or-good@2.0.0"], "timeouts": timeouts}

    def tearDown(self):
        self.assertEqual(self.upstream.strays, [], "bytes upstream that are no well-formed request")
        self.assertEqual(self.upstream.failures, [], "a script failed")

    # Connections.

    def connect(self):
        client = Client(self.gate.port)
        self.addCleanup(client.socket.close)
        return client

    def assert_closed(self, client, answer=None):
        """A FIN, nothing behind the answer, no reset."""
        if answer is not None:
            self.assertEqual(answer.fields.get("connection"), "close")
        self.assertEqual(client.rest(), b"")

    def assert_kept(self, client, answer=None):
        if answer is not None:
            self.assertNotIn("connection", answer.fields)
        client.send(b"GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n")
        self.assertEqual(client.answer().status, 200, "a second request on the same connection")

    # Answers.

    def assert_error(self, answer, status, code=None, anthropic=False):
        """An error of the gate's own -> its error object."""
        self.assertEqual(answer.status, status, answer.body[:300])
        self.assertEqual(answer.fields["content-type"], "application/json")
        for needed in ("date", "server"):
            self.assertIn(needed, answer.fields)
        body = answer.json()
        if anthropic:
            self.assertEqual(body["type"], "error")
            self.assertLessEqual({"type", "message"}, set(body["error"]))
            return body["error"]
        self.assertEqual(set(body["error"]), FOUR_KEYS)
        if code is not None:
            self.assertEqual(body["error"]["code"], code, body)
        return body["error"]

    @contextlib.contextmanager
    def nothing_upstream(self):
        before = len(self.upstream.requests)
        yield
        self.assertEqual(len(self.upstream.requests), before, "a request went upstream")

    @contextlib.contextmanager
    def counted(self, code, times=1):
        """Rejections with that code, and no record of them."""
        before, records = self.rejected(code), self.records()
        yield
        self.assertEqual(self.rejected(code) - before, times, f"counted as {code}")
        self.assertEqual(self.records(), records, "a record of what resolved to no route")

    # What the gate wrote down.

    def metrics(self):
        return call(self.gate.admin, "GET", "/metrics")[2].decode()

    def rejected(self, code):
        return self.labelled(f'tallygate_rejected_requests_total{{code="{code}"}}')

    def labelled(self, series):
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.metrics(), re.M)
        return float(found[1]) if found else 0

    def records(self):
        return self.gate.metric("tallygate_journal_records_total")

    def record(self, answer):
        """The journal's record of an answered request."""
        path = "/api/requests/" + answer.fields["x-request-id"]
        wait_for(lambda: call(self.gate.admin, "GET", path)[0] == 200, f"{path} is there")
        return self.gate.admin_json(path)

    def journal(self, route):
        """All records of a route, oldest first."""
        return [record for record in self.gate.journal() if record["route"] == route]

    def last_record(self, route, count):
        """Of a client that got no answer: the record number `count` of its route."""
        wait_for(lambda: len(self.journal(route)) >= count, f"{count} records of {route}")
        found = self.journal(route)
        self.assertEqual(len(found), count)
        return found[-1]

    def failures_in_row(self, target):
        """What /performance says of a target that one of its records names; 0 without any."""
        rows = self.gate.admin_json("/performance?limit=200")["data"]
        return max((row["failures_in_row"] for row in rows if row.get("target") == target), default=0)

    @contextlib.contextmanager
    def blames(self, target, times=1):
        before = self.failures_in_row(target)
        yield
        wait_for(lambda: self.failures_in_row(target) >= before + times,
                 f"{times} more failures of {target} in a row than {before}", 5)
        self.assertEqual(self.failures_in_row(target), before + times)

    @contextlib.contextmanager
    def blames_nobody(self, target):
        before = self.failures_in_row(target)
        yield
        self.assertLessEqual(self.failures_in_row(target), before)


class RowResult(unittest.TextTestResult):
    """Keeps the verdict of each row, its variants counted."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.rows = {}

    def note(self, test, passed):
        name = getattr(test, "test_case", test).id().rsplit(".", 1)[-1]
        told = re.match(r"test_(row_\d+|b\d+|end|extra)", name)
        row = self.rows.setdefault(told[1] if told else name, [0, 0])
        row[0 if passed else 1] += 1

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, True)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, False)

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, False)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        self.note(test, error is None)


def main():
    """Runs the file's tests and prints the rows."""
    program = unittest.main(module="__main__", exit=False,
                            testRunner=unittest.TextTestRunner(resultclass=RowResult, verbosity=2))
    print(f"{'row':<10} {'passed':>6} {'failed':>6}", file=sys.stderr)
    for row, (passed, failed) in sorted(program.result.rows.items()):
        print(f"{row:<10} {passed:>6} {failed:>6}", file=sys.stderr)
    sys.exit(not program.result.wasSuccessful())


def chat(model="good", **fields):
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **fields}


def as_json(body):
    return json.dumps(body).encode()
