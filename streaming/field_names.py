"""The fields of a request by the names that a wire has for them."""

import re
from collections.abc import Mapping

from streaming.errors import ChatError


def named[E: ChatError](error: E, names: Mapping[str, str]) -> E:
    """*error* with those of *names*, which are by a `ChatRequest`'s."""
    message, param = error.message, error.param or ""
    for ours, theirs in names.items():
        message = re.sub(rf"(^|; ){ours}(?=[:.])", rf"\1{theirs}", message)
        param = re.sub(rf"^{ours}(?=\.|$)", theirs, param)
    return type(error)(message, param=param or None)
