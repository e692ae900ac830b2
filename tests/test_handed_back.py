"""Tool calls of an earlier answer, as a caller hands them back: any arguments."""

from typing import Any

import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

QUESTION = {"role": "user", "content": "?"}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "noon"}
ARGUMENTS = {
    "cut": '{"city": "Par',
    "no object": "[1]",
    "a text": "noon",
    "a bad escape": '{"code": "\\d"}',
    "a number of many digits": '{"n": ' + "9" * 5000 + "}",
    "deep": '{"a": ' * 150 + "1" + "}" * 150,
    "too deep for any parser": '{"a": ' * 100_000,
}
PATHS = ["/api/chat", "/api/chat/openai", "/api/stream"]


def turn(user: str, *, stream: bool, **function: Any) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": "now", **function}}
    answer = {"role": "assistant", "content": None, "tool_calls": [call]}
    asked = {"role": "user", "content": user}
    return {"messages": [QUESTION, answer, RESULT, asked], "stream": stream}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ARGUMENTS)
def test_a_call_whose_arguments_are_no_object_goes_back_as_it_came(
    app: AppProcess, standin: StandIn, kind: str, path: str, stream: bool
) -> None:
    tag = f"back-{list(ARGUMENTS).index(kind)}-{PATHS.index(path)}-{stream}"
    user = f"standin:answer tokens=1 tag={tag}"
    body = turn(user, stream=stream, arguments=ARGUMENTS[kind])
    response = app.client.post(path, json=body)
    assert response.status_code == 200, response.text
    sent: Any = standin.wait(tag)["body"]["messages"]
    assert sent.pop(0)["role"] == "system"
    [call] = sent[1]["tool_calls"]
    assert (call["id"], call["function"]["name"]) == ("call_1", "now")
    assert call["function"]["arguments"] == ARGUMENTS[kind]
    assert sent[2]["tool_call_id"] == "call_1"


@pytest.mark.parametrize("function", [{}, {"arguments": ""}, {"arguments": " "}])
def test_a_call_without_arguments_goes_back_with_an_empty_object(
    app: AppProcess, standin: StandIn, function: dict[str, Any]
) -> None:
    tag = f"back-empty-{len(str(function))}"
    user = f"standin:answer tokens=1 tag={tag}"
    body = turn(user, stream=False, **function)
    assert app.client.post("/api/chat", json=body).status_code == 200
    sent: Any = standin.wait(tag)["body"]["messages"]
    assert sent.pop(0)["role"] == "system"
    assert sent[1]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_our_own_cut_call_can_be_handed_back(app: AppProcess, standin: StandIn) -> None:
    asked = {"messages": [QUESTION], "model": "tools"}
    answer = app.client.post("/openai/v1/chat/completions", json=asked).json()
    message = answer["choices"][0]["message"]
    [call] = message["tool_calls"]
    assert call["function"]["arguments"] == '{"city": "Par'
    result = {"role": "tool", "tool_call_id": call["id"], "content": "cut"}
    user = {"role": "user", "content": "standin:answer tag=back-ours"}
    body = {"messages": [QUESTION, message, result, user], "model": "chat"}
    again = app.client.post("/openai/v1/chat/completions", json=body)
    assert again.status_code == 200
    sent: Any = standin.wait("back-ours")["body"]["messages"]
    assert sent.pop(0)["role"] == "system"
    assert sent[1]["tool_calls"] == [call]
