"""What of a request reaches the model."""

import json
from typing import Any

import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess


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
    app: AppProcess, body: dict[str, Any], asked: list[str]
) -> None:
    answer = app.client.post("/api/chat", json={**body, "stream": False}).json()
    received = json.loads(answer["content"])
    assert received[0] == {"role": "system", "content": "You are a helpful assistant."}
    assert [message["content"] for message in received[1:]] == asked


def test_tool_messages_content_parts_and_names_reach_the_model(app: AppProcess) -> None:
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


def test_sampling_reaches_the_model(app: AppProcess, standin: StandIn) -> None:
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


FILES = [
    ("data:text/plain;base64,YWJj", "notes.csv", None, None),
    (
        "data:Application/vnd.ms-excel;base64,YWJj",
        "x.xls",
        "application/vnd.ms-excel",
        None,
    ),
    ("data:text/csv;charset=utf-8;base64,YWJj", "a.csv", "text/csv", None),
    ("data:application/pdf;base64,YWJj", None, None, "file.pdf"),
    ("data:image/svg+xml;base64,", "a.svg", None, None),
]


@pytest.mark.parametrize(("data", "name", "kind", "named"), FILES)
def test_a_file_reaches_the_model_as_what_it_is(
    app: AppProcess, data: str, name: str | None, kind: str | None, named: str | None
) -> None:
    file = {"file_data": data} | ({"filename": name} if name else {})
    parts = [{"type": "text", "text": "standin:echo"}, {"type": "file", "file": file}]
    body = {"messages": [{"role": "user", "content": parts}], "stream": False}
    answer = app.client.post("/api/chat", json=body)
    [_, message] = json.loads(answer.json()["content"])
    kind = kind or data[5:].partition(";")[0]
    expected = f"data:{kind};base64,{data.partition(',')[2]}"
    assert message["content"][1] == {
        "type": "file",
        "file": {"file_data": expected, "filename": name or named},
    }


@pytest.mark.parametrize(
    "data",
    ["data:text/plain,abc", "data:;base64,YWJj", "data:text/plain;base64,\u00e9"],
)
def test_a_file_that_is_no_data_is_refused_by_its_place(
    app: AppProcess, data: str
) -> None:
    parts = [
        {"type": "text", "text": "standin:echo"},
        {"type": "file", "file": {"file_data": data}},
    ]
    body = {"messages": [{"role": "user", "content": parts}]}
    refused = app.client.post("/api/chat", json=body)
    assert refused.status_code == 400
    message = refused.json()["error"]["message"]
    assert message.startswith("messages.0.content.1.file.file_data: expected")


def test_a_file_of_the_providers_own_or_in_no_data_url_is_passed_on(
    app: AppProcess,
) -> None:
    for file in ({"file_id": "file-1"}, {"file_data": "YWJj", "filename": "a.pdf"}):
        parts = [
            {"type": "text", "text": "standin:echo"},
            {"type": "file", "file": file},
        ]
        body = {"messages": [{"role": "user", "content": parts}], "stream": False}
        answer = app.client.post("/api/chat", json=body).json()
        assert json.loads(answer["content"])[1]["content"][1]["file"] == file
