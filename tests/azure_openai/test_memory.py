"""What a proxied call holds on to while its answer streams."""

import asyncio
import gc
import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from gateway import Gateway
from streaming.limits import Capacity, Limits
from telemetry.runs import Run
from tests.azure_openai.exchanges import ANSWER, DONE, FINISH
from tests.azure_openai.proxied import asking, azure
from tests.azure_openai.replay import Replay


async def test_what_was_read_of_a_body_is_not_kept() -> None:
    """It takes thirty times the bytes, and a stream may be open for minutes."""
    mark = "read from the body"
    asked = [json.dumps(asking("x", odd=[mark])).encode()]
    runs: list[Run] = []
    answering, told = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        if asked:
            return {"type": "http.request", "body": asked.pop()}
        return await asyncio.Future()

    async def send(message: Message) -> None:
        if message.get("body"):
            answering.set()

    def kept() -> bool:
        lists = [each for each in gc.get_objects() if type(each) is list]
        return any(len(each) == 1 and each[0] == mark for each in lists)

    async with Replay(pieces=[ANSWER, told, FINISH + DONE]).served() as url:
        gateway = Gateway(
            azure(url),
            start=lambda *_: Response(),
            emit=runs.append,
            capacity=Capacity(1),
            limits=Limits(),
        )
        scope = {"type": "http", "headers": [], "query_string": b"", "path_params": {}}
        response = await gateway.complete(Request(scope, receive), Run())
        assert kept()
        relaying = asyncio.create_task(response(scope, receive, send))
        async with asyncio.timeout(20):
            await answering.wait()
            assert not kept()
            told.set()
            await relaying
        await gateway._proxy.aclose()
    assert [run.status for run in runs] == ["ok"]
