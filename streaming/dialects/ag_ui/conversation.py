"""The messages of AG-UI in OpenAI's form."""

from collections.abc import Iterator, Mapping, Sequence

from streaming import openai_form
from streaming.errors import invalid
from streaming.openai_form import Form


def conversation(posted: Sequence[object]) -> list[Form]:
    """The turns in *posted*, without a page's notes and the model's reasoning.

    Providers refuse a call without its result and a result without its call, so these
    are left out.
    """
    return list(_settled(openai_form.each("messages", posted, _message)))


def _settled(messages: Sequence[Form]) -> Iterator[Form]:
    answered = {each["tool_call_id"] for each in messages if each["role"] == "tool"}
    called: set[object] = set()
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] in called:
                called.discard(message["tool_call_id"])
                yield message
        elif isinstance(calls := message.pop("tool_calls", None), list):
            kept = [call for call in calls if call["id"] in answered]
            called |= {call["id"] for call in kept}
            if kept:
                yield {**message, "tool_calls": kept}
            elif message["content"]:
                yield message
        else:
            yield message


def _message(where: str, message: object) -> Form | None:
    match message:
        case {"role": "system" | "developer" | "user" as role} if isinstance(
            message, dict
        ):
            return {"role": role, "content": _content(where, message.get("content"))}
        case {"role": "assistant", **rest}:
            text = _text(where, rest.get("content"))
            posted = rest.get("toolCalls")
            calls = openai_form.each(
                f"{where}.toolCalls", [] if posted is None else posted, _call
            )
            return {"role": "assistant", "content": text or None, "tool_calls": calls}
        case {"role": "tool", "toolCallId": str(called), **rest}:
            text = _text(where, rest.get("content")) or str(rest.get("error") or "")
            return openai_form.result(called, text)
        case {"role": "tool"}:
            raise invalid(f"{where}.toolCallId", "expected a string")
        case {"role": str()}:
            return None  # `reasoning`, `activity`, and what later versions add.
        case _:
            raise invalid(f"{where}.role", "expected a string")


def _call(where: str, call: object) -> Form:
    match call:
        case {"id": str(key), "function": {"name": str(name), **rest}}:
            return openai_form.call(key, name, rest.get("arguments", ""))
        case _:
            raise invalid(where, "expected an id and a function with a name")


def _text(where: str, content: object) -> str:
    """The text of *content* alone."""
    made = _content(where, content or "")
    if isinstance(made, str):
        return made
    return "".join(str(part.get("text", "")) for part in made)


def _content(where: str, content: object) -> str | list[Form]:
    return openai_form.content(f"{where}.content", content, _part)


def _part(where: str, part: object) -> Form | None:
    """The part, unless no model could use it, as the protocol has it."""
    match part:
        case {"type": "text", "text": str(text)}:
            return openai_form.text(text) if text else None
        case {"type": "text"}:
            raise invalid(f"{where}.text", "expected a string")
        case {
            "type": "image" | "audio" | "document" as kind,
            "source": {"type": "data" | "url", "value": str()} as source,
            **rest,
        }:
            return _file(kind, source, rest.get("metadata"))
        case {"type": str()}:
            return None
        case _:
            raise invalid(f"{where}.type", "expected a string")


def _file(kind: str, source: Mapping[str, object], metadata: object) -> Form:
    value, mime = str(source["value"]), str(source.get("mimeType") or "")
    url = f"data:{mime};base64,{value}" if source["type"] == "data" else value
    known = metadata if isinstance(metadata, dict) else {}
    name = known.get("filename") or known.get("title")
    return openai_form.file(url, mime, kind=kind, name=name)
