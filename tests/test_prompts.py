"""What of a request reaches the model."""

import json
from typing import Any

import pytest

from tests.standin.process import StandIn
from tests.support.app_process import Server


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ({"user": "standin:echo"}, ["standin:echo"]),
        ({"message": "standin:echo"}, ["standin:echo"]),
        (
            {
                "messages": [
                    {"role": "user", "content": "one"},
                    {"role": "assistant", "content": "two"},
                    {"role": "user", "content": "standin:echo"},
                ]
            },
            ["one", "two", "standin:echo"],
        ),
    ],
)
def test_what_was_asked_reaches_the_model_after_our_system_prompt(
    app: Server, body: dict[str, Any], asked: list[str]
) -> None:
    answer = app.client.post("/api/chat", json={**body, "stream": False}).json()
    received = json.loads(answer["content"])
    assert received[0] == {"role": "system", "content": "You are a helpful assistant."}
    assert [message["content"] for message in received[1:]] == asked


def test_tool_messages_content_parts_and_names_reach_the_model(app: Server) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
    }
    image = {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}
    messages = [
        {"role": "developer", "content": "be brief"},
        {
            "role": "user",
            "name": "ann",
            "content": [{"type": "text", "text": "?"}, image],
        },
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "user", "content": "standin:echo"},
    ]
    body = {"messages": messages, "stream": False}
    answer = app.client.post("/api/chat", json=body).json()
    received = json.loads(answer["content"])
    assert received[1] == messages[0]
    assert received[2]["content"] == [{"type": "text", "text": "?"}, image]
    assert received[2]["name"] == "ann"
    assert received[3]["tool_calls"][0]["function"]["name"] == "get_weather"
    assert received[4]["content"] == "sunny"
    assert received[4]["tool_call_id"] == "call_1"


def test_sampling_reaches_the_model(app: Server, standin: StandIn) -> None:
    sampling = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 42}
    app.events("standin:answer tag=sampling", **sampling, stop=["END"])
    [request] = standin.requests("sampling")
    sent = request["body"]
    assert sent["temperature"] == 0.5
    assert sent["top_p"] == 0.9
    assert sent["seed"] == 42
    assert sent["stop"] == ["END"]
    assert 7 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))
    assert sent["stream_options"] == {"include_usage": True}
