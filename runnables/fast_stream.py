"""How our model streams while nothing but this server's own callbacks listen.

LangChain's `astream` validates a pydantic model, awaits its callback manager and keeps
a message for each token. Here a chunk that has nothing but text passes without all of
this, and only its text is kept. Any other chunk is made by LangChain; so is the whole
stream if anything else listens: a tracer, a graph, `astream_events`, a handler.
"""

from asyncio import CancelledError
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import openai
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models._utils import _normalize_messages
from langchain_core.language_models.chat_models import (
    _gen_info_and_msg_metadata,
)
from langchain_core.messages import AIMessageChunk, BaseMessage, BaseMessageChunk
from langchain_core.outputs import ChatGenerationChunk, Generation, LLMResult
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from langchain_core.runnables import RunnableConfig, ensure_config
from langchain_core.utils.utils import LC_ID_PREFIX
from langchain_openai.chat_models.base import (
    _handle_openai_api_error,
    _handle_openai_bad_request,
)

from azure_openai import refusals
from azure_openai.chunk_stream import ChunkStream
from runnables import responses
from runnables.callback import Fields, Json, RunCallback
from runnables.large import converted
from runnables.listening import listening, only_ours
from runnables.plain_chunk import (
    last_chunk,
    plain_chunk,
    says_more,
    text_chunk,
    whole,
)
from runs import MAX_KEPT

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI as _Base
else:
    # A second base with fields would put its defaults before those of AzureChatOpenAI.
    _Base = object

STRUCTURED = frozenset(
    ("response_format", "ls_structured_output_format", "structured_output_format")
)
MAX_PIECES = 10_000
"""Pieces of text to keep before they are put together."""

OPTIONS = frozenset(("stream", "stream_options", "stream_usage"))


class FastStream(_Base):
    """The `astream` of a model whose `async_client` gives a `ChunkStream`."""

    def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        if self._streams_plainly(kwargs):
            config = ensure_config(config)
            handlers = listening(config, self.callbacks, verbose=self.verbose)
            if only_ours(handlers):
                messages = self._convert_input(input).to_messages()
                run_id = config.get("run_id") or uuid4()
                answer = ModelAnswer(self, handlers, run_id)
                return self._fast(messages, config, answer, stop, kwargs)
        return super().astream(input, config, stop=stop, **kwargs)

    def _streams_plainly(self, kwargs: Fields) -> bool:
        special = STRUCTURED | OPTIONS
        return (
            self.stream_usage is True
            and self.output_version != "v1"
            and self.rate_limiter is None
            and not self.include_response_headers
            and not self.disable_streaming
            and special.isdisjoint(kwargs)
            and special.isdisjoint(self.model_kwargs)
            and not self._use_responses_api({**kwargs, **self.model_kwargs})
        )

    @cached_property
    def _named(self) -> Json:
        """The model's name and provider, which no argument of a call changes."""
        return {**self._get_ls_params_with_defaults()}

    async def _fast(
        self,
        messages: list[BaseMessage],
        config: RunnableConfig,
        answer: "ModelAnswer",
        stop: list[str] | None,
        kwargs: Fields,
    ) -> AsyncGenerator[AIMessageChunk]:
        payload = await converted(
            lambda: self._get_request_payload(
                _normalize_messages(messages),
                stop=stop,
                stream=True,
                stream_options={"include_usage": True},
                **kwargs,
            ),
            messages,
        )
        answer.start(messages, self._serialized, self._named, payload)
        try:
            with _langchains_errors():
                async with (
                    await self.async_client.create(**payload) as stream,
                    aclosing(stream.pieces()) as pieces,
                ):
                    async for piece in pieces:
                        if isinstance(piece, str):
                            yield answer.text(piece)
                        elif (chunk := answer.chunk(piece, stream)) is not None:
                            yield chunk
            if (last := answer.last()) is not None:
                yield last
            answer.end()
            return
        # All that may leave a run's task: see `exits`.
        except (Exception, CancelledError, GeneratorExit) as exc:
            answer.fail(exc)
            if not (isinstance(exc, Exception) and responses.is_named_by(exc)):
                raise
        self.use_responses_api = True
        again = super().astream(messages, config, stop=stop, **kwargs)
        # It is typed as an iterator; it is always a generator.
        async with aclosing(cast(AsyncGenerator[AIMessageChunk], again)) as chunks:
            async for chunk in chunks:
                yield chunk


