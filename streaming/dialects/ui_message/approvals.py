"""What a person has decided on a page, as `useChat` posts it: answers for a resume."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from streaming.approvals import decision


def answers(messages: Sequence[object]) -> dict[str, JsonValue]:
    """The answers by the ids of what was asked; none if nobody has decided now.

    They are in the last step of the last message: earlier ones were answered before.
    """
    match messages:
        case [*_, {"role": "assistant", "parts": list(parts)}]:
            found: dict[str, JsonValue] = {}
            for part in parts:
                match part:
                    case {"type": "step-start"}:
                        found.clear()
                    case {
                        "state": "approval-responded",
                        "approval": {"id": str(key), "approved": bool(yes), **more},
                    }:
                        found[key] = _answer(part, yes, more.get("reason"))
            return found
        case _:
            return {}


def _answer(part: Mapping[str, object], approved: bool, reason: object) -> JsonValue:
    match part.get("input"):
        case {"value": asked}:
            return decision(asked, approved, reason)
        case _:
            return approved
