"""An assistant's message of the AI SDK as turns of a conversation: what it said, which
tools it called, and what they answered."""

from collections.abc import Iterator, Sequence

import orjson

from streaming import openai_form
from streaming.errors import invalid
from streaming.openai_form import Form

DENIED = "The user denied the call."


def turn(parts: Sequence[object], where: str) -> Iterator[Form]:
    """The messages that *parts* stand for, in their order.

    A step is one call of the model: its text, then its tool calls. Calls that have no
    result yet are left out, as a model refuses a conversation with one; and so are
    those that the server has run, unless the page has run another of the same step.
    """
    step = _Step()
    for number, part in enumerate(parts):
        match part:
            case {"type": "text", "text": str(text)}:
                yield from step.end_if_page_answered()
                step.text.append(text)
            case {"type": "text"}:
                raise invalid(f"{where}.parts.{number}.text", "expected a string")
            case {"type": "step-start"}:
                yield from step.end_if_page_answered()
                step.forget_calls()
            case {"type": str(kind)} if isinstance(part, dict):
                if kind == "dynamic-tool" or kind.startswith("tool-"):
                    step.add(part)
            case _:
                raise invalid(f"{where}.parts.{number}.type", "expected a string")
    yield from step.end_if_page_answered()
    if text := "".join(step.text):
        yield {"role": "assistant", "content": text}


class _Step:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.forget_calls()

    def forget_calls(self) -> None:
        self._calls: list[Form] = []
        self._results: list[Form] = []
        self._page_answered = False

    def add(self, part: Form) -> None:
        """A call of a tool, if it has a result."""
        result = _result(part)
        if result is None:
            return
        name = part.get("toolName") or str(part["type"]).removeprefix("tool-")
        called = part.get("toolCallId") or name
        given = part.get("input", part.get("rawInput"))
        arguments = "" if given is None else _as_text(given)
        self._calls.append(openai_form.call(called, name, arguments))
        self._results.append(openai_form.result(called, result))
        if part.get("providerExecuted") is not True:
            self._page_answered = True

    def end_if_page_answered(self) -> Iterator[Form]:
        if not self._page_answered:
            return
        text = "".join(self.text) or None
        yield {"role": "assistant", "content": text, "tool_calls": self._calls}
        yield from self._results
        self.text = []
        self.forget_calls()


def _result(part: Form) -> str | None:
    match part:
        case {"state": "output-available", "preliminary": True}:
            return None
        case {"state": "output-available"}:
            return _as_text(part.get("output"))
        case {"state": "output-error"}:
            return _as_text(part.get("errorText"))
        case {"state": "output-denied"}:
            return DENIED
        case _:
            return None


def _as_text(value: object) -> str:
    try:
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # What was read as JSON can be written else.
        raise invalid("messages", "a tool's part is nested too deep") from None
