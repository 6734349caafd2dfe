"""A TCP connection that is read by marks and sizes, for tests that look at raw bytes."""

import socket


class ByteReader:
    def __init__(self, port, timeout):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def more(self):
        data = self.socket.recv(65536)
        self.input += data
        return bool(data)

    def until(self, mark):
        while mark not in self.input:
            if not self.more():
                raise EOFError(f"closed before {mark!r}; came: {self.input[:300]!r}")
        found, _, self.input = self.input.partition(mark)
        return found + mark

    def take(self, size):
        while len(self.input) < size:
            if not self.more():
                raise EOFError(f"closed {size - len(self.input)} bytes early")
        data, self.input = self.input[:size], self.input[size:]
        return data
