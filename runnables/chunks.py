"""What a LangChain runnable streams, chunk by chunk, as neutral events."""

from collections.abc import Iterator, Mapping, Sequence, Set

from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    BaseMessageChunk,
    FunctionMessage,
    ToolMessage,
)
from langchain_core.runnables import AddableDict

from runnables import marks, media, states
from runnables.citations import Citations
from runnables.conversation import Given
from runnables.messages import Messages
from runnables.results import NOTHING, Result, as_json, as_text, warn
from runnables.states import Part
from runnables.structure import ANSWER
from streaming.errors import InternalError, NotYet
from streaming.events import Custom, Event, Output, Progress


class Translator:
    """Keeps what chunks have left open, for one run that was *given* an input.

    *outputs* are the names of what a graph puts out of its state, if not all. A text of
    what is *repeated* begins with all that has been read of it. Of a dictionary that
    comes in pieces, *answer* is the key of the answer.
    """

    def __init__(
        self,
        progress: Progress,
        given: object = None,
        outputs: Sequence[str] | None = None,
        *,
        repeated: Set[str | None] = frozenset(),
        answer: str = ANSWER,
    ) -> None:
        self._progress = progress
        self._given, self._outputs = given, outputs
        self.failed: set[str] = set()  # Messages of calls that have failed, by id.
        self._messages = Messages(progress, states.messages_in(given), self.failed)
        self._result = Result(given)
        self._before: Mapping[str, object] = {}
        self._answered = False  # By the key "answer" of a dictionary.
        self._state: object = None
        self._by_others = self._unshown = ""
        self._repeated, self._answer, self._read = repeated, answer, ""
        self._citations = Citations()
        self._pending: list[Custom] = []
        self._documents: list[Document] = []
        self.heard = False  # Whether it has yielded anything, be it an empty text.

    @property
    def cited(self) -> bool:
        return self._citations.any

    def events(self, chunk: object) -> Iterator[Event]:
        """Translate *chunk*, which a chain has yielded, into the caller's events."""
        if self._pending:
            yield from self._pended()
        self.heard = self.heard or chunk is not None
        match chunk:
            case str():
                yield from self._text(chunk, repeated=None in self._repeated)
            case AIMessage():
                yield from self._say(chunk)
            case tuple() | Part():
                yield from self._part(chunk)
            case ToolMessage() | FunctionMessage() | Document():
                yield from self._message(chunk)
            case BaseMessage():
                self._note(chunk)
            case dict():
                yield from self._dictionary(chunk)
            case list() if any(map(states.speaks, chunk)):
                for part in chunk:
                    is_message = isinstance(part, BaseMessage)
                    yield from (self._message if is_message else self.events)(part)
            case None:
                pass
            case _:
                self._result.add(chunk)

    def _text(self, text: str, *, repeated: bool) -> Iterator[Event]:
        new = text.removeprefix(self._read)
        self._read = text if repeated else ""
        if new:
            yield self._messages.text(str(new))

    def _say(self, message: AIMessage, place: str = "") -> Iterator[Event]:
        if message.additional_kwargs or not isinstance(message.content, str):
            self._unshown = media.unshown(message) or self._unshown
        yield from self._messages.add(message, place)

    def _note(self, message: BaseMessage) -> None:
        """Keep what is no assistant's: it is the answer if nothing else is."""
        if self._messages.knows(message):
            return
        before = self._by_others if isinstance(message, BaseMessageChunk) else ""
        self._by_others = before + message.text

    def _part(self, chunk: tuple[object, ...] | Part) -> Iterator[Event]:
        """What a graph streams: it depends on how it was told to."""
        match chunk:
            case (tuple() as within, str() as mode, payload):
                yield from self._of_graph(mode, payload, "|".join(within))
            case Part(mode, payload, within):
                yield from self._of_graph(mode, payload, within)
            case (str() as mode, payload) if mode in states.MODES:
                yield from self._of_graph(mode, payload, "")
            case (BaseMessage() as message, dict()) | (tuple(), (message, dict())):
                yield from self._message(message)
            case _:
                self._result.add(chunk)

    def report(self, name: str, payload: object) -> None:
        """Send the caller *payload* with the next events."""
        if (data := as_json(payload)) is not NOTHING:
            self._pending.append(Custom(name, data))

    def _pended(self) -> Iterator[Event]:
        while self._pending:
            yield self._pending.pop(0)

    def _message(self, message: object, place: str = "") -> Iterator[Event]:
        match message:
            case AIMessage():
                yield from self._say(message, place)
            case ToolMessage() | FunctionMessage():
                self._unshown = media.unshown(message) or self._unshown
                yield from self._messages.result(message, place)
                yield from self._citations.of(getattr(message, "artifact", None))
            case Document():
                self._documents.append(message)
                yield from self._citations.of(message)
            case _:
                pass  # A graph also streams what it was given.

    def _of_graph(self, mode: str, payload: object, within: str) -> Iterator[Event]:
        match mode, payload:
            case "messages", (message, dict() as metadata):
                yield from self._streamed(message, metadata)
            case "updates", dict():
                states.check_that_it_ends(payload)
                for update in states.updates(payload):
                    yield from self._updated(states.changes(update))
                    for value in () if within else update.values():
                        yield from self._citations.of(value)
            case "values", _ if not within:
                self._state = states.put_out(payload, self._outputs)
                yield from self._messages.settle(states.messages_in(payload))
            case "before" | "given" | "known", _:
                if mode != "known":
                    self._given = payload
                for message in states.messages_in(payload):
                    self._messages.know(message)
            case "custom", _:
                self.report("custom", payload)
                yield from self._pended()

    def _updated(self, update: Sequence[BaseMessage]) -> Iterator[Event]:
        calls = self._messages.calls
        yield from self._messages.update(update)
        for message in update:
            # With a result that hands over to a node of another graph, that is all.
            if calls.awaits(message):
                yield from self._message(message)

    def _streamed(
        self, message: object, metadata: Mapping[str, object]
    ) -> Iterator[Event]:
        if isinstance(message, dict):
            message = states.message_of(message)
        if not marks.is_inner(metadata):
            place = str(metadata.get("langgraph_checkpoint_ns") or "")
            yield from self._message(message, place)
        elif isinstance(message, BaseMessage):
            self._messages.know(message)

    def _dictionary(self, chunk: dict[str, object]) -> Iterator[Event]:
        if isinstance(chunk, AddableDict):
            for key, value in chunk.items():
                yield from self._piece(key, value)
            return
        states.check_that_it_ends(chunk, states.IN_A_FUNCTION)
        if states.messages_in(chunk):
            self._state = chunk  # A graph's, whose state a function has returned.
        elif states.is_update(chunk):
            for update in chunk.values():
                for message in states.messages_in(update):
                    yield from self._message(message)
        elif chunk.keys() & {"answer", "context"}:
            yield from self._grown(chunk)
        else:
            self._result.add(chunk)

    def _piece(self, key: str, value: object) -> Iterator[Event]:
        """A piece of one value of a dictionary, as `RunnableParallel` streams it."""
        repeated, is_answer = key in self._repeated, key == self._answer
        is_inner = key == ANSWER and isinstance(value, AddableDict)
        if is_answer and isinstance(value, str):
            self._answered = True
            yield from self._text(value, repeated=repeated)
        elif is_inner or (is_answer and isinstance(value, BaseMessage | Part | None)):
            self._answered = True
            yield from self.events(value)
        elif repeated:
            self._result.set_piece(key, value)
        elif isinstance(value, Part):
            if value.mode == "custom":
                self.report("custom", value.payload)
            elif value.mode == "values":
                self._result.set_piece(key, states.said(value.payload))
        else:
            self._result.add_piece(key, value)
            yield from self._citations.of(value)

    def _grown(self, chunk: dict[str, object]) -> Iterator[Event]:
        """A retrieval chain's dictionary, which repeats what it has said before."""
        before, self._before = self._before, chunk
        yield from self._citations.of(chunk.get("context"))
        answer, said = chunk.get("answer"), before.get("answer")
        match answer:
            case str() | BaseMessage():
                self._answered = True
                if isinstance(answer, str) and isinstance(said, str):
                    answer = answer.removeprefix(said)
                yield from self.events(answer)
            case None:
                pass
            case _:
                self._result.add(chunk)

    def end(self, *, waits: bool = False) -> Iterator[Event]:
        """The remaining events once the chain has ended, or *waits* for a person.

        Then what is no message is no answer yet.
        """
        yield from self._pended()
        yield from self._messages.settle()
        yield from self._new_messages()
        if not waits:
            yield from self._final_state()
            yield from self._structured()
            if self._by_others and not self._messages.length:
                yield self._messages.paragraph(self._by_others)
        yield from self._messages.end()
        if self._unshown and not self._messages.length | self._messages.calls.waiting:
            raise NotYet(media.UNSHOWN.format(kind=self._unshown))

    def _new_messages(self) -> Iterator[Event]:
        """Those of a graph's last state that were not streamed."""
        shown = self._messages.calls.has_result  # Maybe with an update.
        left = [each for each in states.newest(self._state) if not shown(each)]
        for message in left:
            yield from self._message(message)
        if not self._messages.any:
            for message in states.by_others(self._state, self._given):
                self._note(message)

    def _final_state(self) -> Iterator[Event]:
        """What else a graph's last state has."""
        if isinstance(self._state, Given) and not self._messages.any:
            yield self._messages.paragraph(str(self._state))
        answer = states.answer(self._state, self._given)
        if isinstance(answer, str):
            if answer and not self._messages.repeats(answer):
                yield self._messages.paragraph(answer)
        elif answer is not NOTHING and not self._messages.length:
            self._result.add(answer)

    def _structured(self) -> Iterator[Event]:
        """A structured result: as text, unless the answer is just that, and as JSON."""
        value, response = self._result.value, states.structured_response(self._state)
        if response is not None:
            value = response
        elif self._answered and (beside := self._result.beside(self._before)):
            yield Output(as_json(beside))
            return
        elif self._messages.length and value is not NOTHING:
            if not self._answered:
                warn(value)
            return
        elif value is NOTHING and not self._messages.any:
            value = "\n\n".join(each.page_content for each in self._documents)
            value = value or NOTHING
        if value is NOTHING:
            return
        if (plain := as_json(value)) is NOTHING:
            kind = type(value).__name__
            raise InternalError(f"The chain's result is of the type {kind}.")
        if plain != "" and not self._messages.says(plain):
            yield self._messages.paragraph(as_text(plain))
        if not isinstance(plain, str):
            yield Output(plain)
