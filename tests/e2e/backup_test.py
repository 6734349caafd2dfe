"""A store that is lost comes back from a backup: the commands of docs/backup.md against a real gate."""

import json
import shutil
import subprocess
import unittest

from gate import GATE, Gate, Simulator, call, chat, fresh_folder, two_versions

VERSIONS = "/api/admin/llm-models/versions"


def run(*words):
    return subprocess.run([str(word) for word in (GATE, *words)], capture_output=True, text=True,
                          timeout=120)


class Backup(unittest.TestCase):
    def setUp(self):
        self.folder = fresh_folder(f"Backup/{self._testMethodName}")
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)
        self.gate = Gate(self.folder, two_versions(self.one.base, self.one.base, {"a": 50, "b": 50}))
        self.addCleanup(self.gate.stop)
        self.backups = self.folder / "backups"

    def make_version(self, version):
        status, _, body = call(self.gate.admin, "POST", VERSIONS, {
            "name": version, "version": version, "modelType": "kept", "isDefault": version == "1.0.0",
            "targets": ["one"]})
        self.assertEqual(status, 201, body)

    def ask(self, count):
        for number in range(count):
            self.assertEqual(self.gate.post("/v1/chat/completions", chat(user=f"u{number}"))[0], 200)

    def versions(self):
        page = json.loads(call(self.gate.admin, "GET", f"{VERSIONS}?modelType=kept")[2])
        return sorted(version["version"] for version in page["data"])

    def test_a_lost_store_comes_back(self):
        self.make_version("1.0.0")
        self.ask(30)
        status, _, body = call(self.gate.admin, "POST", "/api/backup", {"folder": str(self.backups)})
        self.assertEqual(status, 201, body)
        self.make_version("1.1.0")
        self.ask(10)
        refused = run("backup", "--path", self.gate.store, "--to", self.backups)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("/api/backup", refused.stderr)

        self.gate.stop()
        kept = run("restore", "--from", self.backups, "--path", self.gate.store)
        self.assertNotEqual(kept.returncode, 0, "a store that is there is not replaced unasked")
        shutil.rmtree(self.gate.store)
        restored = run("restore", "--from", self.backups, "--path", self.gate.store)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.gate.restart()
        self.assertEqual(self.versions(), ["1.0.0"])
        self.assertEqual(self.gate.post("/v1/chat/completions", chat("kept"))[0], 200)
        self.gate.stop()
        self.assertEqual(len(self.gate.journal()), 31)

    def test_a_stopped_gate_is_backed_up_by_command(self):
        self.make_version("1.0.0")
        self.gate.stop()
        saved = run("backup", "--path", self.gate.store, "--to", self.backups)
        self.assertEqual(saved.returncode, 0, saved.stderr)
        listed = run("restore", "--from", self.backups, "--list")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        forced = run("restore", "--from", self.backups, "--path", self.gate.store, "--force")
        self.assertEqual(forced.returncode, 0, forced.stderr)
        self.gate.restart()
        self.assertEqual(self.versions(), ["1.0.0"])


if __name__ == "__main__":
    unittest.main()
