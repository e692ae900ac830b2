"""What the code of a function says of its input, if no type does."""

import dis
from itertools import pairwise
from types import CodeType

from runnables.kinds import TEXT_NAMES
from runnables.shapes import HISTORY_NAMES

MESSAGES = ("messages", "conversation")
"""Names for the whole conversation."""

OF_A_REQUEST = (*TEXT_NAMES, *HISTORY_NAMES, *MESSAGES)

_METHODS_OF_TEXT = {
    name for name in dir(str) if not any(hasattr(kind, name) for kind in (dict, list))
}


def asked(code: CodeType, parameter: str) -> dict[str, bool]:
    """The names that a function looks up in its *parameter*, and which it needs: by
    `[…]`, not by `get`."""
    steps = list(dis.get_instructions(code))
    got: dict[str, bool] = {}
    for loaded, then, after in zip(steps, steps[1:], steps[2:], strict=False):
        if loaded.argval != parameter or not loaded.opname.startswith("LOAD_"):
            continue
        if after.opname == "BINARY_SUBSCR" and isinstance(then.argval, str):
            got[then.argval] = True
        elif then.argval == "get" and isinstance(after.argval, str):
            got.setdefault(after.argval, False)
    return got


def reads_text(code: CodeType, parameter: str) -> bool:
    """Whether a function does with its *parameter* what only a text can."""
    steps = list(dis.get_instructions(code))
    return bool(sought(code, parameter).difference(OF_A_REQUEST)) or any(
        loaded.argval == parameter
        and then.opname == "LOAD_ATTR"
        and then.argval in _METHODS_OF_TEXT
        for loaded, then in pairwise(steps)
    )


def sought(code: CodeType, parameter: str) -> set[str]:
    """The texts that a function looks for in its *parameter* by `in`."""
    steps = list(dis.get_instructions(code))
    return {
        text.argval
        for text, loaded, then in zip(steps, steps[1:], steps[2:], strict=False)
        if then.opname == "CONTAINS_OP"
        and loaded.argval == parameter
        and isinstance(text.argval, str)
    }
