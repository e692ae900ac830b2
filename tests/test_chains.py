"""What people bring through `CHAINS`, over a real socket."""

import pytest

from tests.support.app_process import AppProcess, read_events, text_of

HELLO = "hello"


@pytest.mark.parametrize("chain", ["strings", "model", "graph", "inner"])
def test_a_chain_that_ends_in_a_model_or_in_text_streams(
    app: AppProcess, chain: str
) -> None:
    events = app.events(HELLO, chain=chain)
    assert [data.get("delta_content") for _, data in events] == ["Hel", "lo", None]
    done = events[-1][1]
    assert done["finish_reason"] == "stop"
    assert done["deployment"] == "scripted-1"


def test_usage_is_the_sum_of_all_model_calls_the_hidden_ones_too(
    app: AppProcess,
) -> None:
    done = app.events(HELLO, chain="inner")[-1][1]
    assert done["usage"]["input_tokens"] == 10 * 5 + 10
    assert done["usage"]["output_tokens"] == 5 + 1


def test_an_answer_with_its_context_is_citations_then_text(app: AppProcess) -> None:
    events = app.events(HELLO, chain="sources")
    assert [name for name, _ in events] == ["citation"] * 2 + ["message"] * 2 + ["done"]
    assert events[0][1] == {
        "id": "1",
        "title": "Paris",
        "url": "p.md",
        "snippet": "Paris is in France.",
    }
    assert (events[1][1]["title"], events[1][1]["url"]) == ("lyon.md", "https://x/lyon")
    assert text_of(events) == "Hello"
    answer = app.chat(HELLO, chain="sources", stream=False).json()
    assert [citation["id"] for citation in answer["citations"]] == ["1", "2"]


def test_an_agent_shows_its_tool_calls_results_and_sources(app: AppProcess) -> None:
    events = app.events(HELLO, chain="agent")
    assert [name for name, _ in events] == [
        "tool_call",
        "tool_result",
        "citation",
        "message",
        "done",
    ]
    call, result, citation, text, done = (data for _, data in events)
    assert (call["id"], call["name"], call["args"]) == (
        "call_1",
        "look_up",
        {"city": "Paris"},
    )
    assert (result["id"], result["name"]) == ("call_1", "look_up")
    assert result["content"] == "Paris: two million"
    assert citation["title"] == "Paris"
    assert text["delta_content"] == "Two million."
    assert done["finish_reason"] == "stop"
    assert done["usage"]["output_tokens"] == 3 + 2


def test_tool_arguments_that_are_not_json_are_passed_as_they_are(
    app: AppProcess,
) -> None:
    call, (_, done) = app.events(HELLO, chain="tools")
    assert call[1]["args"] == '{"city": "Par'
    assert done["finish_reason"] == "tool_calls"


def test_what_is_no_answer_is_not_shown_and_what_is_empty_neither(
    app: AppProcess,
) -> None:
    events = app.events(HELLO, chain="ragged")
    assert [data.get("delta_content") for _, data in events] == ["whole message", None]
    app.wait_for("a chain streams int")


def test_a_chain_that_says_nothing_ends_without_a_first_token(app: AppProcess) -> None:
    [(custom, _), (name, done)] = app.events(HELLO, chain="silent")
    assert (custom, name, done["finish_reason"]) == ("custom", "done", "stop")
    assert done["time_to_first_chunk_ms"] is None
    assert done["streaming_duration_ms"] == 0
    assert done["usage"]["total_tokens"] == 0
    assert "estimated" not in done["usage"]


@pytest.mark.parametrize(
    "dialect",
    ["json", "openai", "responses", "text", "delta", "ui-message", "ag-ui"],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_chain_that_gives_nothing_is_no_success(
    app: AppProcess, dialect: str, stream: bool
) -> None:
    message = {"role": "user", "content": HELLO}
    body = {"messages": [message], "chain": "nothing", "stream": stream}
    if dialect == "openai":
        body = {"messages": [message], "model": "nothing", "stream": stream}
    if dialect == "responses":
        body = {"input": HELLO, "model": "nothing", "stream": stream}
    response = app.client.post(f"/api/chat/{dialect}", json=body)
    assert response.status_code == 500
    assert "The chain gave nothing" in response.text


def test_a_model_call_that_was_cut_is_seen_through_a_parser(app: AppProcess) -> None:
    events = app.events("standin:cut tokens=2", chain="parsed")
    assert text_of(events) == "tok0 tok1"
    assert events[-2][1]["error"]["code"] == "upstream_incomplete"
    assert events[-1][1]["finish_reason"] == "error"


@pytest.mark.parametrize("chain", ["unexplained", "text_model"])
def test_a_model_of_ones_own_need_not_say_why_it_ends(
    app: AppProcess, chain: str
) -> None:
    events = app.events(HELLO, chain=chain)
    assert text_of(events) == "no reason given"
    assert events[-1][1]["finish_reason"] == "stop"
    answer = app.chat(HELLO, chain=chain, stream=False).json()
    assert (answer["content"], answer["finish_reason"]) == ("no reason given", "stop")


def test_a_graph_within_a_graph_streams_each_token(app: AppProcess) -> None:
    events = app.events("standin:answer tokens=3", chain="nested")
    deltas = [data.get("delta_content") for _, data in events]
    assert deltas == ["tok0", " tok1", " tok2", None]


def test_each_run_is_a_thread_of_its_own_whatever_its_request_id(
    app: AppProcess,
) -> None:
    for _ in range(2):
        response = app.client.post(
            "/api/chat",
            json={"user": "hello", "chain": "remembering"},
            headers={"x-request-id": "the-same"},
        )
        assert text_of(read_events(response)) == "1"


def test_a_retrievers_404_is_not_the_models(app: AppProcess) -> None:
    response = app.chat(HELLO, chain="searching")
    assert response.json()["error"]["code"] == "internal_error"
    assert "the-text-of-an-exception" not in response.text


def test_a_chains_own_failure_says_nothing_but_where_to_look(app: AppProcess) -> None:
    response = app.chat("the prompt", chain="broken")
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (500, "internal_error")
    assert error["request_id"] in error["message"]
    app.wait_for(
        rf"request {error['request_id']}: RuntimeError at .*example_chains.py:"
    )
    assert "the-text-of-an-exception" not in response.text