class ModelAnswer:
    """One model call's answer so far, of which those who listen hear."""

    def __init__(
        self,
        model: FastStream,
        handlers: Sequence[BaseCallbackHandler],
        run_id: UUID,
    ) -> None:
        self._convert = model._convert_chunk_to_generation_chunk
        self._run_id, self._id = run_id, f"{LC_ID_PREFIX}-{run_id}"
        self._callbacks = [each for each in handlers if isinstance(each, RunCallback)]
        self._kept: list[AIMessageChunk | ChatGenerationChunk] = []
        self._texts: list[str] = []
        self._kind: type[BaseMessageChunk] = AIMessageChunk

    def start(
        self,
        messages: list[BaseMessage],
        serialized: Fields,
        named: Json,
        payload: Fields,
    ) -> None:
        for callback in self._callbacks:
            callback.on_chat_model_start(
                serialized,
                [messages],
                run_id=self._run_id,
                metadata={**named},
                invocation_params=refusals.as_asked(payload),
            )

    def text(self, text: str) -> AIMessageChunk:
        self._texts.append(text)
        if len(self._texts) > MAX_PIECES:
            # Of more than this, nobody who listens wants the text.
            self._texts[:] = ["".join(self._texts)[:MAX_KEPT]]
        for callback in self._callbacks:
            callback.note_text(text, self._run_id)
        return text_chunk(text, self._id)

    def chunk(self, chunk: Fields, stream: ChunkStream) -> AIMessageChunk | None:
        """The message of *chunk*, if it has one.

        Typed as LangChain's own is; if a server names another role, it is another.
        """
        if self._kind is AIMessageChunk and (plain := plain_chunk(chunk, self._id)):
            if not self._kept or says_more(plain):
                self._keep(plain)
            for callback in self._callbacks:
                said = plain.response_metadata
                callback.note_chunk(str(plain.content), plain, said, self._run_id)
            return plain
        generation = self._convert(chunk, self._kind, {})
        if generation is None:
            return None
        message = generation.message
        self._kind = type(message)
        if self._kind is not AIMessageChunk:
            stream.whole = True  # A text alone is no longer an assistant's.
        message.id = self._id if message.id is None else message.id
        message.response_metadata = _gen_info_and_msg_metadata(generation)
        self._keep(generation)
        for callback in self._callbacks:
            text = generation.message.content
            callback.on_llm_new_token(text, chunk=generation, run_id=self._run_id)
        return cast(AIMessageChunk, message)

    def last(self) -> AIMessageChunk | None:
        """The empty chunk that LangChain adds to an answer."""
        if not self._kept or self._kind is not AIMessageChunk:
            return None
        for callback in self._callbacks:
            callback.note_text("", self._run_id)
        return last_chunk(self._id)

    def end(self) -> None:
        if not (batches := self._batches()):
            raise ValueError("No generation chunks were returned")
        for callback in self._callbacks:
            callback.on_llm_end(LLMResult(generations=batches), run_id=self._run_id)

    def fail(self, exc: BaseException) -> None:
        response = LLMResult(generations=self._batches())
        for callback in self._callbacks:
            callback.on_llm_error(exc, run_id=self._run_id, response=response)

    def _keep(self, *more: AIMessageChunk | ChatGenerationChunk) -> None:
        if self._texts:
            self._kept.append(text_chunk("".join(self._texts), self._id))
            self._texts.clear()
        self._kept.extend(more)

    def _batches(self) -> list[list[Generation]]:
        """The answer so far, as an `LLMResult` has it."""
        self._keep()
        plain = [each for each in self._kept if isinstance(each, AIMessageChunk)]
        if plain and len(plain) == len(self._kept):
            self._kept = [whole(plain, self._id)]
        merged = merge_chat_generation_chunks(
            [
                ChatGenerationChunk(message=each)
                if isinstance(each, AIMessageChunk)
                else each
                for each in self._kept
            ]
        )
        return [[merged]] if merged is not None else []


@contextmanager
def _langchains_errors() -> Iterator[None]:
    """Raise LangChain's own classes in the place of the SDK's, as `_astream` does."""
    try:
        yield
    except openai.BadRequestError as exc:
        _handle_openai_bad_request(exc)
    except openai.APIError as exc:
        _handle_openai_api_error(exc)
