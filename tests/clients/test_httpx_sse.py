"""httpx-sse on OpenAI's wire: a chain's answer, and one that is proxied."""

import httpx
import pytest
from httpx_sse import connect_sse

from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("httpx-sse")


@pytest.mark.tries("stream")
@pytest.mark.parametrize("target", ["chat", "gpt-4o"])
def test_every_event_is_read_and_the_last_one_says_done(
    app: AppProcess, target: str
) -> None:
    path = f"/openai/deployments/{target}/chat/completions?api-version=2024-10-21"
    question = {"role": "user", "content": "standin:answer tokens=3"}
    body = {"messages": [question], "stream": True}
    with (
        httpx.Client(base_url=app.url, timeout=10) as client,
        connect_sse(client, "POST", path, json=body) as source,
    ):
        *chunks, last = list(source.iter_sse())
    assert last.data == "[DONE]"
    deltas = [choice["delta"] for chunk in chunks for choice in chunk.json()["choices"]]
    text = "".join(delta.get("content") or "" for delta in deltas)
    assert text == "tok0 tok1 tok2"
