"""What a person has decided, as what a graph waits for."""

from collections.abc import Collection, Iterable, Mapping

from pydantic import JsonValue

from streaming.errors import InvalidRequest


def decision(asked: object, approved: bool, reason: object) -> JsonValue:
    """The boolean, or as LangChain's human-in-the-loop middleware has it if that has
    *asked*, about all calls at once or about each."""
    made: dict[str, JsonValue] = {"type": "approve" if approved else "reject"}
    if not approved and isinstance(reason, str) and reason:
        made["message"] = reason
    match asked:
        case {"action_requests": list(requests)}:
            return {"decisions": [made for _ in requests]}
        case {"type": "tool_approval", "tool_call_id": str()}:
            return made
        case _:
            return approved


def check_decisions(
    asked: object, answer: object, toolboxes: Iterable[Collection[str]] = ()
) -> None:
    """Raise `InvalidRequest` if that middleware has *asked*, and would fail of
    *answer*.

    An edit may name another tool of the call's toolbox, if it is known.
    """
    match asked:
        case {"action_requests": list(calls), "review_configs": list(configs)}:
            pass
        case {"type": "tool_approval", "name": str(name)}:
            _check_tool(answer, asked, [[name]], "in the answer")
            return
        case _:
            return
    given = answer.get("decisions") if isinstance(answer, Mapping) else None
    if not isinstance(given, list) or len(given) != len(calls):
        raise _wrong('expected {"decisions": [...]}', f"with {len(calls)} in the list")
    for number, (each, config) in enumerate(zip(given, configs, strict=False)):
        where = f"in decisions.{number}"
        _check(each, config, where)
        _check_tool(each, calls[number], toolboxes, where)


def _check(given: object, config: object, where: str) -> None:
    allowed = config.get("allowed_decisions") if isinstance(config, Mapping) else None
    if not isinstance(allowed, list):
        return
    match given:
        case {"type": str(kind), **rest} if kind in allowed:
            pass
        case _:
            raise _wrong(f"expected a 'type', one of {allowed},", where)
    match kind, rest:
        case "edit", {"edited_action": {"name": str(), "args": dict()}}:
            pass
        case "edit", _:
            raise _wrong("expected an 'edited_action' with 'name' and 'args'", where)
        case "respond", {"message": str()}:
            pass
        case "respond", _:
            raise _wrong("expected a 'message'", where)


def _check_tool(
    given: object, call: object, toolboxes: Iterable[Collection[str]], where: str
) -> None:
    match given, call:
        case (
            {"type": "edit", "edited_action": {"name": str(name)}},
            {"name": str(asked)},
        ) if name != asked:
            names = {each for box in toolboxes if asked in box for each in box}
            if names and name not in names:
                expected = (
                    f"expected an 'edited_action' with a 'name' of {sorted(names)}"
                )
                raise _wrong(expected, where)


def _wrong(expected: str, where: str) -> InvalidRequest:
    return InvalidRequest(f"resume: {expected} {where}", param="resume")
