"""What servers send that are almost like OpenAI's."""

import json
from collections.abc import Callable, Iterator

from tests.standin.answers import Call, Scenario, opening, pieces, said
from tests.standin.steps import Done, Raw, Step
from tests.standin.wire import Json, frame


def chunk(delta: Json, reason: str | None = None, **more: object) -> Raw:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return Raw(frame({"object": "chat.completion.chunk", "choices": [choice], **more}))


def counts(answer: int) -> Json:
    usage = {"prompt_tokens": 10, "completion_tokens": answer}
    return {**usage, "total_tokens": 10 + answer}


def running_usage(call: Call) -> Iterator[Step]:
    """Usage in every chunk, of all that has been said; the last one has the reason."""
    texts = pieces(call)
    yield from opening(call)
    for count, text in enumerate(texts, 1):
        yield chunk({"content": text}, usage=counts(count))
    yield chunk({}, "stop", usage=counts(len(texts)))
    yield Done()


def tiered(call: Call) -> Iterator[Step]:
    """Usage of a service tier, with details."""
    details = {
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    yield from said(call)
    tier = call.directive.parameters.get("kind", "priority")
    yield chunk({}, "stop", service_tier=tier)
    usage = {**counts(3), **details}
    yield Raw(frame({"service_tier": tier, "choices": [], "usage": usage}))
    yield Done()


def split_pairs(call: Call) -> Iterator[Step]:
    """Emoji whose halves are escaped each in a chunk of its own; one half is lost."""
    yield from opening(call)
    for kind in ("reasoning_content", "content"):
        for text in ("Hi \ud83d", "\ude00", "\ud83d", "\ude00!\ud83d", " ", "\ud83d"):
            choice = {"index": 0, "delta": {kind: text}, "finish_reason": None}
            escaped = json.dumps({"choices": [choice]})
            yield Raw(f"data: {escaped}\n\n".encode())
    yield chunk({}, "stop")
    yield Done()


def broken_off(call: Call) -> Iterator[Step]:
    """A reason that is no success: `kind`."""
    yield from said(call)
    yield chunk({}, call.directive.parameters.get("kind", "error"))
    yield Done()


def piece(call_id: str | None, city: str = "", *, name: bool = True) -> Json:
    function = {"arguments": city} | ({"name": "get_weather"} if name else {})
    return {"function": function} | ({"id": call_id} if call_id else {})


def arguments(city: str) -> str:
    return f'{{"city":"{city}"}}'


def in_two(call_id: str, city: str) -> list[Json]:
    return [piece(call_id), piece(None, arguments(city), name=False)]


CALLS: dict[str, list[Json]] = {
    "same_index": [
        {**each, "index": 0} for each in in_two("a", "Paris") + in_two("b", "London")
    ],
    "same_index_whole": [
        {**piece("a", arguments("Paris")), "index": 0},
        {**piece("b", arguments("London")), "index": 0},
    ],
    "no_index": [piece("a", arguments("Paris")), piece("b", arguments("London"))],
    "no_index_pieces": [*in_two("a", "Paris"), *in_two("b", "London")],
    "no_index_mixed": [
        *(piece("a"), piece("b")),
        *(piece("a", arguments("Paris"), name=False),),
        *(piece("b", arguments("London"), name=False),),
    ],
    "ids_for_pieces": [
        {**piece("a"), "index": 0},
        {**piece("x1", arguments("Paris"), name=False), "index": 0},
        {**piece("b"), "index": 1},
        {**piece("x2", arguments("London"), name=False), "index": 1},
    ],
}
"""Two calls, `a` and `b`, in pieces."""


def calling(kind: str) -> Scenario:
    def scenario(call: Call) -> Iterator[Step]:
        yield from opening(call)
        for each in CALLS[kind]:
            yield chunk({"tool_calls": [each]})
        yield chunk({}, "tool_calls")
        yield Done()

    return scenario


def response_failed(call: Call) -> Iterator[Step]:
    """A response of the Responses API that fails, with a code."""
    code = call.directive.parameters.get("kind", "server_error")
    error = {"code": code, "message": "secret-upstream-detail"}
    response = {"id": "resp_x", "status": "failed", "error": error, "output": []}
    event = {"type": "response.failed", "sequence_number": 1, "response": response}
    yield Raw(b"event: response.failed\n" + frame(event))


def response_error(call: Call) -> Iterator[Step]:
    """An error within a stream of the Responses API."""
    code = call.directive.parameters.get("kind", "server_error")
    event = {"type": "error", "code": code, "message": "secret-upstream-detail"}
    yield Raw(b"event: error\n" + frame({**event, "sequence_number": 1}))


SCENARIOS: dict[str, Callable[[Call], Iterator[Step]]] = {
    "running_usage": running_usage,
    "tiered": tiered,
    "split_pairs": split_pairs,
    "broken_off": broken_off,
    "response_failed": response_failed,
    "response_error": response_error,
    **{f"calls_{kind}": calling(kind) for kind in CALLS},
}
