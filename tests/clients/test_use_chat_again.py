"""`useChat` on a thread: an answer that is made anew takes the place of the old one."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.clients.node_scripts import run
from tests.support.app_process import AppProcess

SDKS = ["ai-v5", "ai-v6", "ai"]
CHAINS = ",".join(
    f"{name}=tests.support.thread_chains:{name}" for name in ("echo", "graph")
)
AGAIN: Any = {"again": True}


@pytest.fixture(scope="module")
def server() -> Iterator[AppProcess]:
    with AppProcess({"CHAINS": CHAINS, "CHAT_CHAIN": "echo"}) as server:
        yield server


def ask(text: str, **more: Any) -> Any:
    return {"ask": text, **more}


def converse(
    server: AppProcess, *steps: Any, sdk: str = "ai", newest: bool = False, **body: Any
) -> tuple[list[str], list[str]]:
    """What the page shows at the end, and what the thread has."""
    thread = str(uuid4())
    told = run(
        "chat_again.mjs",
        sdk=sdk,
        url=server.url + "/api/chat/ui-message",
        body={"thread_id": thread, **body},
        steps=steps,
        newest=newest,
    )
    assert set(told["errors"]) == {None}
    shown = [
        "".join(part.get("text", "") for part in message["parts"])
        for message in told["messages"]
    ]
    kept = server.client.get(f"/api/threads/{thread}").json()["messages"]
    return shown, [message["content"] for message in kept]


CONVERSATIONS: dict[str, tuple[list[Any], list[str]]] = {
    "the only answer": ([ask("a"), AGAIN], ["a"]),
    "the last answer": ([ask("a"), ask("b"), AGAIN], ["a", "b"]),
    "the last answer twice": ([ask("a"), ask("b"), AGAIN, AGAIN], ["a", "b"]),
    "an earlier answer": ([ask("a"), ask("b"), {"again": 1}], ["a"]),
    "by the question's id": ([ask("a"), ask("b"), {"again": 2}], ["a", "b"]),
    "and goes on": ([ask("a"), AGAIN, ask("b")], ["a", "b"]),
    "the same question twice": ([ask("a"), ask("a"), AGAIN], ["a", "a"]),
    "the first of two that are the same": (
        [ask("x"), ask("a"), ask("a"), {"again": 3}],
        ["x", "a"],
    ),
    "an edited question": ([ask("a"), ask("b"), ask("c", edit=2)], ["a", "c"]),
    "an edited question that is not the last": (
        [ask("a"), ask("b"), ask("c", edit=0)],
        ["c"],
    ),
}


def _whole(questions: list[str]) -> list[str]:
    """The conversation whose answers tell what the chain got."""
    messages: list[str] = []
    for question in questions:
        messages.append(question)
        quoted = [each.replace("\\", "\\\\").replace('"', '\\"') for each in messages]
        messages.append("[" + ", ".join(f'"{each}"' for each in quoted) + "]")
    return messages


@pytest.mark.parametrize("chain", ["echo", "graph"])
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_thread_has_what_the_page_shows(
    server: AppProcess, name: str, chain: str
) -> None:
    steps, questions = CONVERSATIONS[name]
    shown, kept = converse(server, *steps, chain=chain)
    assert shown == kept == _whole(questions)


@pytest.mark.tries("stream")
@pytest.mark.parametrize("sdk", SDKS)
def test_each_release_asks_for_it(server: AppProcess, sdk: str) -> None:
    steps = [ask("a"), ask("b"), AGAIN, ask("c", edit=2)]
    shown, kept = converse(server, *steps, sdk=sdk)
    assert shown == kept == _whole(["a", "c"])


@pytest.mark.parametrize("chain", ["echo", "graph"])
def test_a_page_may_post_its_newest_message_alone(
    server: AppProcess, chain: str
) -> None:
    steps = [ask("a"), ask("b"), AGAIN, ask("c"), AGAIN]
    shown, kept = converse(server, *steps, newest=True, chain=chain)
    assert shown == kept == _whole(["a", "b", "c"])
