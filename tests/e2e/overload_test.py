"""More connections, descriptors or memory than there are: what is under way goes on, the admin
listener answers, and clients are told to come back."""

import http.client
import json
import os
import resource
import socket
import threading
import unittest

from gate import Gate, GateTest, Simulator, call, chat, fresh_folder, two_versions, wait_for

# What a sanitizer keeps of freed memory would look like memory in use.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"


def idle_connections(port, count):
    sockets = []
    for _ in range(count):
        sockets.append(socket.create_connection(("127.0.0.1", port), timeout=20))
    return sockets


def answer_on(sock, path="/livez"):
    """Status of one request, None if the connection gives nothing."""
    try:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: gate\r\n\r\n".encode())
        first = sock.recv(4096)
    except OSError:
        return None
    return int(first.split()[1]) if first else None


class ManyConnections(GateTest):
    @classmethod
    def configure(cls, config):
        config["limits"] = {"connections": 100}

    def test_surplus_connections_are_told_to_come_back_and_admin_answers(self):
        sockets = idle_connections(self.gate.port, 400)
        try:
            statuses = [answer_on(sock) for sock in sockets]
            self.assertLessEqual(statuses.count(200), 100)
            self.assertGreaterEqual(statuses.count(200), 40)  # each worker has its share
            self.assertEqual(set(statuses), {200, 503})
            self.assertEqual(call(self.gate.admin, "GET", "/livez")[0], 200)
        finally:
            for sock in sockets:
                sock.close()
        wait_for(lambda: self.gate.answers_ready(self.gate.port), "there is room again")

    def test_a_refusal_says_when_to_come_back(self):
        sockets = idle_connections(self.gate.port, 300)
        try:
            refused = [sock for sock in sockets if answer_on(sock) == 503]
            self.assertTrue(refused)
        finally:
            for sock in sockets:
                sock.close()


class PerAddress(GateTest):
    @classmethod
    def configure(cls, config):
        config["limits"] = {"connections_per_ip": 10}

    def test_one_address_has_no_more_than_its_share(self):
        sockets = idle_connections(self.gate.port, 30)
        try:
            statuses = [answer_on(sock) for sock in sockets]
            self.assertEqual(statuses.count(200), 10)
            self.assertEqual(statuses.count(429), 20)
            with socket.create_connection(("127.0.0.1", self.gate.port), timeout=20,
                                          source_address=("127.0.0.2", 0)) as other:
                self.assertEqual(answer_on(other), 200)
        finally:
            for sock in sockets:
                sock.close()
        wait_for(lambda: self.gate.answers_ready(self.gate.port), "the address has room again")


