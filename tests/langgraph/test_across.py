"""Two processes over one store: what begins at one goes on at the other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk.errors import ConflictError

from tests.conftest import azure
from tests.langgraph.sdk import (
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
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.waiting_chains import CHAINS


@pytest.fixture(scope="module")
def both(standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("store")
    store = {"STORE": f"sqlite:{folder / 'kept.db'}", "RUN_LEASE_SECONDS": "3"}
    settings = azure(standin, CHAINS=CHAINS, **store)
    with AppProcess(settings) as here, AppProcess(settings) as there:
        here.warm()
        there.warm()
        yield here, there


async def test_a_run_is_rejoined_and_its_thread_goes_on_elsewhere(both: Any) -> None:
    here, there = both
    question = "standin:answer tokens=40 delay_ms=30"
    async with client(here) as sdk, client(there) as other:
        thread = await new_thread(sdk)
        modes: Any = ["values", "messages-tuple"]
        run = await sdk.runs.create(
            thread, "chat", input=said(question), stream_mode=modes
        )
        assert (await other.threads.get(thread))["status"] == "busy"
        with pytest.raises(ConflictError):
            await streamed(other, thread, "chat", "two")
        parts = await all_of(other.runs.join_stream(thread, run["run_id"]))
        assert text_of(parts).strip().endswith("tok39")
        assert texts(of("values", parts)[0]) == [("human", question)]
        state: Any = await other.threads.get_state(thread)
        assert of("values", parts)[-1] == state["values"]
        again = await streamed(other, thread, "chat", "standin:answer tokens=1")
        assert len(of("values", again)[-1]["messages"]) == 4


async def test_a_run_is_stopped_from_elsewhere(both: Any) -> None:
    here, there = both
    question = "standin:answer tokens=1000 delay_ms=20"
    async with client(here) as sdk, client(there) as other:
        thread = await new_thread(sdk)
        run = await sdk.runs.create(thread, "chat", input=said(question))
        await other.runs.cancel(thread, run["run_id"], wait=True)
        assert (await sdk.runs.get(thread, run["run_id"]))["status"] == "interrupted"
        assert (await sdk.threads.get(thread))["status"] == "idle"


async def test_a_question_is_answered_elsewhere(both: Any) -> None:
    here, there = both
    async with client(here) as sdk, client(there) as other:
        thread = await new_thread(sdk)
        await streamed(sdk, thread, "approval", input={"question": "Why?"})
        state = await other.threads.get_state(thread)
        assert state["tasks"][0]["interrupts"][0]["value"] == {"about": "Why?"}
        parts = await streamed(other, thread, "approval", command={"resume": "yes"})
        assert of("values", parts)[-1]["answer"] == "You said yes."
        assert names(parts)[-1] == "end"


async def test_a_run_whose_process_is_gone_is_an_error(
    standin: StandIn, tmp_path: Path
) -> None:
    question = "standin:answer tokens=1000 delay_ms=20"
    store = {"STORE": f"sqlite:{tmp_path / 'kept.db'}", "RUN_LEASE_SECONDS": "3"}
    settings = azure(standin, **store)
    with AppProcess(settings) as doomed, AppProcess(settings) as left:
        doomed.warm()
        left.warm()
        async with client(doomed) as sdk, client(left) as other:
            thread = await new_thread(sdk)
            run = await sdk.runs.create(thread, "chat", input=said(question))
            doomed.kill()
            parts = await all_of(other.runs.join_stream(thread, run["run_id"]))
            assert of("error", parts)[0]["error"] == "run_lost"
            assert (await other.runs.get(thread, run["run_id"]))["status"] == "error"
