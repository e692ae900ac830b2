"""Runs by their ids: begun, rejoined, stopped, and followed on other wires."""

import asyncio
from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError, RateLimitError

from tests.langgraph.sdk import (
    ANN,
    all_of,
    client,
    names,
    new_thread,
    of,
    said,
    streamed,
    text_of,
    texts,
)
from tests.support.app_process import AppProcess, read_events
from tests.support.app_process import text_of as native_text

pytestmark = pytest.mark.client("langgraph-py")

SLOW = "standin:answer tokens=40 delay_ms=20"
TEXT = " ".join(f"tok{number}" for number in range(40))
OWN = {"api-key": ANN}


async def test_a_run_in_the_background_is_joined(app: AppProcess) -> None:
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        run = await sdk.runs.create(thread, "chat", input=said(SLOW))
        assert (run["status"], run["thread_id"]) == ("running", thread)
        assert (await sdk.threads.get(thread))["status"] == "busy"
        assert [each["run_id"] for each in await sdk.runs.list(thread)] == [
            run["run_id"]
        ]
        values: Any = await sdk.runs.join(thread, run["run_id"])
        assert texts(values) == [("human", SLOW), ("ai", TEXT)]
        assert (await sdk.runs.get(thread, run["run_id"]))["status"] == "success"
        assert (await sdk.threads.get(thread))["status"] == "idle"


async def test_a_background_run_that_cannot_begin_is_refused(app: AppProcess) -> None:
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        question = said("standin:rate_limited retry_after=7")
        with pytest.raises(RateLimitError) as refused:
            await sdk.runs.create(thread, "chat", input=question)
        assert refused.value.response.headers["retry-after"] == "7"
        assert await sdk.runs.list(thread) == []


async def test_a_run_that_has_failed_is_followed_and_its_thread_stays(
    app: AppProcess,
) -> None:
    question = said("standin:cut tokens=2")
    async with client(app) as sdk:
        run: dict[str, Any] = {}
        begun = sdk.runs.stream(
            "new-and-cut",
            "chat",
            input=question,
            if_not_exists="create",
            on_run_created=lambda told: run.update(told),
        )
        parts = await all_of(begun)
        assert "error" in names(parts)
        rejoined = await all_of(sdk.runs.join_stream("new-and-cut", run["run_id"]))
        assert "error" in names(rejoined)
        assert (await sdk.threads.get("new-and-cut"))["status"] == "idle"
        assert await sdk.threads.get_history("new-and-cut") == []

    id = "cut-on-another-wire"
    native = {"user": "standin:cut tokens=2", "thread_id": id}
    answer = app.client.post("/api/chat", json=native, headers=OWN)
    async with client(app) as sdk:
        run_id = answer.headers["x-run-id"]
        followed = await all_of(sdk.runs.join_stream(id, run_id))
        assert "error" in names(followed)


@pytest.mark.tries("resume")
async def test_a_stream_names_its_run_and_is_read_on(app: AppProcess) -> None:
    created: list[Any] = []
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        parts = []
        stream = sdk.runs.stream(
            thread,
            "chat",
            input=said(SLOW),
            stream_mode=["messages-tuple", "values"],
            stream_resumable=True,
            on_run_created=created.append,
        )
        async for part in stream:
            parts.append(part)
            if len(parts) == 12:
                break
        await stream.aclose()  # type: ignore[attr-defined]  # It is a generator.
        [run] = created
        assert run["thread_id"] == thread
        last = parts[-1].id
        rest = await all_of(
            sdk.runs.join_stream(thread, run["run_id"], last_event_id=last)
        )
        seen = [(part.event, part.data) for part in parts]
        assert (text_of(seen) + text_of(rest)).strip() == TEXT
        assert names(rest) == ["messages", "values", "end"]
        again = await all_of(
            sdk.runs.join_stream(thread, run["run_id"], last_event_id="-1")
        )
        assert text_of(again).strip() == TEXT
        assert of("values", again)[-1] == of("values", rest)[-1]
        end = await all_of(
            sdk.runs.join_stream(thread, run["run_id"], last_event_id="41")
        )
        assert end == []


async def test_whoever_joins_in_the_middle_sees_the_question(app: AppProcess) -> None:
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        run = await sdk.runs.create(
            thread, "chat", input=said(SLOW, id="q"), stream_mode=["values"]
        )
        parts = await all_of(sdk.runs.join_stream(thread, run["run_id"]))
    before, after = of("values", parts)
    assert texts(before) == [("human", SLOW)]
    assert before["messages"][0]["id"] == after["messages"][0]["id"] == "q"
    assert of("messages", parts) == []


