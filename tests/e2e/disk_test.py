"""What becomes of the gate when its disk is full, gone, damaged or forbidden: traffic goes on, and
what was not recorded is counted exactly.

The disk is a small file system in memory in a mount namespace of the gate's own, which needs no
rights where the kernel gives users namespaces; without them the tests that need it are skipped. The
test reaches it through /proc.
"""

import json
import pathlib
import shutil
import subprocess
import unittest

from gate import GATE, Gate, Process, Simulator, call, chat, fresh_folder, two_versions, wait_for

DISK_BYTES = 24 << 20


class SmallDisk:
    """A mount namespace with a file system of DISK_BYTES at `where`, for as long as it lives."""

    def __init__(self, where):
        where.mkdir()
        mount = f"mount -t tmpfs -o size={DISK_BYTES} none '{where}' && echo mounted && exec cat"
        self.holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.is_mounted = self.holder.stdout.readline() == b"mounted\n"
        self.enter = ["nsenter", "--target", self.holder.pid, "--user", "--mount",
                      "--preserve-credentials", "setpriv", "--pdeathsig", "KILL"]
        self.path = pathlib.Path(f"/proc/{self.holder.pid}/root{where}")

    def close(self):
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait(20)


class Inside(Process):
    """A process on the small disk `self.disk`."""

    def __init__(self, name, command, folder):
        super().__init__(name, [*self.disk.enter, *command], folder)


class DiskGate(Gate, Inside):
    def __init__(self, folder, config, disk):
        self.disk = disk
        super().__init__(folder, {**config, "store": {"path": str(folder / "disk" / "data")}})


class DiskTest(unittest.TestCase):
    def start(self, config):
        return Gate(self.folder, config)

    def setUp(self):
        self.folder = fresh_folder(f"Disk/{self._testMethodName}")
        self.one = Simulator(self.folder, "one")
        self.addCleanup(self.one.stop)
        self.gate = self.start(two_versions(self.one.base, self.one.base))
        self.addCleanup(self.gate.kill)
        self.sent = 0

    def ask(self, count):
        for number in range(count):
            status, _, body = self.gate.post("/v1/chat/completions", chat(user=f"u{number}"))
            self.assertEqual(status, 200, body)
        self.sent += count

    def readiness(self, port):
        status, _, body = call(port, "GET", "/readyz")
        self.assertEqual(status, 200, "a gate whose store is in trouble takes traffic")
        return json.loads(body)

    def trouble(self, database="journal"):
        return self.readiness(self.gate.admin).get(database, {}).get("trouble", "none")

    def wait_for_trouble(self, which, database="journal"):
        wait_for(lambda: self.trouble(database) == which, f"{database}: {which}", 30)

    def dropped(self):
        return int(self.gate.metric("tallygate_journal_dropped_total"))

    def committed(self):
        return int(self.gate.metric("tallygate_journal_records_total"))

    def make_version(self, version):
        return call(self.gate.admin, "POST", "/api/admin/llm-models/versions", {
            "name": version, "version": version, "modelType": "kept", "targets": ["one"],
            "isDefault": version == "1.0.0", "config": {"note": "more than a page " * 500}})

    def stop(self):
        """-> the last line of the log."""
        self.gate.stop()
        return self.gate.tail(1)


