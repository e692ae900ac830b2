"""Whether LangChain has refused what a part of a chain was given."""

import sys
import traceback

from langchain_core.exceptions import LangChainException

_TYPES = (TypeError, ValueError, AssertionError, AttributeError, KeyError)
_NO_DICTIONARY = "If 'exception_key' is specified then input"
_OF_GRAPHS = ("InvalidUpdateError", "EmptyInputError")


def is_refusal(exc: Exception) -> bool:
    """Whether *exc* says that something cannot be the input of a runnable.

    LangChain has no class for that: it is what its own code raises, or pydantic there.
    """
    errors = sys.modules.get("langgraph.errors")
    if type(exc) in [getattr(errors, name, None) for name in _OF_GRAPHS]:
        return True
    modules = [
        str(frame.f_globals.get("__name__"))
        for frame, _ in traceback.walk_tb(exc.__traceback__)
    ]
    while modules and modules[-1].startswith("pydantic."):
        modules.pop()
    ours = bool(modules) and modules[-1].startswith("langchain_core.")
    is_own = isinstance(exc, LangChainException)
    return ours and isinstance(exc, _TYPES) and not is_own


def is_no_dictionary(exc: Exception) -> bool:
    """Whether *exc* says that fallbacks, which add the exception to their input, got no
    dictionary."""
    return isinstance(exc, ValueError) and str(exc).startswith(_NO_DICTIONARY)