@pytest.mark.parametrize("chain", ["chat", "talking"])
async def test_a_thread_has_the_question_while_it_is_answered(
    graphs: AppProcess, chain: str
) -> None:
    async with client(graphs) as sdk:
        thread, asked = await new_thread(sdk), list[str]()
        for _ in range(2):
            run = await sdk.runs.create(thread, chain, input=said(SLOW))
            asked += ["human"]
            state: Any = await sdk.threads.get_state(thread)
            assert [kind for kind, _ in texts(state["values"])] == asked
            assert state["next"] == [chain]
            history: Any = await sdk.threads.get_history(thread)
            counts = [len(each["values"]["messages"]) for each in history]
            assert counts == [*range(len(asked), -1, -1)]
            assert history[0] == state
            now: Any = await sdk.threads.get(thread)
            assert (now["status"], now["values"]) == ("busy", state["values"])
            parts = await all_of(sdk.runs.join_stream(thread, run["run_id"]))
            assert texts(of("values", parts)[0]) == texts(state["values"])
            asked += ["ai"]
            after = await sdk.threads.get_history(thread)
            assert after[1]["values"] == state["values"]
            assert after[1]["checkpoint"] == state["checkpoint"]
        again: Any = {"checkpoint": after[-2]["checkpoint"]}
        run = await sdk.runs.create(thread, chain, **again)
        state = await sdk.threads.get_state(thread)
        assert state["values"] == after[-2]["values"]
        await sdk.runs.cancel(thread, run["run_id"], wait=True)


@pytest.mark.tries("stop")
@pytest.mark.parametrize("wait", [True, False])
async def test_a_run_that_is_stopped_was_interrupted(
    app: AppProcess, wait: bool
) -> None:
    question = "standin:answer tokens=1000 delay_ms=20"
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        run = await sdk.runs.create(thread, "chat", input=said(question))
        followed = asyncio.create_task(
            all_of(sdk.runs.join_stream(thread, run["run_id"]))
        )
        await sdk.runs.cancel(thread, run["run_id"], wait=wait)
        parts = await followed
        assert of("error", parts)[0]["error"] == "cancelled"
        assert (await sdk.runs.get(thread, run["run_id"]))["status"] == "interrupted"
        state: Any = await sdk.threads.get_state(thread)
        assert texts(state["values"])[0] == ("human", question)
        await sdk.runs.cancel(thread, run["run_id"])  # It is over.


async def test_a_run_is_followed_on_another_wire_and_the_other_way_round(
    app: AppProcess,
) -> None:
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        run = await sdk.runs.create(thread, "chat", input=said(SLOW))
        response = await asyncio.to_thread(
            app.client.get, f"/api/runs/{run['run_id']}/stream?dialect=json"
        )
        assert native_text(read_events(response)).strip() == TEXT
        body = {"user": SLOW, "chain": "chat", "thread_id": thread}
        answer = await asyncio.to_thread(app.client.post, "/api/chat", json=body)
        begun = answer.headers["x-run-id"]
        parts = await all_of(sdk.runs.join_stream(thread, begun))
        assert text_of(parts).strip() == TEXT
        assert names(parts)[-1] == "end"
        assert (await sdk.runs.get(thread, begun))["assistant_id"] == "chat"
        with pytest.raises(NotFoundError):
            await sdk.runs.get(await new_thread(sdk), begun)


@pytest.mark.tries("stop")
async def test_a_client_that_leaves_stops_its_run_unless_it_may_rejoin(
    app: AppProcess,
) -> None:
    endless = "standin:answer tokens=1000 delay_ms=20"
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        stream = sdk.runs.stream(
            thread, "chat", input=said(endless), stream_mode="messages-tuple"
        )
        async for _ in stream:
            break
        await stream.aclose()  # type: ignore[attr-defined]  # It is a generator.
        # The thread is free once the run is off it.
        async with asyncio.timeout(10):
            while (await sdk.threads.get(thread))["status"] == "busy":
                pass
        [run] = await sdk.runs.list(thread)
        assert run["status"] == "interrupted"
        parts = await streamed(sdk, thread, "chat", "standin:answer tokens=1")
        assert names(parts)[-1] == "end"
