"""The sources of an answer, each cited once."""

from collections.abc import Iterator

from langchain_core.documents import Document

from streaming.events import Citation

SNIPPET = 300
"""Characters of a source to show in a citation."""


class Citations:
    """Numbers the documents of an answer."""

    def __init__(self) -> None:
        self._sources: set[tuple[str, str]] = set()

    @property
    def any(self) -> bool:
        return bool(self._sources)

    def of(self, value: object) -> Iterator[Citation]:
        """A citation for each document in *value* that was not cited yet."""
        for document in value if isinstance(value, list) else [value]:
            if not isinstance(document, Document):
                continue
            metadata = document.metadata
            source = str(metadata.get("source") or "")
            key = (source or str(metadata.get("url") or ""), document.page_content)
            if key in self._sources:
                continue
            self._sources.add(key)
            yield Citation(
                id=str(len(self._sources)),
                title=str(metadata.get("title") or source),
                url=str(metadata.get("url") or source),
                snippet=document.page_content[:SNIPPET],
            )
