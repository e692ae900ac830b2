"""What is no `Exception` comes out as one, and a cancellation as what it is."""

import asyncio
import subprocess
import sys
import traceback
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextvars import Context, ContextVar
from functools import partial
from typing import Any, NoReturn

import anyio
import pytest

from runnables.exits import Exit, contain_tasks, contained
from tests.support.app_process import ROOT

EXITS = [SystemExit, KeyboardInterrupt]
run: ContextVar[str] = ContextVar("run")
TEXT = "".join(["the text ", "of an exit"])


@pytest.fixture(autouse=True)
def asyncios_own() -> Iterator[None]:
    """What other tests have had replaced, and this one will."""
    before = asyncio.eager_task_factory
    vars(asyncio)["eager_task_factory"] = asyncio.tasks.eager_task_factory
    yield
    vars(asyncio)["eager_task_factory"] = before


def begin() -> None:
    """Be a run from here on."""
    run.set("run")
    contain_tasks(run)


async def fail(kind: type[BaseException]) -> NoReturn:
    await asyncio.sleep(0)
    raise kind(TEXT)


def in_a_task(kind: type[BaseException]) -> asyncio.Task[Any]:
    return asyncio.create_task(fail(kind))


def in_an_eager_task(kind: type[BaseException]) -> asyncio.Task[Any]:
    return asyncio.eager_task_factory(asyncio.get_running_loop(), fail(kind))


@pytest.mark.parametrize("kind", [ValueError, asyncio.CancelledError, GeneratorExit])
def test_exceptions_and_cancellations_pass(kind: type[BaseException]) -> None:
    with pytest.raises(kind), contained:
        raise kind


@pytest.mark.parametrize("kind", [*EXITS, type("Own", (BaseException,), {})])
def test_all_else_is_an_exception_with_a_name_and_a_place(
    kind: type[BaseException],
) -> None:
    with pytest.raises(Exit) as raised, contained:
        raise kind(TEXT)
    assert str(raised.value) == kind.__qualname__
    shown = "".join(traceback.format_exception(raised.value))
    assert TEXT not in shown
    assert "test_exits.py" in traceback.format_tb(raised.value.__traceback__)[-1]


@pytest.mark.parametrize("start", [in_a_task, in_an_eager_task])
@pytest.mark.parametrize("kind", EXITS)
async def test_a_task_raises_it_to_who_waits_and_the_loop_goes_on(
    start: Callable[[type[BaseException]], asyncio.Task[Any]],
    kind: type[BaseException],
) -> None:
    begin()
    with pytest.raises(Exit, match=kind.__name__):
        await start(kind)


async def test_a_task_may_exit_in_its_cleaning_too() -> None:
    begin()
    begun = asyncio.Event()

    async def clean() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            sys.exit(TEXT)

    task = asyncio.create_task(clean())
    await begun.wait()
    task.cancel()
    with pytest.raises(Exit, match="SystemExit"):
        await task


async def test_a_task_that_is_cancelled_before_it_begins_leaves_nothing_open() -> None:
    """A coroutine that nobody awaited is a warning, which fails here."""
    begin()
    task = in_a_task(SystemExit)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_factory_that_was_there_still_starts_the_tasks() -> None:
    """Azure's worker has one, which is called with no more than a context."""
    loop = asyncio.get_running_loop()

    class WorkersTask(asyncio.Task[Any]):
        pass

    def start(
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, Any],
        context: Context | None = None,
    ) -> WorkersTask:
        return WorkersTask(coro, loop=loop, context=context)

    loop.set_task_factory(start)
    begin()
    ours = loop.get_task_factory()
    begin()
    assert loop.get_task_factory() is ours
    task = in_a_task(SystemExit)
    assert type(task) is WorkersTask
    with pytest.raises(Exit):
        await task


async def test_a_task_in_a_runs_context_is_the_runs_whoever_starts_it() -> None:
    contain_tasks(run)
    within = Context()
    within.run(run.set, "run")
    loop = asyncio.get_running_loop()
    for start in (loop.create_task, partial(asyncio.eager_task_factory, loop)):
        with pytest.raises(Exit):
            await start(fail(SystemExit), context=within)


async def test_a_generator_that_nobody_closed_may_exit_too() -> None:
    """It is closed by a task in whatever context the collector happens to run in."""
    contain_tasks(run)
    loop = asyncio.get_running_loop()
    reported = loop.create_future()
    loop.set_exception_handler(lambda _, said: reported.set_result(said["exception"]))

    async def speak() -> AsyncGenerator[str]:
        try:
            yield "once"
        finally:
            sys.exit(TEXT)

    assert await anext(speak()) == "once"
    with anyio.fail_after(5):
        assert isinstance(await reported, Exit)


async def test_the_servers_own_tasks_are_left_alone() -> None:
    contain_tasks(run)
    waiting = asyncio.sleep(0)
    task = asyncio.create_task(waiting)
    assert task.get_coro() is waiting
    await task


def test_a_library_that_looks_at_asyncios_own_factory_can_be_imported_later() -> None:
    """anyio, and httpx with it, is imported with a chain's first request."""
    code = (
        "import asyncio, contextvars\n"
        "from runnables.exits import contain_tasks\n"
        "async def main():\n"
        "    contain_tasks(contextvars.ContextVar('run'))\n"
        "    import anyio, anyio._backends._asyncio\n"
        "    async with anyio.create_task_group() as group:\n"
        "        group.start_soon(asyncio.sleep, 0)\n"
        "asyncio.run(main())\n"
    )
    asked = [sys.executable, "-c", code]
    subprocess.run(asked, cwd=ROOT, check=True, timeout=30)
