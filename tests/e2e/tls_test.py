"""HTTPS on both sides: a data listener with a certificate, upstreams that must prove who they are."""

import json
import subprocess
import unittest

from gate import Gate, Simulator, chat, fresh_folder


def make_certificate(folder, name, subject_alt_name):
    """A self-signed certificate, which is its own CA -> (certificate file, key file)."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
         f"subjectAltName={subject_alt_name}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30)
    return certificate, key


class SecureGate(Gate):
    """Asks its own readiness on the admin listener: the data listener speaks TLS."""

    def __init__(self, folder, config, tls):
        self.tls = tls
        super().__init__(folder, config)

    def listeners(self, data, admin):
        found = super().listeners(data, admin)
        found["data"]["tls"] = self.tls
        return found

    def is_ready(self):
        return self.answers_ready(self.admin)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = fresh_folder("Tls")
        cls.right, right_key = make_certificate(cls.folder, "upstream", "IP:127.0.0.1")
        cls.wrong, wrong_key = make_certificate(cls.folder, "elsewhere", "DNS:elsewhere.example")
        cls.front, front_key = make_certificate(cls.folder, "front", "IP:127.0.0.1")
        cls.known = Simulator(cls.folder, "known", ["--tls-cert", cls.right, "--tls-key", right_key],
                              "https")
        cls.addClassCleanup(cls.known.stop)
        cls.stranger = Simulator(cls.folder, "stranger",
                                 ["--tls-cert", cls.wrong, "--tls-key", wrong_key], "https")
        cls.addClassCleanup(cls.stranger.stop)
        targets = {
            "known": {"url": cls.known.base, "model": "m", "ca_file": str(cls.right)},
            "uncertified": {"url": cls.known.base, "model": "m"},
            "misnamed": {"url": cls.stranger.base, "model": "m", "ca_file": str(cls.wrong)},
            "unchecked": {"url": cls.stranger.base, "model": "m", "verify_tls": False},
        }
        routes = {name: {"versions": {"1.0.0": {"targets": [name], "default": True}}}
                  for name in targets}
        cls.gate = SecureGate(cls.folder, {"targets": targets, "routes": routes},
                              {"certificate": str(cls.front), "key": str(front_key)})
        cls.addClassCleanup(cls.gate.stop)

    def ask(self, route, **fields):
        """-> (status, body), over HTTPS."""
        out = subprocess.run(
            ["curl", "-sS", "--max-time", "20", "--cacert", self.front, "-w", "\n%{http_code}", "-H",
             "Content-Type: application/json", "-d", json.dumps(chat(route, **fields)),
             f"https://127.0.0.1:{self.gate.port}/v1/chat/completions"],
            capture_output=True, text=True, timeout=30)
        self.assertEqual(out.returncode, 0, out.stderr)
        body, _, status = out.stdout.rpartition("\n")
        return int(status), body

    def test_chats_and_streams_through_https_on_both_sides(self):
        self.assertEqual(self.ask("known")[0], 200)
        status, body = self.ask("known", stream=True)
        self.assertEqual(status, 200)
        self.assertTrue(body.endswith("data: [DONE]\n\n"))

    def test_large_bodies_pass(self):
        status, _ = self.ask("known", metadata={"padding": "x" * 100_000})
        self.assertEqual(status, 200)

    def test_an_upstream_that_proves_nothing_is_not_asked(self):
        for route in ("uncertified", "misnamed"):
            with self.subTest(route):
                status, body = self.ask(route)
                self.assertEqual(status, 502)
                self.assertEqual(json.loads(body)["error"]["code"], "upstream_connect_error")

    def test_verification_can_be_switched_off(self):
        self.assertEqual(self.ask("unchecked")[0], 200)

    def test_the_listener_survives_clients_that_speak_no_tls(self):
        out = subprocess.run(["curl", "-sS", "--max-time", "20", f"http://127.0.0.1:{self.gate.port}/livez"],
                             capture_output=True, text=True, timeout=30)
        self.assertNotEqual(out.returncode, 0)
        self.assertEqual(self.ask("known")[0], 200)


if __name__ == "__main__":
    unittest.main()
