"""An append that arrives, and whose answer does not: its lines are there once."""

import pytest

from runs import Run
from runs.last_events import last_events
from runs.reading import read
from store import Conflict, Store, StoreError
from streaming import recorded
from streaming.events import TextDelta
from streaming.requests import validate
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.logged_answers import logs_over

Proxied = tuple[Store, FaultyProxy]

UNANSWERED = pytest.mark.parametrize("fault", ["mute", "lost"])


@UNANSWERED
async def test_what_has_arrived_is_there_and_is_not_added_again(
    proxied: Proxied, fault: Fault
) -> None:
    store, proxy = proxied
    await store.append("log", b"one\n", at=0)
    proxy.fault = fault
    with pytest.raises(StoreError):
        await store.append("log", b"two\n", at=4)
    proxy.fault = "none"
    proxy.cut()
    with pytest.raises(Conflict):
        await store.append("log", b"two\n", at=4)
    assert await store.read("log", 4) == b"two\n"
    await store.append("log", b"three\n", at=8)
    assert await store.read("log", 0) == b"one\ntwo\nthree\n"


@UNANSWERED
async def test_a_runs_log_goes_on_after_what_has_arrived(
    proxied: Proxied, fault: Fault
) -> None:
    store, proxy = proxied
    logs, run = logs_over(store), Run(chain="c")
    asked = {"messages": [{"role": "user", "content": "?"}]}
    logs.attach(run, validate({**asked, "run_id": run.id, "chain": "c"}))
    assert run.log is not None
    run.log.note((0.0, TextDelta("d", "one")))
    await run.log.flush()
    for number in range(2):
        run.log.note((0.0, TextDelta("d", f"arrived {number}")))
        proxy.fault = fault
        with pytest.raises(StoreError):
            await run.log.flush()
        proxy.fault = "none"
        proxy.cut()
        run.log.note((0.0, TextDelta("d", f"meanwhile {number}")))
    await run.log.flush()
    await run.log.end(last_events(run))
    found = await read(logs, run.id, "")
    events = [event for line in found.lines for event in recorded.events(line)]
    texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert "".join(texts) == "onearrived 0meanwhile 0arrived 1meanwhile 1"
    assert found.done is not None
    assert run.kept
