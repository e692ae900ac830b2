"""How `/api/stream-check` arrives here: what came, and when."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

import httpx

CHECK = "/api/stream-check"
KEEP_ALIVE = b'"delta_content":""'
DELTAS = 20
STREAM_SECONDS = 1.9
"""Seconds between the first and the last event of a stream that nothing holds up."""

TRIES = 2
"""Repeat a check that fails: this machine may have been busy."""

_DONE = re.compile(rb"^event: done\ndata: (\{.*\})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Arrival:
    status: int
    headers: httpx.Headers
    text: bytes
    span: float
    first: float
    """Seconds from the request to the first byte of the body."""

    @property
    def deltas(self) -> int:
        return self.text.count(b"delta_content") - self.text.count(KEEP_ALIVE)

    @property
    def held_up(self) -> bool:
        """Whether the stream came all at once, or nearly."""
        return self.span < STREAM_SECONDS / 2

    @property
    def numbered(self) -> bool:
        """Whether its events have numbers, as those of runs that can be read on."""
        return b"\nid: " in self.text

    @property
    def run_id(self) -> str:
        return str(self._done.get("run_id", ""))

    @property
    def kept(self) -> bool:
        """Whether the store has all of its run."""
        return self._done.get("kept", True) is True

    @property
    def _done(self) -> Mapping[str, object]:
        found = _DONE.search(self.text.replace(b"\r\n", b"\n"))
        try:
            done = json.loads(found[1]) if found else {}
        except ValueError:
            return {}
        return done if isinstance(done, dict) else {}


def arrived(client: httpx.Client) -> Arrival:
    """How `/api/stream-check` arrives: the better of some tries."""
    arrival = _read(client)
    for _ in range(TRIES - 1):
        if arrival.status == 200 and arrival.held_up:
            arrival = max(arrival, _read(client), key=lambda each: each.span)
    return arrival


def _read(client: httpx.Client) -> Arrival:
    begun, times, text = monotonic(), [], b""
    with client.stream("GET", CHECK) as response:
        for piece in response.iter_bytes():
            text += piece
            if b"delta_content" in piece:
                times.append(monotonic())
    first, last = (times[0], times[-1]) if times else (begun, begun)
    return Arrival(
        response.status_code, response.headers, text, last - first, first - begun
    )
