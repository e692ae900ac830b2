"""The routes of the LangGraph SDK."""

from collections.abc import Iterator

from app.invocation import Handler, Route
from app.langgraph import assistants, known_runs, runs, threads

_THREAD = "threads/{thread}"
_RUN = f"{_THREAD}/runs/{{run_id}}"

_SERVED: tuple[tuple[str, str, Handler, str], ...] = (
    ("GET", "ok", assistants.ok, "That this answers"),
    ("GET", "info", assistants.info, "What this is"),
    ("POST", "assistants/search", assistants.search, "The chains, as assistants"),
    ("POST", "assistants/count", assistants.count, "How many assistants there are"),
    ("GET", "assistants/{assistant}", assistants.get, "An assistant"),
    ("GET", "assistants/{assistant}/graph", assistants.graph, "Its one node"),
    ("GET", "assistants/{assistant}/schemas", assistants.schemas, "What it takes"),
    ("GET", "assistants/{assistant}/subgraphs", assistants.subgraphs, "None"),
    ("POST", "threads", threads.create, "Create a thread"),
    ("POST", "threads/search", threads.search, "The caller's threads"),
    ("GET", _THREAD, threads.get, "A thread"),
    ("PATCH", _THREAD, threads.update, "Add to a thread's metadata"),
    ("DELETE", _THREAD, threads.delete, "Delete a thread"),
    ("GET", f"{_THREAD}/state", threads.state, "A thread's state"),
    ("GET", f"{_THREAD}/state/{{checkpoint}}", threads.state, "An earlier one"),
    ("POST", f"{_THREAD}/state/checkpoint", threads.state, "The same, by checkpoint"),
    ("POST", f"{_THREAD}/history", threads.history, "Its states, the newest first"),
    ("POST", "runs/stream", runs.stream, "Run an assistant without a thread"),
    ("POST", "runs/wait", runs.wait, "Run it, and get the values after it"),
    ("POST", f"{_THREAD}/runs/stream", runs.stream, "Run an assistant on a thread"),
    ("POST", f"{_THREAD}/runs/wait", runs.wait, "Run it, and get the values after it"),
    ("POST", f"{_THREAD}/runs", runs.background, "Begin a run that goes on by itself"),
    ("GET", f"{_THREAD}/runs", known_runs.list_runs, "A thread's runs"),
    ("GET", _RUN, known_runs.get, "A run"),
    (
        "GET",
        f"{_RUN}/stream",
        known_runs.follow,
        "What a run streams, and has streamed",
    ),
    ("GET", f"{_RUN}/join", known_runs.join, "The values after a run"),
    ("POST", f"{_RUN}/cancel", known_runs.cancel, "Stop a run"),
)


def routes() -> Iterator[Route]:
    for method, path, handler, summary in _SERVED:
        words = [part.strip("{}") for part in path.split("/")]
        yield Route(
            "_".join(["langgraph", method.lower(), *words]),
            f"langgraph/{path}",
            handler,
            summary,
            dialect="langgraph",
            methods=(method,),
        )
