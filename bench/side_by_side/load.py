"""The other core: the simulator, wrk, and a holder of idle streams."""

import json
import pathlib
import re
import resource
import selectors
import socket
import subprocess
import time

from proxies import pinned

HERE = pathlib.Path(__file__).parent
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
OPEN_AT_ONCE = 200
OPEN_SECONDS = 60


class Simulator:
    def __init__(self, binary, flags, core):
        self.child = subprocess.Popen([binary, "--port", "0", *flags], stdout=subprocess.PIPE,
                                      stdin=subprocess.DEVNULL, text=True, preexec_fn=pinned(core))
        told = re.search(r":(\d+)$", self.child.stdout.readline().strip())
        if told is None:
            raise SystemExit(f"{binary} did not start")
        self.port = int(told[1])

    def stop(self):
        self.child.terminate()
        self.child.wait(10)
        self.child.stdout.close()


def parse_time(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * SECONDS[unit]


def run_wrk(case, port, seconds, core):
    """-> requests, seconds, p50, p99 (seconds), errors."""
    arguments = [str(case.prompt_bytes)] + (["stream"] if case.stream else [])
    out = subprocess.run(
        ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "30s", "--latency",
         "-s", HERE / "chat.lua", f"http://127.0.0.1:{port}", "--", *arguments],
        capture_output=True, text=True, timeout=seconds + 60, preexec_fn=pinned(core)).stdout
    done = re.search(r"(\d+) requests in ([\d.]+\w+),", out)
    if done is None or int(done[1]) == 0:
        raise SystemExit(f"wrk served nothing; it said:\n{out}")
    quantile = dict(re.findall(r"^\s+(50|99)%\s+(\S+)$", out, re.M))
    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)",
                              out)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = sum(map(int, socket_errors.groups())) if socket_errors else 0
    return {"requests": int(done[1]), "seconds": parse_time(done[2]),
            "p50": parse_time(quantile["50"]), "p99": parse_time(quantile["99"]),
            "errors": errors + (int(bad[1]) if bad else 0)}


class IdleStreams:
    """Streams that have received their first token and then hear nothing."""

    def __init__(self, port):
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        self.port = port
        self.open = []

    def add(self, count):
        for first in range(0, count, OPEN_AT_ONCE):
            self._add_batch(min(OPEN_AT_ONCE, count - first))

    def _add_batch(self, count):
        waiting = selectors.DefaultSelector()
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", self.port), timeout=OPEN_SECONDS)
            body = json.dumps({"model": "assistant", "stream": True, "user": f"u{len(self.open)}",
                               "messages": [{"role": "user", "content": "x" * 360}]}).encode()
            one.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\n"
                        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(body), body))
            self.open.append(one)
            waiting.register(one, selectors.EVENT_READ, bytearray())
        end = time.monotonic() + OPEN_SECONDS
        while waiting.get_map():
            ready = waiting.select(1)
            if time.monotonic() > end:
                raise SystemExit(f"{len(waiting.get_map())} streams got no token in {OPEN_SECONDS} s")
            for key, _ in ready:
                key.data.extend(key.fileobj.recv(65536) or self._ended(key.data))
                if b'"content":"T' in key.data:
                    waiting.unregister(key.fileobj)
        waiting.close()

    @staticmethod
    def _ended(data):
        raise SystemExit(f"a stream ended that should idle: {bytes(data[-300:])!r}")

    def close(self):
        for one in self.open:
            one.close()
