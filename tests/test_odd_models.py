"""What models and servers send that is almost as OpenAI documents it."""

import pytest

from tests.standin import strange
from tests.standin.answers import REFUSAL
from tests.support.app_process import AppProcess, read_events, text_of

COUNTED = {"input_tokens": 10, "output_tokens": 3, "total_tokens": 13}


def usage(app: AppProcess, prompt: str, **more: str) -> list[dict[str, object]]:
    """What was used, streamed and not."""
    return [
        app.events(prompt, **more)[-1][1]["usage"],
        app.chat(prompt, stream=False, **more).json()["usage"],
    ]


@pytest.mark.parametrize("chain", ["chat", "parsed", "relayed", "totals", "halves"])
def test_running_totals_of_usage_are_not_added_up(app: AppProcess, chain: str) -> None:
    for found in usage(app, "standin:running_usage tokens=3", chain=chain):
        assert {name: found[name] for name in COUNTED} == COUNTED
        assert "estimated" not in found


@pytest.mark.parametrize("tier", ["priority", "flex", "default"])
@pytest.mark.parametrize("chain", ["chat", "relayed"])
def test_usage_of_a_service_tier_has_its_details(
    app: AppProcess, chain: str, tier: str
) -> None:
    prompt = f"standin:tiered tokens=3 kind={tier}"
    for found in usage(app, prompt, chain=chain):
        assert found == {**COUNTED, "cached_tokens": 4, "reasoning_tokens": 1}


@pytest.mark.parametrize("reason", ["error", "galactic", "cancelled", "failed"])
@pytest.mark.parametrize("chain", ["chat", "parsed", "relayed"])
def test_a_reason_that_is_no_success_is_an_error(
    app: AppProcess, reason: str, chain: str
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
def test_other_words_for_success_are_stop(app: AppProcess, reason: str) -> None:
    done = app.events(f"standin:broken_off tokens=2 kind={reason}")[-1][1]
    assert done["finish_reason"] == "stop"


@pytest.mark.parametrize("kind", strange.CALLS)
@pytest.mark.parametrize("chain", ["chat", "relayed"])
def test_each_tool_call_is_one_of_its_own(
    app: AppProcess, kind: str, chain: str
) -> None:
    response = app.chat(f"standin:calls_{kind}", chain=chain)
    events = read_events(response)
    calls = [data for name, data in events if name == "tool_call"]
    assert [(call["id"], call["name"], call["args"]) for call in calls] == [
        ("a", "get_weather", {"city": "Paris"}),
        ("b", "get_weather", {"city": "London"}),
    ]
    assert events[-1][1]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("chain", ["chat", "parsed", "relayed"])
def test_text_and_reasoning_have_whole_characters(app: AppProcess, chain: str) -> None:
    expected = "Hi \U0001f600\U0001f600!\ufffd \ufffd"
    events = app.events("standin:split_pairs", chain=chain)
    assert text_of(events) == expected
    thoughts = [data["delta_reasoning"] for name, data in events if name == "reasoning"]
    assert "".join(thoughts) == ("" if chain == "parsed" else expected)
    whole = app.chat("standin:split_pairs", chain=chain, stream=False).json()
    assert whole["content"] == expected


BROUGHT = ["responding", "responding_v0", "responding_v1"]


@pytest.mark.parametrize("chain", BROUGHT)
def test_a_model_of_ones_own_may_ask_the_responses_api(
    app: AppProcess, chain: str
) -> None:
    events = app.events("standin:reasoning", chain=chain)
    thoughts = [data["delta_reasoning"] for name, data in events if name == "reasoning"]
    assert "".join(thoughts) == "The question is about France, so Europe."
    assert text_of(events).startswith("The capital of France is Paris")
    assert events[-1][1]["finish_reason"] == "stop"
    assert text_of(app.events("standin:refusal", chain=chain)) == REFUSAL
    for scenario, reason in (("filtered", "content_filter"), ("length", "length")):
        done = app.events(f"standin:{scenario} tokens=2", chain=chain)[-1][1]
        assert done["finish_reason"] == reason


@pytest.mark.parametrize("chain", BROUGHT)
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limit_exceeded", 429, "rate_limited"),
        ("server_error", 502, "upstream_error"),
        ("odd", 502, "upstream_error"),
    ],
)
@pytest.mark.parametrize("event", ["failed", "error"])
def test_its_failures_are_the_upstreams(
    app: AppProcess, chain: str, kind: str, status: int, code: str, event: str
) -> None:
    response = app.chat(f"standin:response_{event} kind={kind}", chain=chain)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["retryable"] is True
    assert "secret" not in response.text


@pytest.mark.parametrize("chain", [*BROUGHT, "brought"])
def test_its_lost_connection_is_the_upstreams(app: AppProcess, chain: str) -> None:
    for scenario in ("drop tokens=2", "drop_before"):
        response = app.chat(f"standin:{scenario}", chain=chain, stream=False)
        assert response.status_code == 502
        assert response.json()["error"]["code"] == "upstream_error"


def test_two_calls_of_one_index_are_two_of_any_model(app: AppProcess) -> None:
    for kind in ("same_index", "same_index_whole"):
        events = app.events(f"standin:calls_{kind}", chain="brought")
        calls = [data["id"] for name, data in events if name == "tool_call"]
        assert calls == ["a", "b"]


@pytest.mark.parametrize("stream", [True, False])
def test_thoughts_may_be_lists_of_blocks(app: AppProcess, stream: bool) -> None:
    response = app.chat("hello", chain="thinker", stream=stream)
    if stream:
        events = read_events(response)
        said = [data.get("delta_reasoning") or "" for _, data in events]
        assert ("".join(said), text_of(events)) == ("Hmm. So.", "Yes.")
    else:
        answer = response.json()
        assert (answer["reasoning"], answer["content"]) == ("Hmm. So.", "Yes.")


@pytest.mark.parametrize("chain", ["chat", "relayed"])
def test_what_a_model_declines_with_is_the_answer(app: AppProcess, chain: str) -> None:
    assert text_of(app.events("standin:refusal", chain=chain)) == REFUSAL
    whole = app.chat("standin:refusal", chain=chain, stream=False).json()
    assert whole["content"] == REFUSAL
