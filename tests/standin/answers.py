"""The answers that arrive whole, whatever the model or the filter makes of them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.standin import odd
from tests.standin.directive import ChatRequest, Directive
from tests.standin.steps import (
    Annotation,
    Arguments,
    Done,
    Finish,
    FinishReason,
    Pause,
    PromptFilter,
    Role,
    Step,
    Text,
    ToolCall,
    Usage,
)
from tests.standin.wire import dumps

SENTENCE = "The capital of France is Paris, a city on the Seine."
THOUGHT = "The question is about France, so Europe."
REFUSAL = "I cannot help with that."
EVERY_WIDTH = "é 漢字 😀 line\u2028paragraph\u2029next\u0085end"
CITIES = ("Paris", "London")
PROMPT_OFFSET = 44
"""Where the asynchronous filter starts to count: after a prompt of that length."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request and what it asks the stand-in to do."""

    directive: Directive
    request: ChatRequest
    deployment: str
    """What the path asks for, else the body's `model`."""
    azure: bool
    """Whether the path is a deployment's, which has a chunk that v1 has not."""


type Scenario = Callable[[Call], Iterator[Step]]


def pieces(call: Call, default: str = SENTENCE) -> list[str]:
    """The text of the answer as the model would piece it."""
    parameters = call.directive.parameters
    if "tokens" in parameters:
        count = call.directive.number("tokens", 0)
        return [f" tok{i}" if i else "tok0" for i in range(count)]
    text = parameters.get("text", default)
    if size := call.directive.number("size", 0):
        return [text[i : i + size] for i in range(0, len(text), size)]
    return re.findall(r"\s*\S+|\s+", text)


def opening(call: Call) -> Iterator[Step]:
    """What comes before there is anything to read."""
    if call.azure:
        yield PromptFilter()
    yield Role()
    if first := call.directive.seconds("first_ms"):
        yield Pause(first)


def spoken(call: Call, chunks: Sequence[Step]) -> Iterator[Step]:
    """*chunks*, at the pace that was asked for."""
    delay = call.directive.seconds("delay_ms")
    for i, chunk in enumerate(chunks):
        if i and delay:
            yield Pause(delay)
        yield chunk


def said(call: Call, *, checked: bool = True) -> Iterator[Step]:
    """The opening and the content."""
    yield from opening(call)
    yield from spoken(call, [Text(piece, checked=checked) for piece in pieces(call)])


def closing(call: Call, reason: FinishReason) -> Iterator[Step]:
    """The finish, the usage where it was asked for, and `[DONE]`."""
    yield Finish(reason)
    yield from ending(call)


def ending(call: Call) -> Iterator[Step]:
    """What follows the finish."""
    if call.request.include_usage:
        yield Usage()
    yield Done()


def finished(reason: FinishReason) -> Scenario:
    """An answer that ends with *reason*."""

    def scenario(call: Call) -> Iterator[Step]:
        yield from said(call)
        yield from closing(call, reason)

    return scenario


answer = finished("stop")


def tools(call: Call) -> Iterator[Step]:
    """Ask for the weather, or for `tool` with `arguments`; once a tool has answered,
    `rounds` over, answer."""
    answered = call.request.messages[-1].role == "tool"
    if answered and call.request.rounds >= call.directive.number("rounds", 1):
        yield from answer(call)
        return
    name = call.directive.parameters.get("tool", "get_weather")
    chunks: list[Step] = []
    for index in range(call.directive.number("calls", 1)):
        weather = ('{"', "city", '":"', CITIES[index % 2], '"}')
        given = call.directive.parameters.get("arguments")
        arguments = weather if given is None else (given,)
        chunks.append(ToolCall(index, name))
        chunks += [Arguments(index, piece) for piece in arguments]
    yield from opening(call)
    yield from spoken(call, chunks)
    yield from closing(call, "tool_calls")


def refusal(call: Call) -> Iterator[Step]:
    """The model declines."""
    yield from opening(call)
    texts = [Text(piece, "refusal") for piece in pieces(call, REFUSAL)]
    yield from spoken(call, texts)
    yield from closing(call, "stop")


def reasoning(call: Call) -> Iterator[Step]:
    """Thoughts first, then the answer."""
    yield from opening(call)
    thoughts = re.findall(r"\s*\S+", THOUGHT)
    texts = [Text(piece, "reasoning_content") for piece in thoughts]
    texts += [Text(piece) for piece in pieces(call)]
    yield from spoken(call, texts)
    yield from closing(call, "stop")


def async_filter(call: Call) -> Iterator[Step]:
    """The filter's verdicts lag: the second comes after the finish."""
    texts = pieces(call)
    half = len(texts) // 2
    middle = PROMPT_OFFSET + len("".join(texts[:half]))
    end = PROMPT_OFFSET + len("".join(texts))
    yield from opening(call)
    yield from spoken(call, [Text(text, checked=False) for text in texts[:half]])
    yield Annotation(PROMPT_OFFSET, middle)
    yield from spoken(call, [Text(text, checked=False) for text in texts[half:]])
    yield Finish("stop")
    yield Annotation(middle, end)
    yield from ending(call)


def block(call: Call) -> Annotation:
    """The asynchronous filter takes back what has been said."""
    end = len("".join(pieces(call)))
    number = call.directive.number
    return Annotation(number("start", 0), number("end", end), blocked=True)


def async_block(call: Call) -> Iterator[Step]:
    """Blocked halfway: no finish but the filter's, and no usage."""
    yield from said(call, checked=False)
    yield block(call)
    yield Done()


def block_after_stop(call: Call) -> Iterator[Step]:
    """Blocked when the model had already finished."""
    yield from said(call, checked=False)
    yield Finish("stop")
    yield block(call)
    yield from ending(call)


def odd_usage(call: Call) -> Iterator[Step]:
    """Counts that are none; which, `kind` says, or else the question's length."""
    kinds = list(odd.USAGE)
    size = len(call.request.messages[-1].text)
    yield from said(call)
    yield Finish("stop")
    if call.request.include_usage or not call.request.stream:
        yield Usage(call.directive.parameters.get("kind", kinds[size % len(kinds)]))
    yield Done()


def utf8_split(call: Call) -> Iterator[Step]:
    """Characters of every width; `delivery` splits their bytes between writes."""
    yield from opening(call)
    yield from spoken(call, [Text(piece) for piece in pieces(call, EVERY_WIDTH)])
    yield from closing(call, "stop")


def big(call: Call) -> Iterator[Step]:
    """Everything in one chunk."""
    yield from opening(call)
    yield Text("x" * call.directive.number("bytes", 1_048_576))
    yield from closing(call, "stop")


def echo(call: Call) -> Iterator[Step]:
    """What reached the model."""
    # `exclude_unset`: as they were sent.
    messages = [m.model_dump(exclude_unset=True) for m in call.request.messages]
    yield from opening(call)
    yield Text(dumps(messages))
    yield from closing(call, "stop")
