"""The input items of a request as messages in OpenAI's form."""

import re
from collections.abc import Mapping, Sequence

from streaming import openai_form, sse
from streaming.errors import invalid
from streaming.openai_form import Form

Item = Mapping[str, object]

APPROVAL = re.compile(r"mcpr_([0-9a-f]{32})_(.+)", re.DOTALL)
"""The id of a question to a person: its run's id, and the interrupt's."""

_TEXTS = ("input_text", "output_text", "text", "summary_text")


def conversation(items: Sequence[Item]) -> list[Form]:
    """The turns in *items*, without a model's reasoning and what refers elsewhere."""
    turns: list[Form] = []
    for number, item in enumerate(items):
        where = f"input.{number}"
        match item.get("type", "message"):
            case "message":
                content = _content(f"{where}.content", item.get("content"))
                turns.append({"role": _role(where, item), "content": content})
            case "function_call" | "custom_tool_call":
                _add_call(turns, where, item, "call_id")
            case "function_call_output" | "custom_tool_call_output":
                output = _content(f"{where}.output", item.get("output"))
                called = _text(where, item, "call_id")
                turns.append(openai_form.result(called, output))
            case "mcp_call":
                _add_call(turns, where, item, "id")
                output = str(item.get("output") or "")
                turns.append(openai_form.result(item["id"], output))
            case "mcp_approval_response":
                turns.append(_decision(where, item))
            case str():
                pass  # `reasoning`, `item_reference`, and what other tools have done.
            case _:
                raise invalid(f"{where}.type", "expected a string")
    return turns


def _role(where: str, item: Item) -> object:
    role = item.get("role")
    if role not in ("user", "assistant", "system", "developer"):
        names = "'user', 'assistant', 'system' or 'developer'"
        raise invalid(f"{where}.role", f"expected {names}")
    return role


def _add_call(turns: list[Form], where: str, item: Item, key: str) -> None:
    """A call is of the assistant's message before it, if there is one."""
    arguments = item.get("arguments", "")
    if "input" in item:
        arguments = sse.text_of({"input": item["input"]})
    if not isinstance(arguments, str):
        raise invalid(f"{where}.arguments", "expected a string")
    name, id = _text(where, item, "name"), _text(where, item, key)
    made = openai_form.call(id, name, arguments)
    before = turns.pop() if turns and turns[-1]["role"] == "assistant" else {}
    calls = before.get("tool_calls")
    more = [*calls, made] if isinstance(calls, list) else [made]
    turns.append({"role": "assistant", "content": None, **before, "tool_calls": more})


def _decision(where: str, item: Item) -> Form:
    if not isinstance(item.get("approve"), bool):
        raise invalid(f"{where}.approve", "expected a boolean")
    asked = APPROVAL.fullmatch(_text(where, item, "approval_request_id"))
    if asked is None:
        raise invalid(f"{where}.approval_request_id", "nothing has asked for this")
    return openai_form.result(asked[2], sse.text_of(item["approve"]))


def _text(where: str, item: Item, name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"{where}.{name}", "expected a non-empty string")
    return value


def _content(where: str, content: object) -> object:
    match content:
        case str():
            return content
        case [{"type": str(kind), "text": str(text)}] if kind in _TEXTS:
            return text
        case list():
            return openai_form.each(where, content, _part) or ""
        case _:
            raise invalid(where, "expected a string or a list of parts")


def _part(where: str, part: object) -> Form:
    match part:
        case {"type": str(kind), "text": str(text)} if kind in _TEXTS:
            return openai_form.text(text)
        case {"type": "refusal", "refusal": str(text)}:
            return openai_form.text(text)
        case {"type": "input_image", "image_url": str(url), **rest}:
            detail = {"detail": rest["detail"]} if rest.get("detail") else {}
            return {"type": "image_url", "image_url": {"url": url, **detail}}
        case {"type": "input_file", "file_id": str(key)}:
            return {"type": "file", "file": {"file_id": key}}
        case {"type": "input_file", **rest}:
            given = str(rest.get("file_data") or rest.get("file_url") or "")
            return openai_form.file(given, "", kind="file", name=rest.get("filename"))
        case {"type": "input_audio", "input_audio": dict(audio)}:
            return {"type": "input_audio", "input_audio": audio}
        case _:
            raise invalid(where, "expected text, an input_image or an input_file")
