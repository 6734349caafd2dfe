"""Runs the Node SDKs' tests (node/*.test.mjs) against a gate."""

import os
import pathlib
import subprocess
import unittest

from gate import GateTest

NODE = pathlib.Path(__file__).parent / "node"


class NodeSdk(GateTest):
    @classmethod
    def configure(cls, config):
        config["blacklist"] = {"failures": 1000}

    def run_node(self, name):
        env = {**os.environ, "GATE_URL": self.gate.url,
               "ONE_URL": f"http://127.0.0.1:{self.one.port}"}
        run = subprocess.run(["node", "--test", name], cwd=NODE, env=env, timeout=240,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("# pass", run.stdout)

    def test_openai(self):
        self.run_node("openai.test.mjs")

    def test_anthropic(self):
        self.run_node("anthropic.test.mjs")


if __name__ == "__main__":
    unittest.main()
