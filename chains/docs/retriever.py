"""The documents as a retriever of LangChain's, whose callbacks see each search."""

from collections.abc import Iterable

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from chains.docs.library import Library
from chains.docs.passages import Passage


class DocsRetriever(BaseRetriever):
    """The *most* best passages of the *library*, as documents to cite."""

    # Pydantic would otherwise ask how to check a class that is not its own.
    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    most: int

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        raise NotImplementedError("use ainvoke")

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return as_documents(await self.library.search(query, self.most))


def as_documents(passages: Iterable[Passage]) -> list[Document]:
    return [
        Document(
            page_content=passage.text,
            metadata={
                "title": passage.heading,
                "source": passage.path,
                "url": passage.url,
            },
        )
        for passage in passages
    ]
