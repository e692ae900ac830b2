"""What responses of chains were asked, kept for as long as the logs of their runs."""

from pydantic import BaseModel, JsonValue

from app import App
from runs import Run, thread_places
from store import ANY, StoreError
from streaming.errors import StoreUnavailable
from streaming.large import off_loop
from streaming.requests import ChatRequest, Message


class KeptInput(BaseModel):
    """The items that a run was given, and the conversation that they are the end of."""

    items: list[dict[str, JsonValue]] = []
    messages: list[Message] = []


def apart(asked: ChatRequest) -> tuple[list[Message], list[Message]]:
    """The instructions, which no later response has, and the other messages."""
    first = 1 if asked.response.instructions else 0
    return asked.messages[:first], asked.messages[first:]


async def keep(app: App, asked: ChatRequest, run: Run) -> None:
    _, messages = apart(asked)

    def dumped() -> bytes:
        kept = KeptInput(items=asked.response.items, messages=messages)
        return kept.model_dump_json(exclude_none=True).encode("utf-8", "replace")

    value = await off_loop(run.prompt_bytes, dumped)
    retention = app.settings.run_retention_seconds
    await app.store.put(*_place(run.owner, run.id), value, version=ANY, keep=retention)


async def read(app: App, owner: str, run_id: str) -> KeptInput:
    """What a run was asked; nothing if that is not known any more."""
    try:
        found = await app.store.get(*_place(owner, run_id))
    except StoreError:
        raise StoreUnavailable() from None
    return KeptInput.model_validate_json(found.value) if found else KeptInput()


async def forget(app: App, owner: str, run_id: str) -> None:
    """Forget the run's log too."""
    try:
        await app.store.drop(run_id)
        await app.store.delete(*_place(owner, run_id))
    except StoreError:
        raise StoreUnavailable() from None


def _place(owner: str, run_id: str) -> tuple[str, str]:
    return thread_places.asked(owner), run_id