class FewDescriptors(unittest.TestCase):
    def setUp(self):
        self.folder = fresh_folder("FewDescriptors_" + self._testMethodName)
        self.one = Simulator(self.folder, "one", ["--pace", "50ms", "--tokens", "100"])
        self.addCleanup(self.one.stop)
        config = two_versions(self.one.base, self.one.base)
        config["limits"] = {"connections": 10000}  # more than there are descriptors
        self.gate = LimitedGate(self.folder, config)
        self.addCleanup(self.gate.stop)

    def test_streams_go_on_and_admin_answers(self):
        result = {}
        thread = threading.Thread(target=self.stream, args=(result,))
        thread.start()
        wait_for(lambda: result.get("begun"), "a stream has begun")
        sockets = idle_connections(self.gate.port, 600)
        try:
            self.assertEqual(call(self.gate.admin, "GET", "/livez")[0], 200)
            self.assertEqual(self.gate.admin_json("/performance/blacklisted")["data"], [])
            thread.join(60)
            self.assertTrue(result.get("whole"))
        finally:
            for sock in sockets:
                sock.close()
        wait_for(lambda: self.gate.answers_ready(self.gate.port), "there is room again")

    def stream(self, result):
        connection = http.client.HTTPConnection("127.0.0.1", self.gate.port, timeout=60)
        connection.request("POST", "/v1/chat/completions", json.dumps(chat(stream=True)),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        result["begun"] = True
        result["whole"] = response.read().endswith(b"data: [DONE]\n\n")
        connection.close()


class LimitedGate(Gate):
    """With 400 descriptors."""

    def is_ready(self):
        if not getattr(self, "limited", False):
            resource.prlimit(self.child.pid, resource.RLIMIT_NOFILE, (400, 400))
            self.limited = True
        return super().is_ready()


class LittleMemory(GateTest):
    @classmethod
    def configure(cls, config):
        # A gate with sanitizers takes 250 MiB before its first request.
        config["limits"] = {"memory": "600MiB", "body": "64MiB"}

    def reload(self, **changes):
        config = json.loads(self.gate.config_file.read_text())
        config["limits"].update(changes)
        self.gate.config_file.write_text(json.dumps(config))
        self.assertEqual(call(self.gate.admin, "POST", "/-/reload")[0], 200)

    def resident_mib(self):
        with open(f"/proc/{self.gate.child.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

    def is_sanitized(self):
        with open(f"/proc/{self.gate.child.pid}/maps", encoding="utf8") as maps:
            return any("san.so" in line for line in maps)

    def test_it_sheds_load_and_comes_back(self):
        # Nobody new is accepted then, so it is asked for on connections that are there: each may be
        # closed behind an answer that was under way when memory became short.
        waiting = []
        for _ in range(20):
            connection = http.client.HTTPConnection("127.0.0.1", self.gate.port, timeout=20)
            connection.request("GET", "/livez")
            connection.getresponse().read()
            self.addCleanup(connection.close)
            waiting.append(connection)
        self.addCleanup(self.reload, memory="600MiB")
        # Well beyond the limit: near it a worker may only say goodbye, and nobody new is accepted.
        self.reload(memory=f"{self.resident_mib() * 9 // 10}MiB")

        def refusal():
            waiting[-1].request("POST", "/v1/chat/completions", json.dumps(chat()),
                                {"Content-Type": "application/json"})
            answer = waiting[-1].getresponse()
            body = json.loads(answer.read())
            if answer.status != 503 and answer.will_close:
                waiting.pop().close()
            return (answer, body) if answer.status == 503 else None

        answer, body = wait_for(refusal, "the workers know that memory is short")
        self.assertEqual(body["error"]["code"], "overloaded")
        self.assertTrue(answer.headers["retry-after"])
        self.assertEqual(answer.headers["connection"].lower(), "close")
        self.assertEqual(call(self.gate.admin, "GET", "/livez")[0], 200)
        for connection in waiting:
            connection.close()
        self.reload(memory="600MiB")
        wait_for(lambda: "back to normal" in self.gate.log.read_text(), "memory is back", 60)
        self.assertEqual(self.gate.post("/v1/chat/completions", chat())[0], 200)

    def test_uploads_cannot_outrun_the_limit(self):
        """Twelve bodies of 55 MB at once, of which there is room for five."""
        head = ("POST /v1/chat/completions HTTP/1.1\r\nHost: gate\r\n"
                "Content-Type: application/json\r\nContent-Length: 60000000\r\n\r\n").encode()
        sockets = idle_connections(self.gate.port, 12)
        sending = list(sockets)
        most = 0
        try:
            for sock in sockets:
                sock.sendall(head)
            for _ in range(55):
                for sock in list(sending):
                    try:
                        sock.sendall(b" " * 1_000_000)
                    except OSError:
                        sending.remove(sock)  # refused
                most = max(most, self.resident_mib())
            self.assertLess(len(sending), 8)
            self.assertGreater(len(sending), 0)
            if not self.is_sanitized():
                self.assertLess(most, 600)
        finally:
            for peer in sockets:
                peer.close()
        wait_for(lambda: self.gate.post("/v1/chat/completions", chat())[0] == 200, "there is room")


if __name__ == "__main__":
    unittest.main()
