"""A model that does as the request says: calls its tools, and answers in its form."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from tests.standin import answers
from tests.standin.answers import Call, closing, opening, spoken
from tests.standin.directive import Message
from tests.standin.steps import Arguments, Step, Text, ToolCall
from tests.standin.wire import dumps

WORD = "Paris"

type Schema = Mapping[str, Any]  # JSON Schema, of any depth.


class Function(BaseModel):
    name: str
    parameters: dict[str, Any] = {}


class Tool(BaseModel):
    function: Function


class JsonSchema(BaseModel):
    definition: dict[str, Any] = Field(alias="schema")


class Form(BaseModel):
    type: str
    json_schema: JsonSchema | None = None


class Wishes(BaseModel):
    """What a request asks for beside an answer."""

    tools: list[Tool] = []
    tool_choice: str | Tool | None = None
    response_format: Form | None = None


def obliging(call: Call) -> Iterator[Step]:
    """Each tool once, then an answer in the form, if the request has them."""
    wishes = Wishes.model_validate(call.request.model_extra)
    asked = call.request.asked
    if function := wanted(wishes, call.request.messages):
        arguments = dumps(example(function.parameters, asked))
        earlier = len(names_called(call.request.messages))
        chunks: list[Step] = [ToolCall(0, function.name, earlier)]
        chunks += [Arguments(0, piece) for piece in pieces(arguments)]
        yield from opening(call)
        yield from spoken(call, chunks)
        yield from closing(call, "tool_calls")
    elif (form := wishes.response_format) and form.type != "text":
        yield from opening(call)
        texts = [Text(piece) for piece in pieces(dumps(formed(form, asked)))]
        yield from spoken(call, texts)
        yield from closing(call, "stop")
    else:
        yield from answers.answer(call)


def wanted(wishes: Wishes, messages: Sequence[Message]) -> Function | None:
    """The tool that is called next: the named one, else the first not yet called."""
    functions = [tool.function for tool in wishes.tools]
    if isinstance(wishes.tool_choice, Tool):
        name = wishes.tool_choice.function.name
        return next(each for each in functions if each.name == name)
    if wishes.tool_choice == "none":
        return None
    called = names_called(messages)
    left = [each for each in functions if each.name not in called]
    if wishes.tool_choice == "required":
        return next(iter(left + functions))
    return next(iter(left), None)


def names_called(messages: Sequence[Message]) -> set[str]:
    """The tools that were called since the last question."""
    users = [i for i, message in enumerate(messages) if message.role == "user"]
    answers = messages[users[-1] :] if users else messages
    calls = [
        call
        for message in answers
        for call in (message.model_extra or {}).get("tool_calls") or []
    ]
    return {call["function"]["name"] for call in calls}


def formed(form: Form, asked: str) -> object:
    """JSON as *form* wants it; without a schema, with the keys that *asked* quotes."""
    if form.json_schema is not None:
        return example(form.json_schema.definition, asked)
    return dict.fromkeys(re.findall(r"'(\w+)'", asked), WORD)


def example(schema: Schema, asked: str) -> object:
    """A value that *schema* allows, out of what *asked* quotes or counts."""
    return _example(schema, asked, schema.get("$defs", {}))


def _example(schema: Schema, asked: str, definitions: Schema) -> object:
    def of(inner: Schema) -> object:
        return _example(inner, asked, definitions)

    match schema:
        case {"$ref": str(path)}:
            return of(definitions[path.rpartition("/")[2]])
        case {"anyOf": [first, *_]} | {"allOf": [first, *_]}:
            return of(first)
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"type": "object"}:
            return {name: of(one) for name, one in schema.get("properties", {}).items()}
        case {"type": "array"}:
            return [of(schema.get("items", {}))]
        case {"type": "integer" | "number"}:
            found = re.search(r"\d+", asked)
            return int(found[0]) if found else 1
        case {"type": "boolean"}:
            return True
        case {"type": "null"}:
            return None
        case _:
            found = re.search(r"'([^']+)'", asked)
            return found[1] if found else WORD


def pieces(text: str) -> list[str]:
    """*text* as the model would piece it."""
    return re.findall(r"(?s).{1,5}", text)
