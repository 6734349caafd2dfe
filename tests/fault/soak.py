"""Chaos for a while: about half load, random faults upstream, clients that leave, reloads.

    soak.py SECONDS [SEED]

At the end: no error of the gate's own making, each answered request recorded exactly once, and neither
memory nor descriptors have grown since the warm-up. Exit code 0 if all of that holds. A seed repeats a
run's choices, not its timing.
"""

import collections
import dataclasses
import http.client
import json
import os
import random
import statistics
import sys
import threading
import time

from gate import Gate, Simulator, call, chat, fresh_folder, two_versions, wait_for

# Freed memory that AddressSanitizer keeps back must not look like growth.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"

CLIENTS = 4
LOAD = 0.5      # of a client's time is spent in requests
FAULTS = (
    "status:500", "status:503", "status:429", "answer-429:1", "status:404", "status:422", "delay:20ms",
    "delay:300ms", "rst", "close-each", "rst-mid-stream:3", "fin-mid-event:2", "fin-after:5",
    "error-first", "error-mid:4", "role-then-error", "empty-stream", "missing-done", "malformed-json",
    "bad-framing:cl-te", "bad-framing:dup-cl", "bad-framing:te-gzip", "bad-framing:bad-chunk",
    "bad-framing:garbage", "bad-framing:partial-status", "bad-framing:many-headers",
    "bad-framing:many-1xx", "bad-framing:cl-short", "bad-framing:extra-bytes", "early-response", "idle-close:50ms",
    "http10", "until-close", "crlf-style:cr", "comments", "big-event:300000", "no-final-blank",
    "interim:3", "hop-headers", "trailers", "hang", "hang-mid-stream:2",
)
OWN_ERRORS = {"internal_error", "overloaded", "draining", "no_healthy_upstream"}
# What a warm allocator may still take: arenas of other threads, a write buffer of the store.
SLACK_BYTES = 24 << 20
SLACK_DESCRIPTORS = 16


@dataclasses.dataclass
class Told:
    """What clients saw, under `lock`."""
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    ids: list = dataclasses.field(default_factory=list)
    statuses: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    defects: list = dataclasses.field(default_factory=list)
    aborted: int = 0

    def defect(self, text):
        with self.lock:
            self.defects.append(text)


def make_config(one, two):
    config = two_versions(one, two, {"a": 50, "b": 50})
    config["timeouts"] = {"connect": "1s", "first_token": "500ms", "response_head": "500ms",
                          "idle": "500ms", "total": "3s", "client_idle": "5s"}
    config["retry"] = {"base": "1ms", "cap": "5ms"}
    config["blacklist"] = {"failures": 5, "base": "1s", "cap": "2s"}
    return config


def open_request(connection, dice):
    """Sends one random request -> its response."""
    model = dice.choice(["assistant"] * 6 + ["unlucky", "assistant@1.1.0", "nobody"])
    headers = {"Content-Type": "application/json"}
    if dice.random() < 0.4:
        headers["x-sim-fault"] = dice.choice(FAULTS)
    body = chat(model, stream=dice.random() < 0.5, user=f"user-{dice.randrange(500)}")
    if dice.random() < 0.05:
        body["padding"] = "x" * dice.randrange(2_000_000)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    return connection.getresponse()


def note_answer(response, body, told):
    """An answer that came to its end."""
    with told.lock:
        told.statuses[response.status] += 1
        if "x-request-id" in response.headers:
            told.ids.append(response.headers["x-request-id"])
    code = ""
    if response.status >= 400 and response.headers.get_content_type() == "application/json":
        try:
            code = (json.loads(body).get("error") or {}).get("code")
        except ValueError:
            pass  # an upstream's own words, relayed
    if code in OWN_ERRORS:
        told.defect(f"{response.status} {body[:200]}")


class Visitor:
    """One client, on a connection that it keeps as long as it can."""

    def __init__(self, port, seed, told):
        self.port = port
        self.dice = random.Random(seed)
        self.told = told
        self.connection = None

    def leave(self):
        self.connection.close()
        self.connection = None

    def visit(self):
        fresh = self.connection is None
        if fresh:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            response = open_request(self.connection, self.dice)
        except (OSError, http.client.HTTPException) as error:
            # A kept connection may have been closed behind a stream that broke; a fresh one never.
            if fresh:
                self.told.defect(f"no answer on a fresh connection: {error!r}")
            return self.leave()
        try:
            self.read(response)
        except (http.client.IncompleteRead, ConnectionResetError):
            self.leave()  # a broken upstream's answer is cut towards the client too
        except OSError as error:
            self.told.defect(f"half an answer: {error!r}")
            self.leave()

    def read(self, response):
        if self.dice.random() < 0.08:
            response.read(self.dice.randrange(1, 200))
            with self.told.lock:
                self.told.aborted += 1
            return self.leave()
        note_answer(response, response.read(), self.told)
        if response.will_close:
            self.leave()