class FullDisk(DiskTest):
    def start(self, config):
        try:
            self.disk = SmallDisk(self.folder / "disk")
        except OSError as error:
            self.skipTest(f"no unshare: {error}")
        self.addCleanup(self.disk.close)
        if not self.disk.is_mounted:
            self.skipTest("needs user namespaces")
        return DiskGate(self.folder, config, self.disk)

    def fill(self, leave):
        """Takes all of the disk but `leave` bytes, also of what was freed since."""
        filler = self.disk.path / "filler"
        space = shutil.disk_usage(self.disk.path).free - leave
        with filler.open("ab") as file:
            try:
                file.write(b"x" * max(space, 0))
            except OSError:
                pass
        return filler

    def test_a_full_disk_is_waited_for(self):
        self.ask(20)
        filler = self.fill(leave=0)
        self.ask(60)
        self.wait_for_trouble("full")
        self.assertEqual(self.readiness(self.gate.port)["store"], "degraded")
        self.assertNotIn("message", json.dumps(self.readiness(self.gate.port)), "no paths for clients")
        wait_for(lambda: "trouble: full" in self.gate.log.read_text(), "the log says so")
        self.fill(leave=0)
        status, _, body = self.make_version("1.0.0")
        self.assertEqual((status, json.loads(body)["error"]["code"]), (503, "storage_unavailable"))
        self.assertEqual(self.gate.post("/v1/chat/completions", chat())[0], 200, "routing goes on")
        self.sent += 1

        filler.unlink()
        self.wait_for_trouble("none")
        wait_for(lambda: self.committed() + self.dropped() == self.sent, "each is told of")
        self.assertEqual(self.dropped(), 0, "the queue had room for them")
        self.assertEqual(self.make_version("1.0.0")[0], 201)
        self.assertIn("every record is written", self.stop())

    def test_the_journal_leaves_a_reserve(self):
        self.ask(5)
        filler = self.fill(leave=DISK_BYTES // 40)
        self.wait_for_trouble("full")
        self.ask(10)
        self.assertEqual(self.gate.metric("tallygate_journal_write_errors_total"), 0)
        self.assertEqual(self.make_version("1.0.0")[0], 201, "documents are written from the reserve")
        filler.unlink()
        self.wait_for_trouble("none")
        wait_for(lambda: self.committed() == self.sent, "all are recorded after all")
        self.assertEqual(self.gate.metric("tallygate_journal_reopened_total"), 0)

    def test_a_gate_that_stops_on_a_full_disk_says_what_it_leaves(self):
        self.ask(5)
        wait_for(lambda: self.committed() == 5, "those are recorded")
        self.fill(leave=0)
        self.wait_for_trouble("full")
        self.ask(7)
        self.assertIn("5 records are written, 7 are not", self.stop())


class Folder(DiskTest):
    def test_a_folder_that_is_gone_is_not_made_anew(self):
        self.ask(5)
        journal, aside = self.gate.store / "journal", self.gate.store / "aside"
        journal.rename(aside)
        self.wait_for_trouble("gone")
        self.ask(10)
        self.assertFalse(journal.exists(), "no silent reset")
        wait_for(lambda: "gone" in self.gate.log.read_text(), "the log says so")
        aside.rename(journal)
        self.wait_for_trouble("none")
        wait_for(lambda: self.committed() == 15, "what waited is recorded")
        self.assertEqual(self.dropped(), 0)
        self.stop()
        self.assertEqual(len(self.gate.journal()), 15)

    def test_a_store_that_was_removed_is_missed_and_begins_anew_at_the_next_start(self):
        self.ask(5)
        shutil.rmtree(self.gate.store / "journal")
        self.wait_for_trouble("gone")
        self.ask(10)
        self.assertIn("5 records are written, 10 are not", self.stop())
        self.gate.restart()
        self.assertIn("a new one begins, empty", self.gate.log.read_text())
        self.assertEqual(self.trouble(), "none")

    def test_a_catalog_that_is_gone_refuses_writes_and_routing_goes_on(self):
        self.assertEqual(self.make_version("1.0.0")[0], 201)
        catalog, aside = self.gate.store / "catalog", self.gate.store / "aside"
        catalog.rename(aside)
        status, _, body = self.make_version("1.1.0")
        self.assertEqual((status, json.loads(body)["error"]["code"]), (503, "storage_unavailable"))
        self.assertEqual(self.trouble("catalog"), "gone")
        self.assertEqual(self.gate.post("/v1/chat/completions", chat("kept"))[0], 200)
        aside.rename(catalog)
        self.assertEqual(self.make_version("1.1.0")[0], 201)
        self.assertEqual(self.trouble("catalog"), "none")


class Damage(DiskTest):
    def serve(self, *flags):
        """-> exit status, what was told; only for a gate that does not start."""
        done = subprocess.run([GATE, "serve", "--config", self.gate.config_file, *flags],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def restart_with(self, *flags):
        Process.__init__(self.gate, self.gate.name,
                         [GATE, "serve", "--config", self.gate.config_file, *flags], self.folder)

    def damage(self, database, pattern):
        files = [file for file in (self.gate.store / database).glob(pattern) if file.stat().st_size]
        self.assertTrue(files)
        for file in files:
            content = bytearray(file.read_bytes())
            middle = len(content) // 2
            content[middle:middle + 20] = b"damage damage damage"
            file.write_bytes(content)

    def check_refused(self, *words):
        status, told = self.serve()
        self.assertEqual(status, 1, told)
        for word in (*words, "--quarantine-corrupt", "backup"):
            self.assertIn(word, told)

    def asides(self, database):
        return list(self.gate.store.glob(f"{database}.corrupt-*"))

    def test_a_damaged_manifest_is_refused_or_quarantined(self):
        self.assertEqual(self.make_version("1.0.0")[0], 201)
        self.ask(5)
        self.stop()
        for database in ("journal", "catalog"):
            with self.subTest(database):
                self.damage(database, "MANIFEST-*")
                self.check_refused(database, "damaged")
                self.assertEqual(self.asides(database), [])
                self.restart_with("--quarantine-corrupt")
                self.assertEqual(len(self.asides(database)), 1, "nothing is removed")
                self.assertIn("a new one begins, empty", self.gate.log.read_text())
                self.ask(1)
                self.stop()
        self.assertEqual(len(self.gate.journal()), 2, "the journal was kept when the catalog went")

    def test_a_log_that_lost_what_was_synced_is_refused_or_accepted(self):
        for _ in range(10):
            self.ask(5)
        synced = self.gate.store / "journal" / "SYNCED"
        wait_for(lambda: synced.exists(), "a sync")
        self.stop()
        self.damage("journal", "*.log")
        self.check_refused("journal", "synced up to batch")
        self.restart_with("--quarantine-corrupt")
        self.assertEqual(self.asides("journal"), [], "what can be read is kept")
        self.ask(1)
        self.stop()
        kept = len(self.gate.journal())
        self.assertTrue(1 < kept < 51, kept)
        self.gate.restart()


if __name__ == "__main__":
    unittest.main()
