"""What models and servers send that is almost as OpenAI documents it."""

import pytest

from tests.standin import strange
from tests.support.app_process import Server, read_events, text_of

COUNTED = {"input_tokens": 10, "output_tokens": 3, "total_tokens": 13}


def usage(app: Server, prompt: str, **more: str) -> list[dict[str, object]]:
    """What was used, streamed and not."""
    return [
        app.events(prompt, **more)[-1][1]["usage"],
        app.chat(prompt, stream=False, **more).json()["usage"],
    ]


@pytest.mark.parametrize("chain", ["chat", "parsed", "relayed", "totals", "halves"])
def test_running_totals_of_usage_are_not_added_up(app: Server, chain: str) -> None:
    for found in usage(app, "standin:running_usage tokens=3", chain=chain):
        assert {name: found[name] for name in COUNTED} == COUNTED
        assert "estimated" not in found


@pytest.mark.parametrize("tier", ["priority", "flex", "default"])
@pytest.mark.parametrize("chain", ["chat", "relayed"])
def test_usage_of_a_service_tier_has_its_details(
    app: Server, chain: str, tier: str
) -> None:
    prompt = f"standin:tiered tokens=3 kind={tier}"
    for found in usage(app, prompt, chain=chain):
        assert found == {**COUNTED, "cached_tokens": 4, "reasoning_tokens": 1}


@pytest.mark.parametrize("reason", ["error", "galactic", "cancelled", "failed"])
@pytest.mark.parametrize("chain", ["chat", "parsed", "relayed"])
def test_a_reason_that_is_no_success_is_an_error(
    app: Server, reason: str, chain: str
) -> None:
    asked = f"standin:broken_off tokens=2 kind={reason}"
    *deltas, (name, error), (_, done) = app.events(asked, chain=chain)
    assert text_of(deltas) == "tok0 tok1"
    assert (name, error["error"]["code"]) == ("error", "upstream_error")
    assert done["finish_reason"] == "error"
    whole = app.chat("standin:unknown_finish", chain=chain, stream=False)
    assert whole.status_code == 502
    assert whole.json()["error"]["code"] == "upstream_error"


@pytest.mark.parametrize("reason", ["eos", "EOS_TOKEN", "complete", "END_TURN"])
def test_other_words_for_success_are_stop(app: Server, reason: str) -> None:
    done = app.events(f"standin:broken_off tokens=2 kind={reason}")[-1][1]
    assert done["finish_reason"] == "stop"


@pytest.mark.parametrize("kind", strange.CALLS)
@pytest.mark.parametrize("chain", ["chat", "relayed"])
def test_each_tool_call_is_one_of_its_own(app: Server, kind: str, chain: str) -> None:
    response = app.chat(f"standin:calls_{kind}", chain=chain)
    events = read_events(response)
    calls = [data for name, data in events if name == "tool_call"]
    assert [(call["id"], call["name"], call["args"]) for call in calls] == [
        ("a", "get_weather", {"city": "Paris"}),
        ("b", "get_weather", {"city": "London"}),
    ]
    assert events[-1][1]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("chain", ["chat", "parsed", "relayed"])
def test_text_and_reasoning_have_whole_characters(app: Server, chain: str) -> None:
    expected = "Hi \U0001f600\U0001f600!\ufffd \ufffd"
    events = app.events("standin:split_pairs", chain=chain)
    assert text_of(events) == expected
    thoughts = [data["delta_reasoning"] for name, data in events if name == "reasoning"]
    assert "".join(thoughts) == ("" if chain == "parsed" else expected)
    whole = app.chat("standin:split_pairs", chain=chain, stream=False).json()
    assert whole["content"] == expected
