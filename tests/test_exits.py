"""A chain that raises `SystemExit` and its like ends its own run, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.app_process import (
    AppProcess,
    open_streams,
    read_events,
    text_of,
    until,
)
from tests.support.exiting_chains import SECRET_BEGINS

AT_ONCE = (
    "at_first,ending,group,in_a_thread,on_the_loop,branch,branches,model,"
    "node,node_in_a_thread,nodes,nodes_in_threads,edge,edges,edges_in_threads,choice"
)
LATER = "in_the_middle,interrupt,ending_in_the_middle,own_task"
TOOLS = "tool_in_a_thread,tool_on_the_loop"
OTHERS = "dropping,cleaning,cleaning_branch,flooding,building,patient,releasing"


@pytest.fixture(scope="module")
def server() -> Iterator[AppProcess]:
    """The app with chains that would end it."""
    names = ",".join([AT_ONCE, LATER, TOOLS, OTHERS]).split(",")
    brought = ["missing=tests.exiting_module:chain"]
    brought += [f"{name}=tests.support.exiting_chains:{name}" for name in names]
    with AppProcess({"CHAINS": ",".join(brought)}) as server:
        server.warm()
        yield server
        assert server.stop() == 0
        assert [line for line in server.lines if SECRET_BEGINS in line] == []


@contextmanager
def bystander(server: AppProcess) -> Iterator[None]:
    """Another caller's stream, open meanwhile, which goes on to its end."""
    with server.streaming("hello", chain="patient") as answer:
        assert answer.next()[1]["delta_content"] == "one"
        yield
        server.events("hello", chain="releasing")
        assert answer.next()[1]["delta_content"] == " two"
        name, done = answer.next()
        assert (name, done["finish_reason"]) == ("done", "stop")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("chain", AT_ONCE.split(","))
def test_an_exit_before_the_first_token_is_a_500_of_that_run_alone(
    server: AppProcess, chain: str, stream: bool
) -> None:
    with bystander(server):
        response = server.chat("hello", chain=chain, stream=stream)
    assert response.status_code == 500
    error = response.json()["error"]
    assert error["code"] == "internal_error"
    assert SECRET_BEGINS not in response.text
    record = server.record(error["request_id"])
    assert (record["status"], record["error"]) == ("error", {"code": "internal_error"})


@pytest.mark.parametrize("chain", [*LATER.split(","), *TOOLS.split(",")])
def test_an_exit_after_the_status_is_an_error_event_then_done(
    server: AppProcess, chain: str
) -> None:
    with bystander(server):
        response = server.chat("hello", chain=chain)
    *_, (name, error), (last, done) = read_events(response)
    assert (name, error["error"]["code"]) == ("error", "internal_error")
    assert (last, done["finish_reason"]) == ("done", "error")
    assert SECRET_BEGINS not in response.text
    record = server.record(response.headers["x-request-id"])
    assert (record["status"], record["error"]) == ("error", {"code": "internal_error"})


def test_the_log_names_the_class_and_the_place(server: AppProcess) -> None:
    response = server.chat("hello", chain="ending")
    request_id = response.headers["x-request-id"]
    server.wait_for(rf"request {request_id}: Ending at \S+exiting_chains\.py:\d+")


def test_an_exit_in_what_a_chain_leaves_behind_is_nobodys_error(
    server: AppProcess,
) -> None:
    with bystander(server):
        events = server.events("hello", chain="dropping")
    assert text_of(events) == "once and well"
    assert events[-1][1]["finish_reason"] == "stop"


@pytest.mark.parametrize("chain", ["cleaning", "cleaning_branch", "flooding"])
def test_an_exit_while_cleaning_up_after_a_caller_who_leaves_is_recorded(
    server: AppProcess, chain: str
) -> None:
    with bystander(server):
        with server.streaming("hello", chain=chain) as answer:
            answer.next()
        assert server.record(answer.request_id)["status"] == "cancelled"
    until(lambda: open_streams(server) == 0)


@pytest.mark.parametrize("chain", ["building", "missing"])
def test_an_exit_while_loading_is_a_chain_that_could_not_be_loaded(
    server: AppProcess, chain: str
) -> None:
    with bystander(server):
        response = server.chat("hello", chain=chain)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (503, "not_configured")
    assert SECRET_BEGINS not in response.text
    assert server.record(error["request_id"])["status"] == "error"
    server.wait_for(f"the chain '{chain}' could not be loaded")
    server.wait_for("SystemExit")
