"""OpenAI's Python SDK, and a chain that waits for a person."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support.app_process import AppProcess
from tests.support.waiting_chains import CHAINS

pytestmark = [pytest.mark.client("openai-chain"), pytest.mark.tries("approval")]


def sdk(server: AppProcess) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/openai/v1", api_key="any", max_retries=0)


@pytest.fixture(scope="module")
def waiting() -> Iterator[OpenAI]:
    settings = {"CHAINS": CHAINS, "CHAT_CHAIN": "approval"}
    with AppProcess(settings) as server, sdk(server) as client:
        yield client


@pytest.mark.parametrize("answer", ["approval", "output"])
def test_a_graph_waits_and_goes_on(waiting: Any, answer: str) -> None:
    made = waiting.responses.create(model="approval", input="Why?")
    [call, request] = made.output
    assert (call.type, request.type) == ("function_call", "mcp_approval_request")
    assert json.loads(call.arguments) == {"value": {"about": "Why?"}}
    given: Any = {"type": "mcp_approval_response", "approve": True}
    given["approval_request_id"] = request.id
    if answer == "output":
        given = {"type": "function_call_output", "output": "true"}
        given["call_id"] = call.call_id
    asked: Any = {"model": "approval", "input": [given]}
    after = waiting.responses.create(previous_response_id=made.id, **asked)
    assert after.output_text == "You said True."
    with pytest.raises(openai.BadRequestError, match="has gone on"):
        waiting.responses.create(previous_response_id=made.id, **asked)


def test_an_agents_tool_runs_once_it_was_approved(waiting: Any) -> None:
    """The request for approval alone says which conversation it is of."""
    made = waiting.responses.create(model="paying", input="Pay.")
    kinds = [item.type for item in made.output]
    assert kinds == ["message", "function_call", "mcp_approval_request"]
    given: Any = {"type": "mcp_approval_response", "approve": True}
    given["approval_request_id"] = made.output[-1].id
    after = waiting.responses.create(model="paying", input=[given])
    served = after.output[0]
    assert served.type == "mcp_call"
    assert (served.name, served.output) == ("pay", "Paid 5.")
    assert after.output_text == "Done."


def test_a_refused_tool_is_not_run(waiting: Any) -> None:
    made = waiting.responses.create(model="paying", input="Pay.")
    given: Any = {"type": "mcp_approval_response", "approve": False}
    given |= {"approval_request_id": made.output[-1].id, "reason": "Too much."}
    after = waiting.responses.create(model="paying", input=[given])
    assert "Paid" not in str(after.output)
