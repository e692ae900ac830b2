"""Patches of other people's libraries, each until its canary test fails.

An entry says which version it was read from, what the library does, and where that is
reported. `tests/compat` has a canary each: it fails once the library no longer needs
the patch. Those of LangChain are in a module of their own, which is imported with the
first chain. That of langgraph has another one, and is put in place by the first run;
so have those of langchain_openai and of OpenAI's SDK, which the first chain that has a
model, or that `CHAINS` brings, puts in place.
"""

from starlette.convertors import PathConvertor


def apply() -> None:
    """Apply every patch, once, before there is a route."""
    match_line_ends_in_paths()


def match_line_ends_in_paths() -> None:
    """Let a path parameter hold a line end (`%0A`), as Azure's worker needs.

    Starlette 1.10.0: `PathConvertor.regex` is `.*`, which stops at a line end. The
    worker catches every path with one such route, and a request that does not match it
    never gets to its invocation, which waits until the host ends the whole worker.
    See: https://github.com/Kludex/starlette/issues/1058
    """
    PathConvertor.regex = "(?s:.*)"
