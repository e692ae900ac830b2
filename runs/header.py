"""The first line of a run's log: what is needed to write its events in any dialect."""

from dataclasses import dataclass, field
from typing import Self

import orjson

from runs import Run
from streaming import sse
from streaming.caller_tools import CallerTools
from streaming.requests import ChatRequest, Message

MOST_ECHOED = 256 * 1024
"""Characters of `echo` that a log keeps: it waits for the store as a whole."""


@dataclass(frozen=True, slots=True)
class Header:
    """`owner` may read the log, and `instance` writes it; `created_at` is in seconds
    since 1970. `tools` are the names of those that the caller has. `echo` is what the
    wire that began the run has to know again."""

    run_id: str
    owner: str
    instance: str
    chain: str
    dialect: str
    request_id: str
    created_at: int
    thread_id: str | None
    include_usage: bool
    continues: str | None
    tools: list[str]
    echo: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run, request: ChatRequest, instance: str) -> Self:
        return cls(
            run_id=run.id,
            owner=run.owner,
            instance=instance,
            chain=run.chain,
            dialect=run.dialect,
            request_id=run.request_id,
            created_at=request.created,
            thread_id=request.thread_id,
            include_usage=request.include_usage,
            continues=request.continues,
            tools=request.caller_tools.names,
            echo=_kept(request),
        )

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Fields that this version does not know are passed over."""
        fields = orjson.loads(line)
        return cls(**{name: fields[name] for name in cls.__slots__ if name in fields})

    def line(self) -> bytes:
        return sse.dumps({name: getattr(self, name) for name in self.__slots__}) + b"\n"

    def request(self) -> ChatRequest:
        """A request whose answer is written as that of the one that began the run."""
        functions: list[dict[str, object]] = [{"name": name} for name in self.tools]
        tools = [{"type": "function", "function": each} for each in functions]
        return ChatRequest(
            messages=[Message(role="user", content="")],
            chain=self.chain,
            thread_id=self.thread_id,
            caller_tools=CallerTools.model_validate({"tools": tools or None}),
            include_usage=self.include_usage,
            continues=self.continues,
            echo=self.echo,
            id=self.request_id,
            run_id=self.run_id,
            created=self.created_at,
        )


def _kept(request: ChatRequest) -> dict[str, str]:
    """Of a run without a thread nothing that was asked is kept, unless its response is
    to be stored."""
    stored = request.thread_id or request.response.items
    size = sum(map(len, request.echo.values()))
    return request.echo if stored and size <= MOST_ECHOED else {}
