"""No header of a backend makes its answer, or its refusal, a fault of this server's."""

import asyncio
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_openai.failure import MAX_WAIT_SECONDS, retry_after
from tests.standin.answers import SENTENCE
from tests.standin.process import StandIn
from tests.standin.replies import FAR, ODD_HEADERS, OVERFLOWING
from tests.support.backend_pool import (
    CHAIN,
    PROXY,
    WHOLE,
    PooledApp,
    asked,
    asking,
    backend,
    text_of,
    two,
)
from tests.support.proxied_calls import WHOLE as STREAM
from tests.support.replayed_upstream import STREAM as STREAM_HEADERS
from tests.support.replayed_upstream import Replay

PAST = "Wed, 21 Oct 2015 07:28:00"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": FAR}, None),
        ({"retry-after": FAR.replace("GMT", "-2359")}, None),
        ({"retry-after": OVERFLOWING}, None),
        ({"retry-after": OVERFLOWING.replace("GMT", "+99999999999")}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": ","}, None),
        ({"retry-after": "\udce9"}, None),
        ({"retry-after": f"{PAST} -0000"}, 0),
        ({"retry-after": PAST}, 0),
        ({"retry-after": f"{PAST} GMT, {FAR}"}, 0),
        ({"retry-after": "7, 9"}, 7),
        ({"retry-after-ms": "1500, 9"}, 1.5),
        ({"retry-after-ms": FAR, "retry-after": "7"}, 7),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7),
        ({"retry-after-ms": "1e400", "retry-after": "7"}, 7),
        ({"retry-after-ms": str(2**31)}, None),
    ],
)
def test_a_wait_is_one_that_somebody_would_wait(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


def test_a_date_without_a_zone_is_in_utc() -> None:
    soon = datetime.now(UTC) + timedelta(minutes=30)
    for date in (soon, soon.replace(tzinfo=None)):
        wait = retry_after({"retry-after": format_datetime(date)})
        assert wait is not None
        assert 0 < wait <= 1800


words = st.sampled_from(
    [*f"{FAR} {OVERFLOWING} -0000 +99999 é \udce9 1e9 nan".split(), ",", ":", "-", "99"]
)


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms"]),
        st.text() | st.lists(words, max_size=9).map(" ".join),
    )
)
def test_whatever_it_says_a_wait_is_bounded(headers: dict[str, str]) -> None:
    wait = retry_after(headers)
    assert wait is None or 0 <= wait < MAX_WAIT_SECONDS


@pytest.mark.parametrize("path", [CHAIN, WHOLE, PROXY])
@pytest.mark.parametrize("which", range(len(ODD_HEADERS)))
async def test_of_one_backend_they_keep_no_other_from_answering(
    standin: StandIn, which: int, path: str
) -> None:
    tag = f"odd-{which}-{path.replace('/', '')}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        scenario = f"odd_headers which={which} only=ptu tag={tag}"
        response = await client.post(path, json=asking(path, scenario))
    assert text_of(path, response) == SENTENCE
    assert await asyncio.to_thread(asked, standin, tag) == ["ptu", "payg"]


@pytest.mark.parametrize("path", [CHAIN, WHOLE])
async def test_of_the_only_one_a_429_stays_a_429(standin: StandIn, path: str) -> None:
    pooled = PooledApp([backend(standin, "ptu")])
    async with pooled.served() as client:
        for which in range(len(ODD_HEADERS)):
            body = asking(path, f"odd_headers which={which}")
            response = await client.post(path, json=body)
            assert response.status_code == 429
            assert response.json()["error"]["code"] == "rate_limited"
            assert int(response.headers.get("retry-after-ms", 0)) < 2**31


Headers = Sequence[tuple[str, str]]
REFUSAL = b'{"error":{"code":"429","message":"secret"}}'
TWICE: Headers = [("retry-after", "7"), ("retry-after", "9")]


@pytest.mark.parametrize("path", [CHAIN, WHOLE, PROXY])
@pytest.mark.parametrize(
    ("headers", "pieces", "whole"),
    [
        (TWICE, [REFUSAL], True),
        ([*TWICE, ("content-encoding", "deflate")], [REFUSAL], True),
        (TWICE, [REFUSAL[:9]], False),
    ],
    ids=["twice", "not-deflated", "cut"],
)
async def test_a_refusal_is_one_whatever_becomes_of_its_body(
    standin: StandIn,
    path: str,
    headers: Headers,
    pieces: list[bytes],
    whole: bool,
) -> None:
    replay = Replay(status=429, headers=headers, pieces=pieces, whole=whole)
    async with replay.served() as url:
        pooled = PooledApp([backend(standin, "ptu", endpoint=url)])
        async with (
            pooled.served() as client,
            client.stream("POST", path, json=asking(path, "answer")) as response,
        ):
            assert response.status_code == 429
            assert response.headers["retry-after"].partition(",")[0] == "7"
        assert (await pooled.run()).status == "error"


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
async def test_what_is_not_compressed_as_it_says_is_a_lost_connection(
    standin: StandIn, headers: dict[str, str]
) -> None:
    odd = [*STREAM_HEADERS.items(), *headers.items()]
    for compressed in (STREAM, gzip.compress(STREAM)):
        async with Replay(pieces=[compressed], headers=odd).served() as url:
            first = backend(standin, "ptu", endpoint=url)
            pooled = PooledApp([first, backend(standin, "payg", priority=2)])
            async with pooled.served() as client:
                response = await client.post(CHAIN, json=asking(CHAIN, "answer"))
        right = (compressed != STREAM) == bool(headers)
        assert text_of(CHAIN, response) == ("Hi" if right else SENTENCE)


@pytest.mark.parametrize("path", [CHAIN, PROXY])
@pytest.mark.parametrize("region", ["Göteborg", "a\tb", "a\u0080b", ""])
async def test_a_region_that_no_header_can_have_is_left_out(
    standin: StandIn, path: str, region: str
) -> None:
    headers = [*STREAM_HEADERS.items(), ("x-ms-region", region)]
    async with Replay(pieces=[STREAM], headers=headers).served() as url:
        pooled = PooledApp([backend(standin, "ptu", endpoint=url, region="ours")])
        async with pooled.served() as client:
            response = await client.post(path, json=asking(path, "answer"))
    assert text_of(path, response) == "Hi"
    assert response.headers["x-ms-region"] == "ours"