def run_client(port, seed, ends, told):
    visitor = Visitor(port, seed, told)
    while not ends.is_set():
        began = time.monotonic()
        visitor.visit()
        busy = time.monotonic() - began
        ends.wait(min(busy * (1 - LOAD) / LOAD, 0.2))
    if visitor.connection is not None:
        visitor.leave()


def reload_now_and_then(gate, ends, told, seed):
    dice = random.Random(seed)
    config = json.loads(gate.config_file.read_text())
    number = 0
    while not ends.wait(dice.uniform(0.5, 2)):
        number += 1
        extra = config["routes"]["unlucky"]
        config["routes"][f"extra{number % 3}"] = {**extra, "fallbacks": [f"extra{number % 3}@1.1.0"]}
        config["timeouts"]["idle"] = dice.choice(["400ms", "500ms", "600ms"])
        gate.config_file.write_text(json.dumps(config))
        status, _, body = call(gate.admin, "POST", "/-/reload", timeout=60)
        if status != 200:
            told.defect(f"reload: {status} {body[:300]}")


def measure(gate):
    """-> (resident bytes, open descriptors) of the gate."""
    pid = gate.child.pid
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"/proc/{pid}/fd"))


def watch(gate, seconds, ends, told):
    """Measures until the time is up -> the figures in order."""
    figures = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if gate.child.poll() is not None:
            told.defect(f"the gate ended with {gate.child.returncode}:\n{gate.tail()}")
            break
        figures.append(measure(gate))
        ends.wait(min(0.25, seconds / 40))
    return figures


def check_growth(figures):
    """Medians of the second fifth and the last one -> what has grown."""
    fifth = len(figures) // 5
    problems = []
    for index, (name, slack) in enumerate((("bytes of memory", SLACK_BYTES), ("descriptors", SLACK_DESCRIPTORS))):
        early = statistics.median(figure[index] for figure in figures[fifth:2 * fifth])
        late = statistics.median(figure[index] for figure in figures[-fifth:])
        print(f"{name}: {early:.0f} in the second fifth, {late:.0f} in the last")
        if late > early * 1.1 + slack:
            problems.append(f"{name} have grown from {early:.0f} to {late:.0f}")
    return problems


def check_records(gate, told):
    """Each answered request once; none twice."""
    wait_for(lambda: gate.metric("tallygate_journal_queued") == 0, "the journal is written")
    ids = collections.Counter(record["request_id"] for record in gate.journal())
    problems = []
    twice = [request_id for request_id, times in ids.items() if times > 1]
    lost = [request_id for request_id in told.ids if request_id not in ids]
    dropped = gate.metric("tallygate_journal_dropped_total")
    if twice:
        problems.append(f"recorded more than once: {twice[:5]}")
    if len(lost) > dropped:
        problems.append(f"answered and not recorded: {len(lost)}, counted as dropped: {dropped}")
    if len(set(told.ids)) != len(told.ids):
        problems.append("a request id was given twice")
    print(f"{len(ids)} records of {len(told.ids)} answered requests and {told.aborted} aborted ones")
    return problems


def soak(seconds, seed):
    """-> what was wrong, as texts."""
    print(f"soak of {seconds} s, seed {seed}")
    folder = fresh_folder("fault/soak")
    one, two = Simulator(folder, "one"), Simulator(folder, "two")
    gate = Gate(folder, make_config(one.base, two.base))
    told, ends = Told(), threading.Event()
    threads = [threading.Thread(target=run_client, args=(gate.port, seed * 1000 + number, ends, told))
               for number in range(CLIENTS)]
    threads.append(threading.Thread(target=reload_now_and_then, args=(gate, ends, told, seed)))
    for thread in threads:
        thread.start()
    figures = watch(gate, seconds, ends, told)
    ends.set()
    for thread in threads:
        thread.join()
    problems = list(dict.fromkeys(told.defects))
    if gate.child.poll() is None:
        problems += check_growth(figures) + check_records(gate, told)
    print(f"answers: {dict(sorted(told.statuses.items()))}")
    if told.statuses[200] < told.statuses.total() / 4:
        problems.append("hardly any request succeeded")
    for process in (gate, one, two):
        process.stop()  # fails on an exit code and on a sanitizer's word
    return problems


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**31)
    problems = soak(seconds, seed)
    for problem in problems:
        print("WRONG:", problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
