"""A small part of what `make soak` does for minutes: fifty streams, all at once."""

import asyncio

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, open_streams, until
from tests.support.chaotic_streams import (
    SETTINGS,
    Chaos,
    backends,
    census,
    recorded,
    truncated,
)

STREAMS = 50


def test_every_stream_ends_in_one_way_and_is_recorded_once() -> None:
    with StandIn() as first, StandIn() as second, StandIn() as third:
        standins = [first, second, third]
        settings = {"AZURE_OPENAI_BACKENDS": backends(standins), **SETTINGS}
        with AppProcess(settings) as server:
            before = census(server)
            chaos = Chaos(server.url, seed=1, concurrency=25)
            asyncio.run(chaos.run(STREAMS))
            assert chaos.wrong == []
            assert truncated(chaos, standins) == []
            assert chaos.endings.total() == STREAMS
            assert chaos.endings["finished"] > 0
            assert chaos.endings["left"] > 0
            until(
                lambda: recorded(server, chaos) == dict.fromkeys(chaos.request_ids, 1)
            )
            until(lambda: census(server)["tasks"] <= before["tasks"], 20)
            until(lambda: open_streams(server) == 0)  # The census counts as one.
