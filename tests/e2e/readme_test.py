"""The README's commands, run as they stand, against the quickstart's own configuration."""

import json
import re
import subprocess
import unittest

from gate import GATE, ROOT, Gate, Process, Simulator, free_ports, fresh_folder

README = (ROOT / "README.md").read_text()


class Quickstart(Gate):
    """The gate on config/quickstart.yaml, with other ports and another store."""

    def __init__(self, folder, simulators):
        data, admin = free_ports(2)
        self.ports = {8080: data, 8081: admin, 9001: simulators[0].port, 9002: simulators[1].port}
        self.port, self.admin, self.store = data, admin, folder / "data"
        text = self.moved((ROOT / "config/quickstart.yaml").read_text())
        text, stores = re.subn(r"path: *[^,}\n]+", f"path: {self.store}", text)
        assert stores == 1, "quickstart.yaml names one store"
        text += json.dumps({"listeners": self.listeners(data, admin)})[1:-1]
        config = folder / "quickstart.yaml"
        config.write_text(text)
        command = [GATE, "serve", "--config", config]
        Process.__init__(self, "tallygate", command, folder)

    def moved(self, text):
        """`text` with the quickstart's ports replaced by this gate's."""
        return re.sub(r"\b(8080|8081|9001|9002)\b", lambda m: str(self.ports[int(m[1])]), text)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = fresh_folder("Readme")
        simulators = [Simulator(cls.folder, name) for name in ("one", "two")]
        for simulator in simulators:
            cls.addClassCleanup(simulator.stop)
        cls.gate = Quickstart(cls.folder, simulators)
        cls.addClassCleanup(cls.gate.stop)

    def blocks(self, language):
        found = re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)
        self.assertTrue(found, f"the README has {language} blocks")
        return [self.gate.moved(block) for block in found]

    def test_every_shell_block_works(self):
        outputs = []
        for block in self.blocks("sh"):
            script = block.replace("curl ", "curl --fail-with-body --max-time 20 ")
            out = subprocess.run(["bash", "-euo", "pipefail", "-c", script], timeout=120,
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual(out.returncode, 0, block + out.stdout + out.stderr)
            outputs.append(out.stdout)
        self.assertIn("x-tallygate-variant: ", outputs[0].lower())
        json.loads(outputs[1])
        self.assertIn("data: [DONE]", outputs[2])
        variants = {record["variant"] for record in self.gate.journal()}
        self.assertLessEqual({"a", "b"}, variants)

    def test_every_python_block_works(self):
        for block in self.blocks("python"):
            scope = {}
            exec(block, scope)
            self.assertTrue(scope["answer"].choices[0].message.content)
            scope["client"].close()

    def test_every_link_leads_somewhere(self):
        for page in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md",
                     *sorted((ROOT / "docs").rglob("*.md"))]:
            for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", page.read_text()):
                self.assertTrue((page.parent / link).exists(), f"{page.name}: {link}")


if __name__ == "__main__":
    unittest.main()
