"""A body, read where it holds up nobody."""

import threading
from collections.abc import Mapping

import pytest

from server.request import parsed
from streaming.requests import ChatRequest, Message


@pytest.mark.parametrize(("size", "here"), [(100, True), (100_000, False)])
async def test_a_large_body_is_parsed_in_another_thread(size: int, here: bool) -> None:
    threads = []

    def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
        threads.append(threading.get_ident())
        content = path["said"] + body.decode()
        return ChatRequest(messages=[Message(role="user", content=content)])

    request = await parsed(parse, b"a" * size, {"said": "so "})
    assert request.messages[0].content == "so " + "a" * size
    assert (threads == [threading.get_ident()]) is here
