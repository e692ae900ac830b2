"""The answers that do not arrive whole, or not at all."""

import random
from collections.abc import Iterator, Sized

from tests.standin import replies
from tests.standin.answers import (
    Call,
    Scenario,
    answer,
    closing,
    opening,
    pieces,
    said,
    spoken,
)
from tests.standin.steps import (
    Done,
    Drop,
    ErrorEvent,
    Finish,
    Head,
    Pause,
    PromptFilter,
    Raw,
    Reply,
    Role,
    Step,
    Text,
    Usage,
)

FOREVER = 600_000


def error_event(call: Call) -> Iterator[Step]:
    """An error under status 200, after which nothing comes."""
    yield from said(call)
    yield ErrorEvent("The server had an error (secret-upstream-detail).")


def drop(call: Call) -> Iterator[Step]:
    """The connection is lost."""
    yield from said(call)
    yield Drop(reset=not call.directive.number("fin", 0))


def drop_before(call: Call) -> Iterator[Step]:
    """The connection is lost before the response begins."""
    yield Drop(reset=not call.directive.number("fin", 0))


def drop_headers(call: Call) -> Iterator[Step]:
    """The connection is lost when the response has begun, and said nothing."""
    yield Raw(b"")
    yield Drop(reset=not call.directive.number("fin", 0))


def stall(call: Call) -> Iterator[Step]:
    """Silence after some of the tokens."""
    texts = [Text(piece) for piece in pieces(call)]
    after = call.directive.number("after", len(texts) // 2)
    yield from opening(call)
    yield from spoken(call, texts[:after])
    yield Pause(call.directive.seconds("for_ms", FOREVER))
    yield from spoken(call, texts[after:])
    yield from closing(call, "stop")


def slow_first(call: Call) -> Iterator[Step]:
    """Not even headers for a while."""
    yield Pause(call.directive.seconds("ms", 1000))
    yield from answer(call)


def silent(call: Call) -> Iterator[Step]:
    """A beginning and nothing more."""
    yield from opening(call)
    yield Pause(FOREVER / 1000)


def malformed(call: Call) -> Iterator[Step]:
    """A chunk that is no JSON."""
    yield from said(call)
    yield Raw(b"data: {not json\n\n")


UNSENDABLE = {
    "openai-version": "Zürich",
    "x-ms-region": "Sweden\x01Central",
    "x-ratelimit-remaining-tokens": "\x7f",
    "x-request-id": "\x1b[31mred",
}
UNWANTED = {
    "link": "</a.js>; rel=preload",
    "service-worker-allowed": "/",
    "x-accel-redirect": "/private",
    "x-sendfile": "/private",
}


def unsendable_headers(call: Call) -> Iterator[Step]:
    """Headers that no server sends on, and those that none should."""
    yield Head({**UNSENDABLE, **UNWANTED})
    yield from answer(call)


def no_stream_options(call: Call) -> Iterator[Step]:
    """A service too old for `stream_options`."""
    if call.request.stream_options is None:
        yield from answer(call)
    else:
        yield replies.UNKNOWN_STREAM_OPTIONS


def _unwanted(call: Call) -> list[str]:
    """Those of `fields` that the request has."""
    fields = call.directive.parameters.get("fields", "max_tokens").split(",")
    return [field for field in fields if field in call.request.model_fields_set]


def refusing(call: Call) -> Iterator[Step]:
    """A model that does not take `fields`, and names one at a time."""
    if unwanted := _unwanted(call):
        yield replies.unsupported_parameter(unwanted[0])
    else:
        yield from answer(call)


def forbidding(call: Call) -> Iterator[Step]:
    """A server that does not know `fields`, and names all of them."""
    if unwanted := _unwanted(call):
        yield replies.extra_forbidden(unwanted)
    else:
        yield from answer(call)


def limited(call: Call) -> Iterator[Step]:
    """A server whose one limit is `max_tokens`; it passes over what it does not know.

    Of more than `most` it says that it is too large.
    """
    limit = call.request.max_tokens
    if limit is not None and limit > call.directive.number("most", limit):
        yield replies.too_many_tokens(limit)
        return
    texts = [Text(piece) for piece in pieces(call)]
    yield from opening(call)
    yield from spoken(call, texts[:limit])
    cut = limit is not None and limit < len(texts)
    yield from closing(call, "length" if cut else "stop")


def usage_null(call: Call) -> Iterator[Step]:
    """No usage, though asked."""
    yield from said(call)
    yield Finish("stop")
    yield Done()


def rate_limited(call: Call) -> Iterator[Step]:
    """Come back later."""
    parameters = call.directive.parameters
    yield replies.rate_limited(
        parameters.get("retry_after"), parameters.get("retry_after_ms")
    )


def quota(call: Call) -> Iterator[Step]:
    """A gateway's own limit, which some answer with 403."""
    body = {"statusCode": 403, "message": "Out of call volume quota."}
    seconds = call.directive.parameters.get("retry_after", "1")
    yield Reply(403, body, {"retry-after": seconds})


def picky(call: Call) -> Iterator[Step]:
    """The Responses API of a model that does not take `fields`; one may be inner."""
    for field in call.directive.parameters.get("fields", "include").split(","):
        outer, _, inner = field.partition(".")
        value = (call.request.model_extra or {}).get(outer)
        if value and (not inner or inner in value):
            yield replies.unsupported_parameter(field)
            return
    yield from answer(call)


def responses_only(call: Call) -> Iterator[Step]:
    """A model that the Responses API alone has."""
    if "input" in (call.request.model_extra or {}):
        yield from answer(call)
    else:
        yield replies.RESPONSES_ONLY


def odd_headers(call: Call) -> Iterator[Step]:
    """The same with odd headers: `which`, or any."""
    milliseconds = call.directive.parameters.get("retry_after_ms")
    yield replies.odd_headers(_which(call, replies.ODD_HEADERS), milliseconds)


NOTHING: tuple[tuple[Step, ...], ...] = (
    (PromptFilter(), Role(), Done()),
    (PromptFilter(), Role()),
    (PromptFilter(), Usage(), Done()),
    (Done(),),
    (Raw(b": wait\n\n"), Done()),
    (Raw(b": wait\r\n\r\ndata:[DONE] \r\n\r\n"),),
    (),
    (Reply(200, {}),),
    (Reply(200, {"choices": None, "usage": {"total_tokens": 1}}),),
    (Reply(204, {}),),
)


def nothing(call: Call) -> Iterator[Step]:
    """Success without a word or a reason: `which`, or any."""
    yield from NOTHING[_which(call, NOTHING)]


def _which(call: Call, kinds: Sized) -> int:
    return call.directive.number("which", random.randrange(len(kinds)))


def server_error(call: Call) -> Iterator[Step]:
    """The service's own failure."""
    yield replies.server_error(call.directive.number("status", 500))


def instead(reply: Reply) -> Scenario:
    """Always *reply*."""
    return lambda call: iter([reply])
