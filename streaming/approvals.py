"""What a person has decided, as what a graph waits for."""

from pydantic import JsonValue


def decision(asked: object, approved: bool, reason: object) -> JsonValue:
    """The boolean, or as LangChain's human-in-the-loop middleware has it if that has
    *asked*."""
    match asked:
        case {"action_requests": list(requests)}:
            made: dict[str, JsonValue] = {"type": "approve" if approved else "reject"}
            if not approved and isinstance(reason, str) and reason:
                made["message"] = reason
            return {"decisions": [made for _ in requests]}
        case _:
            return approved
