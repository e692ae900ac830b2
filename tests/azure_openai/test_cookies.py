"""An upstream's cookies are for nobody: callers share one client."""

import pytest

from tests.standin.process import StandIn
from tests.support.backend_pool import CHAIN, PROXY, PooledApp, asking, backend, text_of
from tests.support.proxied_calls import ANSWER, DONE, FINISH
from tests.support.replayed_upstream import STREAM, Replay


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_they_are_neither_kept_nor_sent(standin: StandIn, path: str) -> None:
    headers = [*STREAM.items(), ("set-cookie", "affinity=alice; Path=/")]
    replay = Replay(pieces=[ANSWER, FINISH, DONE], headers=headers)
    async with replay.served() as url:
        # By a name, as a jar keeps none for an address.
        named = url.replace("127.0.0.1", "localhost")
        pooled = PooledApp([backend(standin, "ptu", endpoint=named)])
        async with pooled.served() as client:
            for _ in range(2):
                response = await client.post(path, json=asking(path, "answer"))
                assert text_of(path, response) == "Hi"
    assert [request.values("cookie") for request in replay.requests] == [[], []]
