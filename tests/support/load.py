"""Clients that keep a gate busy while a test changes something beneath them."""

import http.client
import json
import random
import threading
import time

from gate import PATIENCE, chat, wait_for

CLIENTS = 6


class Load:
    """Clients with keep-alive connections, half of their answers streams. Each answer must be whole
    and have a status of `expected`; what goes wrong on the way is kept in `defects`."""

    def __init__(self, port, clients=CLIENTS, seed=1, headers=None, expected=(200,)):
        self.port = port
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self.expected = expected
        self.lock = threading.Lock()
        self.answered = []  # request ids of answers with status 200
        self.statuses = []
        self.defects = []
        self.stopped = threading.Event()
        self.may_end = threading.Event()  # a connection that ends between two answers is no defect
        self.threads = [threading.Thread(target=self.run, args=(seed * 100 + i,))
                        for i in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(60 * PATIENCE)

    def count(self):
        with self.lock:
            return len(self.statuses)

    def more(self, count):
        """Returns once `count` more answers have come."""
        wanted = self.count() + count
        wait_for(lambda: self.count() >= wanted or self.defects, f"{count} more answers", 60)

    def run(self, seed):
        dice = random.Random(seed)
        connection = None
        while not self.stopped.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                        timeout=30 * PATIENCE)
            try:
                if self.ask(connection, dice):
                    connection.close()
                    connection = None
            except Exception as error:  # whatever it is, the client was failed
                if isinstance(error, ConnectionError) and self.may_end.is_set():
                    break
                with self.lock:
                    self.defects.append(f"{time.monotonic():.3f} {error!r}")
                connection.close()
                connection = None
        if connection:
            connection.close()

    def ask(self, connection, dice):
        """True: the answer said that the connection closes."""
        streamed = dice.random() < 0.5
        body = json.dumps(chat(user=f"user-{dice.randrange(50)}", stream=streamed,
                               max_tokens=dice.randrange(1, 60)))
        connection.request("POST", "/v1/chat/completions", body, self.headers)
        response = connection.getresponse()
        try:
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise AssertionError(f"half an answer: {error!r}") from error
        if response.status not in self.expected:
            raise AssertionError(f"status {response.status}: {content[:200]}")
        if response.status == 200 and streamed and not content.endswith(b"data: [DONE]\n\n"):
            raise AssertionError(f"a cut stream: {content[-100:]}")
        with self.lock:
            self.statuses.append(response.status)
            if response.status == 200:
                self.answered.append(response.headers["x-request-id"])
        return (response.headers.get("connection") or "").lower() == "close"
