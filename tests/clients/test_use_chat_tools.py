"""`useChat` that asks again by itself, in each version of the AI SDK."""

from typing import Any

import pytest

from tests.clients.node_scripts import run
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

PATH = "/api/chat/ui-message"
SDKS = ["ai-v5", "ai-v6", "ai"]
WEATHER = {"type": "function", "function": {"name": "get_weather"}}


def converse(
    server: AppProcess, sdk: str, question: str, answers: dict[str, Any], **body: Any
) -> Any:
    return run(
        "chat_tools.mjs",
        sdk=sdk,
        url=server.url + PATH,
        body=body,
        question=question,
        answers=answers,
    )


@pytest.mark.tries("tools")
@pytest.mark.parametrize("chain", ["agent", "ending", "tools", "strings"])
@pytest.mark.parametrize("sdk", SDKS)
def test_it_stops_by_itself_if_the_server_runs_the_tools(
    app: AppProcess, sdk: str, chain: str
) -> None:
    told = converse(app, sdk, "hello", {}, chain=chain)
    assert (told["posts"], told["error"]) == (1, None)
    assert [message["role"] for message in told["messages"]] == ["user", "assistant"]


@pytest.mark.tries("tools")
@pytest.mark.parametrize("sdk", SDKS)
def test_a_tool_of_the_page_is_answered_and_the_answer_goes_on(
    app: AppProcess, standin: StandIn, sdk: str
) -> None:
    question = f"standin:tools tag=page-tool-{sdk}"
    answers = {"get_weather": {"degrees": 21}}
    told = converse(app, sdk, question, answers, chain="chat", tools=[WEATHER])
    assert (told["posts"], told["error"]) == (2, None)
    [_, message] = told["messages"]
    assert message["parts"][-1]["type"] == "text"
    asked: Any = standin.requests(f"page-tool-{sdk}")[-1]["body"]
    assert asked["tools"] == [WEATHER]
    assert asked["messages"][-1]["content"] == '{"degrees":21}'
