"""A small part of what `make soak` does for minutes: fifty streams, all at once."""

import asyncio
import json
from collections import Counter
from typing import Any

from tests.chaos import SETTINGS, Chaos, backends
from tests.server import Server, until
from tests.standin.process import StandIn

STREAMS = 50


def test_every_stream_ends_in_one_way_and_is_recorded_once() -> None:
    with StandIn() as first, StandIn() as second, StandIn() as third:
        standins = [first, second, third]
        settings = {"AZURE_OPENAI_BACKENDS": backends(standins), **SETTINGS}
        with Server(settings) as server:
            before = census(server)
            chaos = Chaos(server.url, seed=1, concurrency=25)
            asyncio.run(chaos.run(STREAMS))
            assert chaos.wrong == []
            assert chaos.endings.total() == STREAMS
            assert chaos.endings["finished"] > 0
            assert chaos.endings["left"] > 0
            until(
                lambda: recorded(server, chaos) == dict.fromkeys(chaos.request_ids, 1)
            )
            until(lambda: census(server)["tasks"] <= before["tasks"], 20)
            assert open_streams(server) == 0


def recorded(server: Server, chaos: Chaos) -> dict[str, int]:
    """How many records each stream has."""
    lines = [
        line
        for path in server.journal.glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]
    ids = Counter(json.loads(line)["request_id"] for line in lines)
    return {name: ids[name] for name in chaos.request_ids}


def census(server: Server) -> dict[str, int]:
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


def open_streams(server: Server) -> int:
    checks: dict[str, Any] = server.client.get("/api/health").json()["checks"]
    return int(checks["open_streams"])
