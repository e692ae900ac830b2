"""The answers that call tools with odd arguments: long, many, deep, or not JSON."""

from collections.abc import Callable, Iterator

from tests.standin.answers import Call, Scenario, closing, opening, pieces, spoken
from tests.standin.steps import Arguments, Raw, Step, Text, ToolCall
from tests.standin.wire import frame

CODE = 'def greet(name):\n    print("Hello, {}".format([name]))\n'

type Argument = Callable[[int], str]
"""The arguments of a call, by how many bytes they should have, about."""


def bad_escape(size: int) -> str:
    r"""JSON but for a `\d`, as models write regular expressions."""
    return '{"code": "\\d' + "x" * size + '"}'


def raw_code(size: int) -> str:
    """Code, and no JSON around it."""
    return CODE * -(-size // len(CODE))


def brackets(size: int) -> str:
    """Lists and objects that are opened and not closed, and are wrong soon."""
    return '{"a": tru, "b": ' + '[{"c": ' * (size // 7)


def deep(size: int) -> str:
    """JSON, so deep that few can read it."""
    depth = size // 6
    return '{"a":' * depth + "1" + "}" * depth


def long(size: int) -> str:
    """JSON."""
    return '{"code": "' + "x" * size + '"}'


def speaking(call: Call) -> Iterator[Step]:
    """What there is of `text`."""
    yield from opening(call)
    yield from spoken(call, [Text(piece) for piece in pieces(call, "")])


def cut(call: Call, text: str) -> list[str]:
    """*text* in pieces of `size`, or whole."""
    size = call.directive.number("size", 0) or len(text)
    return [text[start : start + size] for start in range(0, len(text), size)]


def calling(argument: Argument, *, size: int, calls: int = 1) -> Scenario:
    """Call `calls` tools, with `bytes` of *argument* in pieces of `size`."""

    def scenario(call: Call) -> Iterator[Step]:
        number = call.directive.number
        yield from speaking(call)
        for index in range(number("calls", calls)):
            yield ToolCall(index, "run")
            for piece in cut(call, argument(number("bytes", size))):
                yield Arguments(index, piece)
        yield from closing(call, "tool_calls")

    return scenario


def function_call(call: Call) -> Iterator[Step]:
    """The one call of the time before there were tools."""
    yield from speaking(call)
    yield _function({"name": "run", "arguments": ""})
    for piece in cut(call, bad_escape(call.directive.number("bytes", 100))):
        yield _function({"arguments": piece})
    yield from closing(call, "tool_calls")


def _function(piece: dict[str, str]) -> Raw:
    choice = {"index": 0, "delta": {"function_call": piece}, "finish_reason": None}
    return Raw(frame({"object": "chat.completion.chunk", "choices": [choice]}))


SCENARIOS: dict[str, Scenario] = {
    "bad_escape": calling(bad_escape, size=10_000),
    "raw_code": calling(raw_code, size=10_000),
    "brackets": calling(brackets, size=10_000),
    "deep": calling(deep, size=10_000),
    "long_call": calling(long, size=10_000),
    "too_long_call": calling(long, size=300_000),
    "many_calls": calling(long, size=1, calls=257),
    "function_call": function_call,
}
