"""A token that is renewed beside the requests; on a clock of the test's own."""

import asyncio
import threading
from dataclasses import dataclass, field
from time import time

import pytest

from azure_openai import identity
from azure_openai.identity import (
    EARLY_SECONDS,
    RETRY_SECONDS,
    SPARE_SECONDS,
    Identity,
    OwnIdentity,
)
from tests.support.app_process import until

LIFE = 3600


@dataclass
class Issued:
    """As azure-identity has it."""

    token: str
    expires_on: int
    refresh_on: int | None = None


@dataclass
class Issuer:
    """Issues a token once it is let, or fails; its clock stands still."""

    now: float = 1_000_000.0
    refresh_after: int | None = None
    asked: int = 0
    broken: bool = False
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()
        self.identity = Identity(self.fetch, clock=lambda: self.now)

    async def fetch(self) -> Issued:
        self.asked += 1
        number = self.asked
        await self.open.wait()
        if self.broken:
            raise OSError("secret-detail")
        now = int(self.now)
        refresh = None if self.refresh_after is None else now + self.refresh_after
        return Issued(f"token-{number}", now + LIFE, refresh)

    async def settle(self) -> None:
        """Let what runs in the background come to its end."""
        for _ in range(10):
            await asyncio.sleep(0)


async def test_many_who_have_none_wait_for_the_same_one() -> None:
    issuer = Issuer()
    issuer.open.clear()
    waiting = [asyncio.ensure_future(issuer.identity()) for _ in range(100)]
    await issuer.settle()
    waiting[0].cancel()  # One leaves, and the others go on waiting.
    issuer.open.set()
    tokens = await asyncio.gather(*waiting[1:])
    assert set(tokens) == {"token-1"}
    assert issuer.asked == 1


@pytest.mark.parametrize("refresh_after", [None, LIFE - EARLY_SECONDS, 600])
async def test_near_its_end_it_is_renewed_once_and_nobody_waits(
    refresh_after: int | None,
) -> None:
    issuer = Issuer(refresh_after=refresh_after)
    assert await issuer.identity() == "token-1"
    issuer.now += (refresh_after or LIFE - EARLY_SECONDS) - 1
    assert await issuer.identity() == "token-1"
    await issuer.settle()
    assert issuer.asked == 1
    issuer.now += 2
    issuer.open.clear()
    for _ in range(10):
        assert await issuer.identity() == "token-1"
        await issuer.settle()
    issuer.open.set()
    await issuer.settle()
    assert await issuer.identity() == "token-2"
    assert issuer.asked == 2


async def test_one_that_has_ended_is_waited_for_once() -> None:
    issuer = Issuer()
    await issuer.identity()
    issuer.now += LIFE - SPARE_SECONDS
    tokens = await asyncio.gather(*(issuer.identity() for _ in range(100)))
    assert set(tokens) == {"token-2"}
    assert issuer.asked == 2


async def test_a_renewal_that_fails_is_tried_again_while_the_old_one_is_good(
    caplog: pytest.LogCaptureFixture,
) -> None:
    issuer = Issuer()
    await issuer.identity()
    issuer.now += LIFE - EARLY_SECONDS
    issuer.broken = True
    for _ in range(10):
        assert await issuer.identity() == "token-1"
        await issuer.settle()
    assert issuer.asked == 2
    assert [each.message for each in caplog.records] == [
        "no new token for the upstream: OSError"
    ]
    issuer.now += RETRY_SECONDS
    issuer.broken = False
    await issuer.identity()
    await issuer.settle()
    assert await issuer.identity() == "token-3"


async def test_who_has_to_wait_is_told_of_the_failure() -> None:
    issuer = Issuer(broken=True)
    for asked in (1, 2):
        with pytest.raises(OSError, match="secret-detail"):
            await issuer.identity()
        assert issuer.asked == asked


async def test_it_is_renewed_though_nobody_asks() -> None:
    issuer = Issuer(refresh_after=-10)  # Due at once, but for the time between tries.
    await issuer.identity()
    assert issuer.identity._timer is not None
    left = issuer.identity._timer.when() - asyncio.get_running_loop().time()
    assert RETRY_SECONDS - 5 < left <= RETRY_SECONDS


async def test_a_fetch_that_hangs_is_given_up_and_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity, "FETCH_SECONDS", 0.01)
    issuer = Issuer()
    issuer.open.clear()
    with pytest.raises(TimeoutError):
        await issuer.identity()
    issuer.open.set()
    assert await issuer.identity() == "token-2"


class Endpoint:
    """Issues tokens from a thread of whoever asks, once it is let, or fails."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken, self.asked = broken, 0
        self.begun, self.open = threading.Event(), threading.Event()

    async def fetch(self) -> Issued:
        self.asked += 1
        self.begun.set()
        await asyncio.to_thread(self.open.wait, 20)
        if self.broken:
            raise OSError("secret-detail")
        return Issued(f"token-{self.asked}", int(time()) + LIFE)


async def test_one_that_was_fetched_before_is_waited_for_by_nobody() -> None:
    endpoint = Endpoint()
    endpoint.open.set()
    own = OwnIdentity(endpoint.fetch)
    own.start()
    await asyncio.to_thread(until, lambda: own._identity.kept is not None, 20)
    asking = own()
    with pytest.raises(StopIteration, match="token-1"):
        asking.send(None)  # It is there without a step of the loop.
    assert endpoint.asked == 1


async def test_who_comes_while_it_is_fetched_waits_for_the_same_one() -> None:
    endpoint = Endpoint()
    own = OwnIdentity(endpoint.fetch)
    own.start()
    assert await asyncio.to_thread(endpoint.begun.wait, 20)
    waiting = [asyncio.ensure_future(own()) for _ in range(10)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # One leaves, and the others go on waiting.
    endpoint.open.set()
    async with asyncio.timeout(20):
        assert set(await asyncio.gather(*waiting[1:])) == {"token-1"}
    assert endpoint.asked == 1


async def test_a_start_without_a_token_is_told_to_the_next_who_asks() -> None:
    endpoint = Endpoint(broken=True)
    endpoint.open.set()
    own = OwnIdentity(endpoint.fetch)
    own.start()
    assert await asyncio.to_thread(endpoint.begun.wait, 20)
    async with asyncio.timeout(20):
        with pytest.raises(OSError, match="secret-detail"):
            await own()
        endpoint.broken = False
        assert await own() == f"token-{endpoint.asked}"
