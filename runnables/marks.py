"""Marks what a graph streams that is no part of its answer.

LangChain marks model calls of its own: those for structured output by an option, those
of its middleware by `lc_source`. What a tool calls is the tool's: its result is shown.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from langchain_core.callbacks.base import BaseCallbackHandler

INNER = "inner_call"
"""The key in a run's metadata, which a graph streams with each chunk."""


def is_inner(metadata: Mapping[str, object]) -> bool:
    """Whether what comes with *metadata* is no part of the answer."""
    return INNER in metadata or bool(metadata.get("lc_source"))


class Marks(BaseCallbackHandler):
    """Marks inner calls when they begin, and takes custom events to *report*."""

    run_inline = True
    ignore_llm = True
    ignore_retriever = True

    def __init__(self, report: Callable[[str, object], None]) -> None:
        self._report = report
        self._inside_tools: set[UUID] = set()

    def on_tool_start(self, *args: object, run_id: UUID, **kwargs: object) -> None:
        self._inside_tools.add(run_id)

    def on_chain_start(
        self,
        *args: object,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, object] | None = None,
        **kwargs: object,
    ) -> None:
        if parent_run_id in self._inside_tools:
            self._inside_tools.add(run_id)
            _mark(metadata)

    def on_chat_model_start(
        self,
        *args: object,
        parent_run_id: UUID | None = None,
        metadata: dict[str, object] | None = None,
        **kwargs: object,
    ) -> None:
        options = kwargs.get("options")
        inside = parent_run_id in self._inside_tools
        structured = "ls_structured_output_format"
        if inside or (isinstance(options, dict) and structured in options):
            _mark(metadata)

    def on_custom_event(self, name: str, data: object, **kwargs: object) -> None:
        self._report(name, data)


def _mark(metadata: dict[str, object] | None) -> None:
    if metadata is not None:
        metadata[INNER] = True
