"""A request of each kind, for what is to hold of every answer."""

from typing import Any


def battery() -> list[tuple[str, str, dict[str, Any]]]:
    """Requests to every route, and what makes each kind of error."""
    message = {"role": "user", "content": "hello"}
    completion = {"model": "gpt-4o", "messages": [message]}
    v1, proxied = "/openai/v1/chat/completions", "/openai/deployments/gpt-4o/embeddings"
    return [
        ("GET", "/api/health", {}),
        ("GET", "/api/health?ready=1", {}),
        ("GET", "/api/chains", {}),
        ("GET", "/api/openapi.json", {}),
        ("GET", "/openai/v1/models", {}),
        ("POST", "/api/chat", {"json": {"user": "hello"}}),
        ("POST", "/api/chat", {"json": {"user": "hello", "stream": False}}),
        ("POST", "/api/chat", {"json": {"user": "hello", "chain": "docs"}}),
        ("POST", "/api/chat", {"json": {"user": "hello", "chain": "nope"}}),
        ("POST", "/api/chat", {"content": b"{"}),
        ("POST", "/api/chat", {"content": b"x" * 5_000_000}),
        ("POST", "/api/chat", {"headers": {"x-long": "y" * 40_000}}),
        ("POST", "/api/chat/text", {"json": {"user": "hello", "chain": "docs"}}),
        ("POST", "/api/chat/ui-message", {"json": {"messages": []}}),
        ("POST", "/api/chat/ag-ui", {"json": {"messages": [message], "tools": []}}),
        ("POST", "/api/chat/nope", {"json": {"user": "hello"}}),
        ("POST", v1, {"json": completion}),
        ("POST", v1, {"json": {**completion, "stream": True}}),
        ("POST", v1, {"json": {**completion, "model": "docs"}}),
        ("POST", v1, {"json": {**completion, "model": "nope"}}),
        ("POST", proxied, {"json": {"input": "hello"}}),
        ("POST", "/nowhere", {}),
    ]
