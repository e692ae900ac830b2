"""Many streams at once against backends that fail at random, and callers who leave.

Each stream is told a text of its own, so that what is repeated, lost or another's can
be told from what it is given.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from urllib.parse import quote

import aiohttp

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until

NATIVE, OPENAI = "/api/chat", "/api/chat/openai"
PROXIED = "/openai/deployments/gpt-4o/chat/completions"
DEPLOYMENTS = ["gpt-4o", *(f"gpt-4o-{number}" for number in range(2, 9))]
WORDS = 12
EXITS = 0.25
"""How much of what is asked natively goes to a chain that exits."""
BACK_OFF_SECONDS = 0.2
LIMITED = 0.5
PATIENCE_SECONDS = 30
FINISHED = {"stop", "length", "content_filter"}
STATUSES = {400, 404, 422, 429, 500, 502, 503, 504}

SETTINGS = {
    "FIRST_TOKEN_PEEK_SECONDS": "0.5",
    "KEEPALIVE_SECONDS": "0.3",
    "BACKEND_TIMEOUT_SECONDS": "0.5",
    "FIRST_TOKEN_TIMEOUT_SECONDS": "3",
    "STALL_TIMEOUT_SECONDS": "1",
    "REQUEST_DEADLINE_SECONDS": "8",
    "CHAINS": (
        "census=tests.soak.process_probe:census,"
        "exits=tests.support.exiting_chains:at_first"
    ),
}


def backends(standins: Sequence[StandIn]) -> str:
    """`AZURE_OPENAI_BACKENDS`: deployments of *standins*, all in one priority."""
    entries = [
        {"endpoint": each.url, "deployment": deployment, "api_key": each.key}
        for deployment in DEPLOYMENTS
        for each in standins
    ]
    return json.dumps(entries)


@dataclass(slots=True)
class Chaos:
    """Streams, *concurrency* at a time, and what became of them.

    `wrong` says what should never happen; `endings` counts what may. `unfinished` are
    those that were proxied and ended as if all was well, but without a finish reason.
    """

    url: str
    seed: int
    concurrency: int = 100
    endings: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)

    async def run(self, streams: int) -> None:
        """Have *streams* answers, or what there is of them."""
        numbers = iter(range(len(self.request_ids), len(self.request_ids) + streams))
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with aiohttp.ClientSession(
            self.url, connector=connector, timeout=timeout
        ) as session:

            async def ask_on() -> None:
                for number in numbers:
                    await Stream(self, number).run(session)

            await asyncio.gather(*(ask_on() for _ in range(self.concurrency)))


class Stream:
    """The stream with this *number*."""

    def __init__(self, chaos: Chaos, number: int) -> None:
        self._chaos = chaos
        self._chance = random.Random(f"{chaos.seed} {number}")
        self._name = f"s{chaos.seed}n{number}"
        self._expected = " ".join(f"{self._name}w{word}" for word in range(WORDS))
        self._path = self._chance.choice([NATIVE, OPENAI, PROXIED])
        # Raises `SystemExit`, which must end no other stream.
        exits = self._path == NATIVE and self._chance.random() < EXITS
        self._chain = {"chain": "exits"} if exits else {}
        self._leaves_after = self._chance.choice([None] * 5 + [0, 1, 3, 6])
        chaos.request_ids.append(self._name)

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Have the answer, and count how it ended."""
        prompt = (
            f"standin:chaos tag={self._name} text={quote(self._expected)} "
            "retry_after_ms=300 delay_ms=10"
        )
        messages = [{"role": "user", "content": prompt}]
        body = {"messages": messages, "stream": True, **self._chain}
        if self._chance.random() < LIMITED:
            body["max_tokens"] = 999
        headers = {"x-request-id": self._name}
        try:
            async with session.post(self._path, json=body, headers=headers) as answer:
                if answer.status != 200:
                    ending = await self._refused(answer)
                else:
                    ending = await self._read(answer)
        except TimeoutError:
            ending = self._wrong("did not end")
        except (aiohttp.ClientError, OSError) as exc:
            ending = self._wrong(f"was lost before it began: {type(exc).__name__}")
        self._chaos.endings[ending] += 1

    def _wrong(self, what: str) -> str:
        self._chaos.wrong.append(f"{self._name} {self._path}: {what}")
        return "wrong"

    async def _refused(self, answer: aiohttp.ClientResponse) -> str:
        body = await answer.json(content_type=None)
        # A backend's own refusal is passed on to a proxied call as it is.
        as_it_is = self._path == PROXIED and body.get("object") == "error"
        error = body.get("message") if as_it_is else body.get("error")
        if answer.status not in STATUSES or not error:
            return self._wrong(f"status {answer.status}: {error}")
        if answer.status == 429:
            await asyncio.sleep(BACK_OFF_SECONDS)
        return f"status {answer.status}"

    async def _read(self, answer: aiohttp.ClientResponse) -> str:
        text, endings, deltas = "", list[str](), 0
        try:
            async for name, data in events(answer):
                piece, ending = _meaning(name, data)
                if endings and (piece or self._is_over(endings[-1])):
                    return self._wrong(f"{name} {data:.80} after its end")
                text += piece
                if ending:
                    endings.append(ending)
                if not self._expected.startswith(text):
                    return self._wrong(f"{text!r} is none of its text")
                deltas += bool(piece)
                if self._leaves_after is not None and deltas > self._leaves_after:
                    return "left"
        except aiohttp.ClientPayloadError:
            endings.append("cut")
        return self._judge(text, endings)

    def _is_over(self, ending: str) -> bool:
        """Whether nothing at all may follow *ending*."""
        if self._path == NATIVE:
            return ending != "error"
        return ending == "[DONE]" or (self._path == OPENAI and ending == "error")

    def _judge(self, text: str, endings: list[str]) -> str:
        """What *endings* are together."""
        first, rest = (endings[0], endings[1:]) if endings else ("", [])
        done = [] if self._path == NATIVE else ["[DONE]"]
        if first in ("finished", "filtered", "tool_calls") and rest == done:
            if first != "filtered" and text != self._expected:
                return self._wrong(f"finished after {text!r}")
            return first
        if self._path == NATIVE and endings in (["error", "failed"], ["deadline"]):
            return first
        if self._path == OPENAI and endings == ["error"]:
            return first
        # Half of an answer is passed on as upstream has sent it. Instead of nothing, it
        # is another backend's answer.
        half = text and first in ("", "[DONE]")
        if self._path == PROXIED and (half or first in ("error", "cut")):
            if first == "":
                self._chaos.unfinished.append(self._name)
            return "broke off"
        return self._wrong(f"ended with {endings}")


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str]]:
    """The name and the data of each event; the wires of this test have one line."""
    name = "message"
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, line[6:]
        elif not line:
            name = "message"


