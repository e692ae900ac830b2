"""Bodies that are nested too deep to be read: 400 on every path, and nothing ends."""

import pytest

from tests.support.app_process import AppProcess

DEPTH = 20_000

DEEP = {
    "lists": "[" * DEPTH + "]" * DEPTH,
    "objects": '{"a":' * DEPTH + "1" + "}" * DEPTH,
    "lists without an end": "[" * DEPTH,
    "objects without an end": '{"a":' * DEPTH,
}

MESSAGE = '{"role":"user","content":"standin:answer tokens=1"}'
PART = '{"role":"user","content":[{"type":"text","text":"a","x":DEEP}]}'
FUNCTION = '{"type":"function","function":{"name":"f","parameters":DEEP}}'

BODIES = {
    "whole": "DEEP",
    "unknown": f'{{"model":MODEL,"messages":[{MESSAGE}],"x":DEEP}}',
    "messages": '{"model":MODEL,"messages":DEEP}',
    "content": '{"model":MODEL,"messages":[{"role":"user","content":DEEP}]}',
    "part": f'{{"model":MODEL,"messages":[{PART}]}}',
    "inputs": f'{{"model":MODEL,"messages":[{MESSAGE}],"inputs":{{"a":DEEP}}}}',
    "stream": f'{{"model":MODEL,"messages":[{MESSAGE}],"stream":DEEP}}',
    "tool": f'{{"model":MODEL,"messages":[{MESSAGE}],"tools":[{FUNCTION}]}}',
    "parts": '{"id":"1","messages":[{"id":"1","role":"user","parts":DEEP}]}',
    "model": f'{{"model":DEEP,"messages":[{MESSAGE}]}}',
}

CHAIN = "openai/deployments/chat/chat/completions"
PROXIED = "openai/deployments/gpt-4o/chat/completions"
PATHS = [
    ("api/chat", "chat"),
    ("api/chat-stream", "chat"),
    ("api/stream", "chat"),
    *(
        (f"api/chat/{name}", "chat")
        for name in ("plain", "openai", "responses", "ui-message", "ag-ui")
    ),
    *((f"{under}{CHAIN}", "chat") for under in ("", "api/")),
    *((f"{under}{PROXIED}", "gpt-4o") for under in ("", "api/")),
    ("openai/v1/chat/completions", "chat"),
    ("openai/v1/chat/completions", "gpt-4o"),
    ("openai/v1/embeddings", "gpt-4o"),
    ("api/aoaifn", "gpt-4o"),
]


@pytest.mark.parametrize("deep", DEEP)
@pytest.mark.parametrize(("path", "model"), PATHS)
def test_a_body_that_is_too_deep_is_400(
    app: AppProcess, path: str, model: str, deep: str
) -> None:
    """What is proxied is read by the upstream, which has the same to say."""
    for name, body in BODIES.items():
        made = body.replace("MODEL", f'"{model}"').replace("DEEP", DEEP[deep])
        response = app.client.post(f"/{path}", content=made.encode())
        assert response.status_code == 400, (name, response.text[:300])
        assert len(response.content) < 2000
    assert app.client.get("/api/health").status_code == 200
