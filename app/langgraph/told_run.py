"""A run as the LangGraph SDK is told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streaming import sse
from streaming.headers import JSON

EXPOSED = "content-location, location, x-run-id"
"""Headers that a page at another origin has to see."""


@dataclass(frozen=True, slots=True)
class ToldRun:
    """A run, and what is told of it: in *modes*, or only its values at its end."""

    run_id: str
    chain: str
    thread_id: str | None
    modes: Sequence[str]
    streamed: bool = True
    subgraphs: bool = False

    @property
    def place(self) -> str:
        thread = f"/threads/{self.thread_id}" if self.thread_id else ""
        return f"{thread}/runs/{self.run_id}"

    def headers(self) -> Mapping[str, str]:
        kind = sse.HEADERS if self.streamed else JSON
        more = {
            "content-location": self.place,
            "access-control-expose-headers": EXPOSED,
        }
        if self.thread_id:  # Whoever lost the connection reads on there.
            more["location"] = self.place + ("/stream" if self.streamed else "/join")
        return {**kind, **more}

    def metadata(self) -> dict[str, object]:
        thread = {"thread_id": self.thread_id} if self.thread_id else {}
        return {
            "run_id": self.run_id,
            **thread,
            "assistant_id": self.chain,
            "graph_id": self.chain,
        }
