"""The cases of the comparison: what the simulator answers and how wrk asks."""

from dataclasses import dataclass

EVENTS = 200
EVENT_BYTES = 230
CHAT = ("--answer-bytes", "570")
STREAM = ("--events", str(EVENTS), "--event-bytes", str(EVENT_BYTES))
PEERS = ("nginx", "haproxy", "tallygate")


@dataclass(frozen=True)
class Case:
    name: str
    what: str
    simulator: tuple = CHAT
    prompt_bytes: int = 480
    connections: int = 64
    stream: bool = False
    unit: str = "request"   # what CPU and rate are told per
    per_request: int = 1    # units in one request
    proxies: tuple = PEERS
    idle_streams: int = 0   # instead of load: this many streams that say nothing


CASES = [
    Case("chat", "480 B -> 570 B, 64 connections"),
    Case("chat-1", "480 B -> 570 B, 1 connection", connections=1),
    Case("prompt-32k", "32 KiB prompt, 64 connections", prompt_bytes=32 << 10),
    Case("prompt-400k", "400 KiB prompt, 64 connections", prompt_bytes=400 << 10),
    Case("sse", "200 events of 230 B, one a millisecond, 32 streams", connections=32, stream=True,
         simulator=STREAM + ("--pace", "1ms"), unit="event", per_request=EVENTS),
    Case("sse-flood", "200 events of 230 B as fast as they go, 32 streams", connections=32,
         stream=True, simulator=STREAM + ("--write-each",), unit="event", per_request=EVENTS),
    Case("idle", "8,000 streams that wait after their first token", stream=True,
         simulator=("--fault", "hang-mid-stream:2"), idle_streams=8000),
    Case("versions", "chat with 2 and with 10,000 versions in the config",
         proxies=("tallygate", "tallygate-10k")),
]
