"""What a caller asks of the model beside an answer in words: tools, and a form."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    JsonValue,
    StringConstraints,
    model_validator,
)

from streaming.errors import invalid

Object = dict[str, JsonValue]


def name_of(value: object) -> str | None:
    """The `name` in *value*, if it is an object with one."""
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) and name else None


def _tool(tool: Object) -> Object:
    if not isinstance(tool.get("type"), str):
        raise ValueError("a tool needs the string 'type'")
    if tool["type"] == "function" and not name_of(tool.get("function")):
        raise ValueError("a tool of type 'function' needs 'function' with a 'name'")
    return tool


def _choice(choice: Object) -> Object:
    kind = choice.get("type")
    if not isinstance(kind, str):
        raise ValueError("expected 'none', 'auto', 'required' or an object with 'type'")
    if kind == "function" and not name_of(choice.get("function")):
        raise ValueError("a choice of type 'function' needs 'function' with a 'name'")
    return choice


def _response_format(wanted: Object) -> Object:
    if not isinstance(wanted.get("type"), str):
        raise ValueError("expected an object with the string 'type'")
    if wanted["type"] == "json_schema" and not name_of(wanted.get("json_schema")):
        raise ValueError("type 'json_schema' needs 'json_schema' with a 'name'")
    return wanted


Tool = Annotated[Object, AfterValidator(_tool)]
ToolChoice = (
    Literal["none", "auto", "required"] | Annotated[Object, AfterValidator(_choice)]
)
ResponseFormat = Annotated[Object, AfterValidator(_response_format)]
ReasoningEffort = Annotated[str, StringConstraints(min_length=1, max_length=32)]


class CallerTools(BaseModel):
    """What the caller would have the model heed, by OpenAI's names.

    A chain that cannot heed it answers without, unless it is `demanded`.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: ReasoningEffort | None = None

    @model_validator(mode="after")
    def _has_the_tool_that_has_to_be_called(self) -> Self:
        if not is_demand(self.tool_choice):
            return self
        if not self.tools:
            raise ValueError("tool_choice: there are no tools to choose from")
        chosen = isinstance(self.tool_choice, dict) and name_of(
            self.tool_choice.get("function")
        )
        if chosen and chosen not in self.names:
            raise ValueError(f"tool_choice: no tool is named {chosen[:100]!r}")
        return self

    @property
    def names(self) -> list[str]:
        """Those of the functions among the tools."""
        named = (name_of(tool.get("function")) for tool in self.tools or ())
        return [name for name in named if name]

    @property
    def demanded(self) -> list[str]:
        """The fields without which the answer would be of no use to the caller."""
        form = (self.response_format or {}).get("type")
        demands = {
            "tool_choice": is_demand(self.tool_choice),
            "response_format": form == "json_schema",
        }
        return [name for name, demand in demands.items() if demand]


def is_demand(choice: object) -> bool:
    """Whether a `tool_choice` says that a tool has to be called."""
    match choice:
        case None | "none" | "auto":
            return False
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}:
            return False
        case _:
            return True


def normalized(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of `CallerTools` in *fields*, without those that ask for nothing.

    `functions` and `function_call` are older names.
    """
    asked = {
        name: fields[name]
        for name in CallerTools.model_fields
        if fields.get(name) is not None
    }
    match asked:
        case {"response_format": {"type": "text"}}:
            del asked["response_format"]
    if not asked.get("tools", True):
        del asked["tools"]
    if "tools" not in asked and (functions := fields.get("functions")):
        asked["tools"] = _tools(functions)
    call = fields.get("function_call")
    if "tool_choice" not in asked and call is not None:
        asked["tool_choice"] = _tool_choice(call)
    if "tools" not in asked:
        # Without tools, OpenAI's API refuses them.
        asked.pop("parallel_tool_calls", None)
        if asked.get("tool_choice") in ("none", "auto"):
            del asked["tool_choice"]
    return asked


def _tools(functions: object) -> object:
    if not isinstance(functions, list):
        return functions
    return [{"type": "function", "function": each} for each in functions]


def _tool_choice(call: object) -> object:
    if isinstance(call, dict):
        return {"type": "function", "function": call}
    return call


def nested(fields: Mapping[str, object]) -> dict[str, object]:
    """*fields*, in which OpenAI's newer API has no object within another, as
    `CallerTools` has them."""
    functions = fields.get("tools")
    return {
        "tools": [*map(_nested_tool, functions)] if isinstance(functions, list) else [],
        "tool_choice": _nested_choice(fields.get("tool_choice")),
        "response_format": _nested_format(fields.get("response_format")),
    }


def _nested_tool(tool: Mapping[str, object]) -> dict[str, object]:
    known = ("name", "description", "parameters", "strict")
    function = {name: tool[name] for name in known if tool.get(name) is not None}
    return {"type": "function", "function": function}


def _nested_choice(choice: object) -> object:
    match choice:
        case {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "tools": list(tools), **rest}:
            named = [*map(_nested_choice, tools)]
            allowed = {"mode": rest.get("mode", "auto"), "tools": named}
            return {"type": "allowed_tools", "allowed_tools": allowed}
        case {"type": str(kind)}:
            raise invalid("tool_choice", f"no chain has the tool {kind[:100]!r}")
        case _:
            return choice


def _nested_format(wanted: object) -> object:
    match wanted:
        case {"type": "json_schema", **schema}:
            given = {name: value for name, value in schema.items() if value is not None}
            return {"type": "json_schema", "json_schema": given}
        case _:
            return wanted
