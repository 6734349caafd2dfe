"""HTTP in raw bytes, on both sides of the gate: a client that can send anything and sees how each
answer and each connection ends, and an upstream whose answers are scripts.

The upstream reads strictly. A gate forwards one well-formed request at a time, with a length; what is
anything else is kept in `Upstream.strays` for the test to fail on.
"""

import json
import re
import select
import socket
import struct
import threading
import time

from byte_reader import ByteReader
from gate import PATIENCE

TIMEOUT = 10 * PATIENCE
REQUEST_LINE = re.compile(rb"POST /([^ /]*)/v1(/[!-~]*) HTTP/1\.1")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)")


def request(body=b"", path="/v1/chat/completions", method="POST", fields=(), length=True,
            host="gate", version="HTTP/1.1"):
    """The bytes of a request; `fields` are lines without their CRLF."""
    if isinstance(body, dict):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    lines = [f"{method} {path} {version}"]
    lines += [f"Host: {host}"] if host is not None else []
    lines += [] if method in ("GET", "HEAD") else ["Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}"] if length and (body or method == "POST") else []
    head = b"".join((line if isinstance(line, bytes) else line.encode("latin-1")) + b"\r\n"
                    for line in [*lines, *fields])
    return head + b"\r\n" + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def reset(sock):
    """Closes by RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Answer:
    """One final answer. `complete` is false if the connection ended inside it."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(re.fullmatch(r"HTTP/1\.1 (\d{3}) [^\r\n]*", lines[0])[1])
        self.lines = [line for line in lines[1:] if line]
        self.fields = {}
        for line in self.lines:
            name, _, value = line.partition(": ")
            self.fields.setdefault(name.lower(), value)
        self.body = b""
        self.complete = True
        self.interims = 0

    def json(self):
        return json.loads(self.body)

    def error(self):
        return self.json()["error"]

    def events(self):
        """Data of each server-sent event; `[DONE]` stays text."""
        found = []
        for block in re.split(r"\r\n\r\n|\n\n|\r\r", self.body.decode()):
            data = "\n".join(re.findall(r"^data: ?(.*)", block, re.M))
            if data:
                found.append(data if data == "[DONE]" else json.loads(data))
        return found


class Client(ByteReader):
    """One connection to the gate."""

    def __init__(self, port, timeout=TIMEOUT):
        super().__init__(port, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        """All of it, unless the gate stops listening: its answer then is what counts."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def drip(self, data):
        for at in range(len(data)):
            self.socket.sendall(data[at:at + 1])
        return self

    def answer(self, bodiless=False):
        interims = 0
        answer = Answer(self.until(b"\r\n\r\n"))
        while answer.status < 200:
            interims += 1
            answer = Answer(self.until(b"\r\n\r\n"))
        answer.interims = interims
        if not bodiless and answer.status not in (204, 304):
            self.read_body(answer)
        return answer

    def read_body(self, answer):
        try:
            if answer.fields.get("transfer-encoding") == "chunked":
                while size := int(self.until(b"\r\n"), 16):
                    answer.body += self.take(size)
                    if self.take(2) != b"\r\n":
                        raise AssertionError("a chunk without its CRLF")
                if self.take(2) != b"\r\n":
                    raise AssertionError("trailers")
            elif "content-length" in answer.fields:
                size = int(answer.fields["content-length"])
                while len(answer.body) < size:
                    answer.body += self.take(min(size - len(answer.body), len(self.input) or 1))
            else:
                answer.body = self.rest()
        except EOFError:
            answer.complete = False

    def rest(self):
        """Everything up to a proper end of the connection; a reset raises."""
        while self.more():
            pass
        data, self.input = self.input, b""
        return data

    def reset(self):
        reset(self.socket)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)


class Link:
    """A connection the gate has made, in the hands of a script."""

    def __init__(self, upstream, sock):
        self.upstream = upstream
        self.socket = sock
        self.input = b""
        self.served = 0      # requests before this one
        self.name = ""       # of the script
        self.head = self.body = b""
        self.path = ""
        self.fields = {}

    def send(self, data):
        self.socket.sendall(data)

    def drip(self, data, pause=0):
        """One byte per segment."""
        for at in range(len(data)):
            self.socket.sendall(data[at:at + 1])
            if pause and self.left_within(pause):
                return

    def answer(self, status=200, body=b'{"id":"r","object":"chat.completion","choices":[]}', fields=()):
        lines = [f"HTTP/1.1 {status} Scripted", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *fields]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def stream(self, *events, end=True):
        """A chunked event stream; each event is one chunk."""
        self.send(STREAM_HEAD + b"".join(map(chunk, events)) + (b"0\r\n\r\n" if end else b""))

    def fin(self):
        self.socket.close()

    def rst(self):
        reset(self.socket)

    def left_within(self, seconds):
        """Whether the gate closes this connection; what it sends meanwhile is a stray."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                return False
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return True
            if not data:
                return True
            self.upstream.strays.append(data)
        return False

    def read_request(self):
        """The next head, and its body unless the script wants to answer before; false at the end."""
        while b"\r\n\r\n" not in self.input:
            data = self.socket.recv(65536)
            if not data:
                if self.input:
                    self.upstream.strays.append(self.input)
                return False
            self.input += data
        head, _, self.input = self.input.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        told = REQUEST_LINE.fullmatch(line)
        fields = [FIELD_LINE.fullmatch(field) for field in lines]
        if not told or not all(fields):
            self.upstream.strays.append(head)
            return False
        self.head = head
        self.name, self.path = told[1].decode(), told[2].decode()
        names = [field[1].lower().decode() for field in fields]
        self.fields = dict(zip(names, (field[2].decode("latin-1") for field in fields)))
        plain = names.count("content-length") == 1 and names.count("host") == 1
        if not plain or "transfer-encoding" in names or "connection" in names:
            self.upstream.strays.append(head)
            return False
        return True

    def read_body(self):
        size = int(self.fields["content-length"])
        while len(self.input) < size:
            data = self.socket.recv(65536)
            if not data:
                return False
            self.input += data
        self.body, self.input = self.input[:size], self.input[size:]
        return True


STREAM_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n")


def before_body(script):
    """For a script that answers without having read the body."""
    script.before_body = True
    return script


class Upstream:
    """Serves `scripts`: name -> function(Link). The name is the first segment of the base path:
    `http://127.0.0.1:PORT/NAME/v1`. A script that leaves the connection open serves again."""

    def __init__(self, scripts):
        self.scripts = scripts
        self.strays = []    # whatever was no well-formed request
        self.requests = []  # (name, path, fields, body) of each, as it came
        self.connections = 0
        self.failures = []  # of scripts, for the test to raise
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    def count(self, name):
        return sum(1 for told in list(self.requests) if told[0] == name)

    def stop(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(60)
            self.connections += 1
            threading.Thread(target=self.serve, args=(Link(self, sock),), daemon=True).start()

    def serve(self, link):
        try:
            while link.socket.fileno() >= 0 and link.read_request():
                script = self.scripts[link.name]
                if not getattr(script, "before_body", False) and not link.read_body():
                    return
                self.requests.append((link.name, link.path, link.fields, link.body))
                script(link)
                link.served += 1
        except (BrokenPipeError, ConnectionResetError, socket.timeout):
            pass  # the gate has left; whether it should have is the test's to say
        except Exception as error:  # a bug of the script: the test must not pass over it
            self.failures.append(error)
        finally:
            link.socket.close()
