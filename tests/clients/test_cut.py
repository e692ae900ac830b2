"""A connection that breaks off at 30 places: an error, or the client reads on."""

from typing import Any

import httpx
import pytest

from tests.clients.node_scripts import run
from tests.support.app_process import AppProcess

CUTS = 30
QUESTION = "standin:answer tokens=12 delay_ms=5"
TEXT = " ".join(f"tok{number}" for number in range(12))

RAISING = [
    *("openai-js", "openai-js-chain", "ai-azure", "ai-azure-chain"),
    *("ai-openai-chain", "ai-compatible", "ai", "ag-ui"),
]
READING_ON = ["langgraph-js", "client.js"]


@pytest.fixture(scope="module")
def found(app: AppProcess) -> Any:
    """What each client makes of a whole answer, and of answers that are cut."""
    port = httpx.URL(app.url).port
    told = run("cut.mjs", port=port, question=QUESTION, cuts=CUTS)
    assert [*told] == [*RAISING, *READING_ON]
    return told


@pytest.mark.tries("stream", "error")
@pytest.mark.parametrize("client", RAISING)
def test_an_answer_that_is_cut_is_an_error(found: Any, client: str) -> None:
    whole, cut = found[client]["whole"], found[client]["cut"]
    assert whole["text"] == TEXT
    assert [each["connections"] for each in cut] == [1] * CUTS
    assert [each.get("text") for each in cut] == [None] * CUTS
    assert all(each["error"] for each in cut)


ENDED = {"client.js": TEXT, "ai-compatible": "raised"}
"""What is made of an answer that a proxy ends, if not a text without an ending."""


@pytest.mark.parametrize("client", [*RAISING, *READING_ON])
def test_an_answer_that_a_proxy_ends_is_not_like_a_whole_one(
    found: Any, client: str
) -> None:
    told = found[client]["ended"].get("text", "raised")
    assert told == ENDED.get(client, "unfinished: tok0 tok1 tok2 tok3 tok4 tok5")


@pytest.mark.tries("stream", "resume")
@pytest.mark.parametrize("client", READING_ON)
def test_an_answer_that_is_cut_is_read_on(found: Any, client: str) -> None:
    whole, cut = found[client]["whole"], found[client]["cut"]
    assert whole["text"] == TEXT
    told = [each.get("text", "raised") for each in cut]
    # Until the head has come, nobody knows which run to read on.
    assert {*told} == {"raised", TEXT}
    assert told == sorted(told, key=lambda text: text != "raised")
    # On a busy machine an answer may end before the place at which it was to be cut.
    again = [each for each in cut if "text" in each and each["connections"] > 1]
    assert len(again) > CUTS // 2