def _meaning(name: str, data: str) -> tuple[str, str | None]:
    """The text in an event, and how it ends the answer, if it does."""
    if data == "[DONE]":
        return "", "[DONE]"
    try:
        value = json.loads(data)
    except ValueError:
        return "", None  # Upstream's own nonsense, passed on as it is.
    if name == "error" or "error" in value:
        return "", "error"
    if name == "done":
        return "", _finish(value["finish_reason"])
    if "delta_content" in value:
        return value["delta_content"], None
    text, finish = "", None
    for choice in value.get("choices") or ():
        text += (choice.get("delta") or {}).get("content") or ""
        finish = choice.get("finish_reason") or finish
    return text, finish and _finish(finish)


def _finish(reason: str) -> str:
    if reason == "content_filter":
        return "filtered"
    if reason in FINISHED or reason == "galactic":
        return "finished"
    return "failed" if reason == "error" else reason


def truncated(chaos: Chaos, standins: Sequence[StandIn]) -> list[str]:
    """The unfinished streams that the last backend asked had not ended itself."""
    found = []
    for name in chaos.unfinished:
        asked = [request for each in standins for request in each.requests(name)]
        if max(asked, key=itemgetter("opened_at"))["outcome"] != "completed":
            found.append(name)
    return found


def recorded(server: AppProcess, chaos: Chaos) -> dict[str, int]:
    """How many records each stream has."""
    lines = [
        line
        for path in server.journal.glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]
    ids = Counter(json.loads(line)["request_id"] for line in lines)
    return {name: ids[name] for name in chaos.request_ids}


def census(server: AppProcess) -> dict[str, int]:
    """What the server holds, told by itself."""
    told: list[dict[str, int]] = []

    def answered() -> bool:
        # LangChain's import may outlast the limits that chaos is to meet.
        answer = server.chat("census", chain="census", stream=False)
        if answer.status_code == 200:
            told.append(json.loads(answer.json()["content"]))
        return bool(told)

    until(answered, 30)
    return told[0]
