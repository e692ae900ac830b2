"""The AI SDK's `generateObject` and `streamObject` at the chain `chat`."""

import pytest

from tests.clients.node_scripts import run
from tests.support.app_process import AppProcess

# The stand-in takes what is quoted for any string, and for the keys without a schema.
QUESTION = "Tell me the 'city' and the 'country' of the Colosseum."
BY_SCHEMA = {"city": "city", "country": "city"}
COMPATIBLE = pytest.mark.client("ai-compatible")
BY_PROMPT = {"city": "Paris", "country": "Paris"}


@pytest.mark.tries("form")
@pytest.mark.parametrize(
    ("sdk", "model"),
    [("ai-v5", "chat"), ("ai-v6", "chat"), ("ai", "chat"), ("ai", "gpt-4o")],
)
@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        pytest.param("azureV1", BY_SCHEMA, marks=pytest.mark.client("ai-azure")),
        pytest.param("azure", BY_SCHEMA, marks=pytest.mark.client("ai-azure")),
        pytest.param("compatibleForms", BY_SCHEMA, marks=COMPATIBLE),
        pytest.param("compatible", BY_PROMPT, marks=COMPATIBLE),
    ],
)
def test_an_object_comes_whole_and_in_pieces(
    obliging: AppProcess,
    sdk: str,
    provider: str,
    expected: dict[str, str],
    model: str,
) -> None:
    given = {"url": obliging.url, "model": model, "question": QUESTION}
    told = run("ai_object.mjs", sdk=sdk, provider=provider, **given)
    ended = {"object": expected, "finishReason": "stop"}
    assert told["whole"] == told["streamed"] == ended
    assert told["pieces"] > 1
