"""Kills the gate at random moments under load: what a client received whole is counted, once.

20 rounds; 1,000 with TALLYGATE_SOAK=1. TALLYGATE_SEED=N repeats a run's choices.

An answer may have been released without its record only after the gate waited 50 ms for the disk
(wire.md's journal wait), and answers after three such waits in a row. So an answer that took that
long is not counted as promised; on a machine with air to breathe there are few, and most must not be.
"""

import collections
import http.client
import json
import os
import random
import threading
import time
import unittest

from gate import Gate, Simulator, chat, fresh_folder, two_versions
from recount import performance_of, recount

CLIENTS = 6
ROUNDS_PER_STORE = 20
JOURNAL_WAIT = 0.045  # a little less than the gate's 50 ms


class Promises:
    """What clients of one round received whole, in order."""

    def __init__(self):
        self.lock = threading.Lock()
        self.firm = []
        self.released = []  # perhaps let go by the journal wait
        self.defects = []  # connections that broke before the kill
        self.enough = threading.Event()
        self.killed = threading.Event()
        self.wanted = 0

    def add(self, request_id, waited):
        with self.lock:
            slow = waited >= JOURNAL_WAIT or len(self.released) >= 3
            (self.released if slow else self.firm).append(request_id)
            if len(self.firm) + len(self.released) >= self.wanted:
                self.enough.set()


def read_whole(response, streamed):
    """-> the longest time between two reads, in seconds. Raises if the answer is cut."""
    length = response.headers["content-length"]
    longest = size = 0
    before = time.monotonic()
    text = b""
    done = False
    while not done:
        piece = response.read1(65536)
        if not piece:
            raise http.client.IncompleteRead(text)
        now = time.monotonic()
        longest, before = max(longest, now - before), now
        size += len(piece)
        text = text[-16:] + piece
        done = text.endswith(b"data: [DONE]\n\n") if streamed else size == int(length)
    return longest


def ask(connection, dice, promises):
    streamed = dice.random() < 0.5
    body = json.dumps(chat(user=f"user-{dice.randrange(50)}", stream=streamed,
                           max_tokens=dice.randrange(1, 40)))
    start = time.monotonic()
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    head = time.monotonic() - start
    if response.status != 200:
        raise AssertionError(f"status {response.status}")
    waited = read_whole(response, streamed)
    # A whole answer arrives with its head: then the head is what waited.
    promises.add(response.headers["x-request-id"], waited if streamed else max(waited, head))
    if streamed:
        response.read()
    else:
        response.close()


def client(port, seed, promises):
    """Keeps one connection busy until it breaks."""
    dice = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        while True:
            ask(connection, dice, promises)
    except Exception as error:  # expected once the gate is killed, a defect before
        if not promises.killed.is_set():
            promises.defects.append(repr(error))
            promises.enough.set()
    finally:
        connection.close()


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seed = int(os.environ.get("TALLYGATE_SEED", random.SystemRandom().randrange(1 << 32)))
        cls.rounds = 1000 if os.environ.get("TALLYGATE_SOAK") == "1" else 20
        print(f"TALLYGATE_SEED={cls.seed}, {cls.rounds} rounds", flush=True)
        cls.folder = fresh_folder("Crash")
        cls.one = Simulator(cls.folder, "one")
        cls.addClassCleanup(cls.one.stop)
        cls.two = Simulator(cls.folder, "two")
        cls.addClassCleanup(cls.two.stop)

    def start_gate(self, store):
        config = two_versions(self.one.base, self.two.base, {"a": 70, "b": 30})
        config["store"] = {"path": str(store)}
        gate = Gate(self.folder, config)
        gate.store = store
        return gate

    def load_and_kill(self, gate, dice):
        promises = Promises()
        promises.wanted = dice.randrange(1, 400)
        threads = [threading.Thread(target=client, args=(gate.port, dice.random(), promises))
                   for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        served = promises.enough.wait(60)
        time.sleep(dice.random() * 0.003)  # the moment itself: anywhere inside a request
        promises.killed.set()
        gate.kill()
        for thread in threads:
            thread.join(30)
            self.assertFalse(thread.is_alive(), "a client hangs after the kill")
        self.assertTrue(served, "clients are served")
        self.assertEqual(promises.defects, [])
        return promises

    def check(self, gate, firm):
        journal = gate.journal()
        times = collections.Counter(record["request_id"] for record in journal)
        self.assertEqual([one for one, count in times.items() if count > 1], [], "recorded twice")
        self.assertEqual([one for one in firm if one not in times], [], "answered, not recorded")
        self.assertEqual(performance_of(gate), recount(journal))

    def test_what_was_answered_is_counted_exactly_once(self):
        dice = random.Random(self.seed)
        firm = []
        totals = collections.Counter()
        for number in range(self.rounds):
            if number % ROUNDS_PER_STORE == 0:
                store = self.folder / f"data-{number}"
                firm = []
            with self.subTest(round=number, seed=self.seed):
                promises = self.load_and_kill(self.start_gate(store), dice)
                firm += promises.firm
                totals.update(firm=len(promises.firm), released=len(promises.released))
                gate = self.start_gate(store)
                try:
                    self.check(gate, firm)
                finally:
                    # Half the checks end in a clean stop, half in another kill.
                    gate.stop() if dice.random() < 0.5 else gate.kill()
        print(f"{totals['firm']} answers, each counted once; {totals['released']} slow ones", flush=True)
        self.assertGreater(totals["firm"], 5 * self.rounds, "too slow a machine to tell")


if __name__ == "__main__":
    unittest.main()
