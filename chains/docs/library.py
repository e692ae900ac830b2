"""The documents of an app: read once, in a thread of their own, and then searched."""

import asyncio
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from weakref import WeakValueDictionary

from chains.docs.folder import read
from chains.docs.index import Index, terms
from chains.docs.passages import Passage
from runnables.places import raised_at
from streaming.errors import NotConfigured

log = logging.getLogger(__name__)

UNREAD = "The documents could not be read; the log says why."


_shared: WeakValueDictionary[str | None, "Library"] = WeakValueDictionary()
_sharing = threading.Lock()


class Library:
    """The documents in *folder*; `None` is this project's own."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.warning: str | None = None
        self._index: Future[Index | None] = Future()
        # Other work in the loop's own threads may take as long as it likes.
        self._searcher = ThreadPoolExecutor(1, thread_name_prefix="search")
        # A stop does not wait for a daemon.
        threading.Thread(target=self._read, name="documents", daemon=True).start()

    def _read(self) -> None:
        try:
            reading = read(self._folder)
            index = Index(reading)
        except Exception as exc:
            self.warning = UNREAD
            kind, where = type(exc).__name__, raised_at(exc.__traceback__)
            log.error("the documents could not be read: %s at %s", kind, where)
            self._index.set_result(None)
            return
        self.warning = reading.warning
        if self.warning:
            log.warning("documents: %s", self.warning)
        else:
            log.info("documents: %s", reading)
        self._index.set_result(index)

    @classmethod
    def shared(cls, path: str | None) -> "Library":
        """The one library of the documents at *path*, for all chains that answer from
        it; it is forgotten with the last of them."""
        with _sharing:
            library = _shared.get(path)
            if library is None:
                library = _shared[path] = cls(Path(path) if path else None)
            return library

    async def search(self, question: str, most: int) -> list[Passage]:
        """The passages that answer *question*, best first; waits for the reading.

        Raises `NotConfigured` if that has failed.
        """
        index = await self._read_index()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._searcher, lambda: index.search(terms(question), most)
        )

    async def of_file(self, path: str) -> list[Passage]:
        """All passages of the document *path*; none if there is no such document."""
        return (await self._read_index()).of_file(path)

    async def _read_index(self) -> Index:
        # Others wait for it too: a caller who leaves does not cancel it.
        index = await asyncio.shield(asyncio.wrap_future(self._index))
        if index is None:
            raise NotConfigured(UNREAD)
        return index
