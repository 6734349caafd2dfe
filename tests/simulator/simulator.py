"""Starts the simulator and speaks to it in raw bytes, so that framing faults can be seen."""

import ctypes
import json
import os
import re
import signal
import socket
import struct
import subprocess

from byte_reader import ByteReader

SIMULATOR = os.environ.get("SIMULATOR", "build/dev/model_simulator")
TIMEOUT = 20
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Simulator:
    def __init__(self, *flags, name="sim"):
        self.child = subprocess.Popen([SIMULATOR, "--port", "0", "--name", name, *flags],
                                      stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        line = self.child.stdout.readline()
        self.port = int(re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)[1])

    def stop(self):
        """Ends it by SIGTERM; a sanitizer's report or a crash is a status other than 0."""
        self.child.terminate()
        self.child.stdout.close()
        return self.child.wait(TIMEOUT)

    def connect(self):
        return Wire(self.port)

    def ask(self, path, body=None, **headers):
        """One request on its own connection -> (status, headers, body)."""
        with self.connect() as wire:
            wire.send(path, body, **headers)
            return wire.answer()

    def json(self, path, body=None, **headers):
        return json.loads(self.ask(path, body, **headers)[2])

    def stats(self):
        return self.json("/simulator/stats")


class Wire(ByteReader):
    """One connection, bytes in and bytes out."""

    def __init__(self, port):
        super().__init__(port, TIMEOUT)

    def send(self, path, body=None, method=None, **headers):
        if isinstance(body, dict):
            body = json.dumps(body)
        body = (body or "").encode()
        method = method or ("POST" if body else "GET")
        lines = [f"{method} {path} HTTP/1.1", "Host: simulator", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def raw(self, data):
        self.socket.sendall(data)

    def head(self):
        lines = self.until(b"\r\n\r\n").decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), fields

    def chunk(self):
        size = int(self.until(b"\r\n"), 16)
        data = self.take(size)
        if size:
            assert self.take(2) == b"\r\n"
        return data

    def answer(self):
        """Status, headers and the body, by whatever frames it."""
        status, fields = self.head()
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while data := self.chunk():
                body += data
            self.until(b"\r\n")
            return status, fields, body
        if "content-length" in fields:
            return status, fields, self.take(int(fields["content-length"]))
        return status, fields, self.rest()

    def rest(self):
        """Everything up to a proper end of the connection; a reset raises."""
        while self.more():
            pass
        data, self.input = self.input, b""
        return data

    def reset(self):
        """Closes by RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def chat(model="m", **fields):
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}


def events(body):
    """Data of each event; `[DONE]` stays text."""
    found = []
    for block in body.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        for line in block.split("\n"):
            if line.startswith("data: "):
                data = line[6:]
                found.append(data if data == "[DONE]" else json.loads(data))
    return found
