"""The caller's own name for a thread, which stands in paths too."""

import re
from typing import Annotated, TypeGuard

from pydantic import StringConstraints

LONGEST = 128

# In a path, clients take `.` and `..` for the folder and the one above it.
_FORM = r"^\.*[A-Za-z0-9_:-][A-Za-z0-9_.:-]*$"

ThreadId = Annotated[str, StringConstraints(max_length=LONGEST, pattern=_FORM)]

EXPECTED = f"expected 1 to {LONGEST} of A-Za-z0-9_.:-, and not dots alone"


def is_thread_id(given: object) -> TypeGuard[str]:
    return (
        isinstance(given, str)
        and len(given) <= LONGEST
        and re.fullmatch(_FORM, given) is not None
    )
