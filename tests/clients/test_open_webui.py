"""What Open WebUI posts: its conversations, its own tasks, its tools, its models."""

import json
from typing import Any

import httpx
import pytest

from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("open-webui")

PATH = "/openai/v1/chat/completions"
# Open WebUI identifies its user to the servers that it calls, if it is set so.
HEADERS = {
    "authorization": "Bearer any",
    "x-openwebui-user-id": "0b0c9e0e-6b7e-4f4e-9a52-6b7a3e6f8d11",
    "x-openwebui-user-name": "Jos%C3%A9",
    "x-openwebui-user-role": "user",
    "x-openwebui-chat-id": "1d0c6f5c-21c1-4b8e-8a3c-66c1f0e4f8a7",
}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk"
    "+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
SYSTEM = {"role": "system", "content": "You are a guide. The user is José."}
QUESTION = {"role": "user", "content": "How is 'Rome'?"}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "The weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "Which one."}},
            "required": ["city"],
        },
    },
}
TASK = """### Task:
Generate a concise, 3-5 word title with an emoji summarizing the chat history.
### Output:
JSON format: { "title": "your concise title here" }
### Chat History:
<chat_history>
USER: How is Rome?
ASSISTANT: Sunny.
</chat_history>"""
CHAT = {"stream": True, "stream_options": {"include_usage": True}}

CONVERSATIONS: dict[str, dict[str, Any]] = {
    "as it is by default": {"stream": True, "messages": [QUESTION]},
    "with usage": {**CHAT, "messages": [SYSTEM, QUESTION]},
    "with every parameter that its settings have": {
        **CHAT,
        "messages": [SYSTEM, QUESTION],
        "temperature": 0.8,
        "top_p": 0.9,
        "max_tokens": 128,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "seed": 7,
        "stop": ["###"],
        "logit_bias": {},
        "reasoning_effort": "low",
    },
    "after an answer": {
        **CHAT,
        "messages": [
            QUESTION,
            {"role": "assistant", "content": "Sunny."},
            {"role": "user", "content": "And tomorrow?"},
        ],
    },
    "after an answer that was stopped at once": {
        **CHAT,
        "messages": [
            QUESTION,
            {"role": "assistant", "content": ""},
            {"role": "user", "content": "Well?"},
        ],
    },
    "with a picture": {
        **CHAT,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": PIXEL}},
                ],
            }
        ],
    },
    "a title": {
        "stream": False,
        "messages": [{"role": "user", "content": TASK}],
        "max_completion_tokens": 1000,
    },
    "tags": {"stream": False, "messages": [{"role": "user", "content": TASK}]},
}


def post(server: AppProcess, body: dict[str, Any]) -> httpx.Response:
    response = server.client.post(PATH, json=body, headers=HEADERS)
    assert response.status_code == 200, response.text
    return response


def read(response: httpx.Response) -> tuple[str, str, int | None]:
    """The text, the finish reason and, if there is a count, the tokens."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        whole = response.json()
        [choice] = whole["choices"]
        tokens = whole["usage"]["completion_tokens"]
        return choice["message"]["content"], choice["finish_reason"], tokens
    chunks = frames(response)
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    [finish] = [c["finish_reason"] for c in choices if c["finish_reason"]]
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    return text, finish, usages[0]["completion_tokens"] if usages else None


def frames(response: httpx.Response) -> list[Any]:
    """The chunks of a stream, read line by line as Open WebUI does."""
    lines = [line for line in response.text.splitlines() if line]
    # It passes over all lines that are no data: here the numbers of events.
    assert all(line.startswith(("data: ", "id: ")) for line in lines)
    lines = [line for line in lines if line.startswith("data: ")]
    assert lines.pop() == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.tries("stream")
@pytest.mark.parametrize("model", ["chat", "docs", "gpt-4o"])
@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_it_is_answered(obliging: AppProcess, kind: str, model: str) -> None:
    asked = CONVERSATIONS[kind]
    text, finish, tokens = read(post(obliging, {"model": model, **asked}))
    assert (bool(text), finish) == (True, "stop")
    counted = "stream_options" in asked or not asked["stream"]
    assert (tokens is not None) == counted


@pytest.mark.tries("tools")
@pytest.mark.parametrize("model", ["chat", "gpt-4o"])
def test_its_tools_are_called_and_their_results_answered(
    obliging: AppProcess, model: str
) -> None:
    asked = {"model": model, **CHAT, "tools": [TOOL], "messages": [SYSTEM, QUESTION]}
    chunks = frames(post(obliging, asked))
    calls = [
        call
        for chunk in chunks
        for choice in chunk["choices"]
        for call in choice["delta"].get("tool_calls") or []
    ]
    pieces = [call["function"].get("arguments") or "" for call in calls]
    # It keeps `index` in what it sends back.
    [call] = [call for call in calls if call.get("id")]
    call["function"]["arguments"] = "".join(pieces)
    assert json.loads(call["function"]["arguments"]) == {"city": "Rome"}
    called = {"role": "assistant", "content": "", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": call["id"], "content": "Sunny."}
    messages = [SYSTEM, QUESTION, called, result]
    text, finish, _ = read(post(obliging, {**asked, "messages": messages}))
    assert (text[:11], finish) == ("The capital", "stop")


@pytest.mark.parametrize("stream", [True, False])
def test_a_chain_without_tools_answers_beside_them(
    obliging: AppProcess, stream: bool
) -> None:
    asked = {"model": "docs", "stream": stream, "tools": [TOOL], "messages": [QUESTION]}
    text, finish, _ = read(post(obliging, asked))
    assert (bool(text), finish) == (True, "stop")


def test_it_lists_the_chains_as_models(obliging: AppProcess) -> None:
    listed = obliging.client.get("/openai/v1/models", headers=HEADERS).json()
    assert {"gpt-4o", "chat", "docs"} <= {model["id"] for model in listed["data"]}
