"""More of everything than there is room for: connections, descriptors, retries; and what happens to
those who are there when the gate is told to stop."""

import resource
import select
import threading
import time

from gate import call, wait_for
from raw_http import STREAM_HEAD, Client, chunk, request
from rows import FaultTest, chat, main

TOKEN = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: gate\r\n\r\n"
CROWD = 10_000
OWN_DESCRIPTORS = 300  # of this process, besides the crowd


def until_told(link):
    """A stream that ends when the test says so."""
    link.send(STREAM_HEAD + chunk(TOKEN))
    link.upstream.may_end.wait(30)
    link.send(chunk(DONE) + b"0\r\n\r\n")


class CrowdTest(FaultTest):
    def gather(self, count):
        """`count` connections that say nothing."""
        clients = []
        self.addCleanup(lambda: [client.socket.close() for client in clients])
        for _ in range(count):
            clients.append(Client(self.gate.port))
        return clients


class Crowd(CrowdTest):
    scripts = {"lonely": lambda link: link.answer()}

    @staticmethod
    def refused_among(clients):
        """-> those to which the gate has said something, or that it has closed."""
        poll, known = select.poll(), {}
        for client in clients:
            poll.register(client.socket, select.POLLIN)
            known[client.socket.fileno()] = client
        return [known[number] for number, _ in poll.poll(0)]

    def served(self):
        return self.gate.metric("tallygate_client_connections")

    def resident_bytes(self):
        return self.gate.metric("process_resident_memory_bytes")

    def test_row_25_ten_thousand_idle_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        count = min(CROWD, hard - OWN_DESCRIPTORS)
        before, began = self.resident_bytes(), time.monotonic()
        clients = self.gather(count)
        wait_for(lambda: len(self.refused_among(clients)) + self.served() >= count, "each is in or out", 60)
        refused = self.refused_among(clients)
        served = count - len(refused)
        taken = (self.resident_bytes() - before) / served
        print(f"{count} connections in {time.monotonic() - began:.1f} s, {served} of them served, "
              f"{taken:.0f} bytes each", end=" ", flush=True)
        self.assertGreaterEqual(served, count // 3, "half of the descriptors are for clients")
        self.assertLess(taken, 32_000)
        self.assertEqual(call(self.gate.admin, "GET", "/readyz")[0], 200, "admin answers")
        for client in refused[:50]:
            try:
                answer = client.answer()
                self.assertEqual(answer.status, 503)
                self.assertEqual(answer.fields["retry-after"], "1")
                self.assert_closed(client, answer)
            except (EOFError, ConnectionResetError):
                pass  # just closed
        out = set(map(id, refused))
        held = [client for client in clients if id(client) not in out]
        for client in (held[0], held[len(held) // 2], held[-1]):
            self.assertEqual(client.send(request(chat())).answer().status, 200, "who is in is served")
            self.assert_kept(client)
        for client in clients:
            client.socket.close()
        wait_for(lambda: self.served() < 20, "they are forgotten")
        self.assertEqual(self.connect().send(request(chat())).answer().status, 200)

    def test_row_55_no_descriptor_for_an_upstream(self):
        client = self.connect()
        self.assert_kept(client)
        pid = self.gate.child.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        self.addCleanup(resource.prlimit, pid, resource.RLIMIT_NOFILE, (soft, hard))
        with self.blames_nobody("lonely"):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))  # none that is free
            answer = client.send(request(chat("lonely"))).answer()
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
            self.assert_error(answer, 503, "upstream_busy")
            self.assertEqual(answer.fields["retry-after"], "1")
            record = self.record(answer)
            self.assertEqual((record["outcome"], record["error"]), ("gateway_error", "upstream_busy"))
            self.assertNotIn("x-should-retry", answer.fields, "a repetition may help")
        self.assertEqual(client.send(request(chat("lonely"))).answer().status, 200,
                         "served when there is room again")


class Stopping(CrowdTest):
    scripts = {"until-told": until_told}

    def test_extra_sigterm_closes_idle_connections_at_once(self):
        self.upstream.may_end = threading.Event()
        stream = self.connect().send(request(chat("until-told", stream=True)))
        stream.until(b"Hi")
        idle = self.gather(100)
        for client in idle[:50]:  # the others have never said anything
            self.assertEqual(client.send(LIVEZ).answer().status, 200)
        began = time.monotonic()
        self.gate.child.terminate()
        for client in idle:
            self.assert_closed(client)
        self.assertLess(time.monotonic() - began, 2)
        self.upstream.may_end.set()
        self.assertIn(DONE, stream.until(b"0\r\n\r\n"), "what is under way comes to its end")
        self.assert_closed(stream)
        self.gate.child.wait(10)


class RetryBudget(FaultTest):
    """Two workers, one floor."""

    scripts = {"fails": lambda link: link.answer(500, b"{}"), "fails-too": lambda link: link.answer(502, b"{}")}
    settings = {"retry": {"base": "1ms", "cap": "1ms", "budget_ratio": 0, "budget_floor": 6}}

    @classmethod
    def make_config(cls):
        config = super().make_config()
        versions = {"1.0.0": {"targets": ["fails"], "default": True}, "2.0.0": {"targets": ["fails-too"]},
                    "3.0.0": {"targets": ["good"]}}
        config["routes"]["third"] = {"versions": versions, "fallbacks": ["third@2.0.0", "third@3.0.0"]}
        return config

    def test_extra_the_floor_is_the_process_s(self):
        clients = [self.connect() for _ in range(24)]  # the kernel spreads them over the workers
        for client in clients:
            self.assert_kept(client)
        answers = [client.send(request(chat("third"))).answer() for client in clients]
        told = [(answer.status, answer.fields["x-tallygate-attempts"]) for answer in answers]
        self.assertEqual(told.count((200, "3")), 3, "two retries each, of six")
        self.assertEqual(told.count((502, "2")), 21, "the first fallback is exempt")


if __name__ == "__main__":
    main()
