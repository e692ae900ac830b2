"""How our model streams while nothing but this server's own callbacks listen.

LangChain's `astream` validates a pydantic model, awaits its callback manager and keeps
a message for each token. Here a chunk that has nothing but text passes without all of
this, and only its text is kept. Any other chunk is made by LangChain; so is the whole
stream if anything else listens: a tracer, a graph, `astream_events`, a handler.
"""

from asyncio import CancelledError
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any, cast

import openai
from langchain_core.callbacks import AsyncCallbackManager
from langchain_core.callbacks.manager import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models._utils import (
    _filter_invocation_params_for_tracing,
    _normalize_messages,
)
from langchain_core.language_models.chat_models import (
    _format_for_tracing,
    _gen_info_and_msg_metadata,
    _generate_response_from_error,
)
from langchain_core.messages import AIMessageChunk, BaseMessage, BaseMessageChunk
from langchain_core.outputs import ChatGenerationChunk, LLMResult
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from langchain_core.runnables import RunnableConfig, ensure_config
from langchain_core.utils.utils import LC_ID_PREFIX
from langchain_openai.chat_models.base import (
    _handle_openai_api_error,
    _handle_openai_bad_request,
)

from azure_openai.completions import ChunkStream
from runnables.answer_limit import AnswerLimit
from runnables.callback import RunCallback
from runnables.text_chunk import text_chunk

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI as _Base
else:
    # A second base with fields would put its defaults before those of AzureChatOpenAI.
    _Base = object

OURS = frozenset({RunCallback, AnswerLimit})
"""Listeners that need no call for a text: the completion's stream bounds itself."""

STRUCTURED = frozenset(
    ("response_format", "ls_structured_output_format", "structured_output_format")
)
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
        config = ensure_config(config)
        if self._streams_plainly(kwargs):
            params = self._get_invocation_params(stop=stop, **kwargs)
            manager = self._manager(config, params, stop, kwargs)
            if all(type(handler) in OURS for handler in manager.handlers):
                messages = self._convert_input(input).to_messages()
                return self._fast(messages, config, manager, params, stop, kwargs)
        return super().astream(input, config, stop=stop, **kwargs)

    def _streams_plainly(self, kwargs: dict[str, Any]) -> bool:
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

    def _manager(
        self,
        config: RunnableConfig,
        params: dict[str, Any],
        stop: list[str] | None,
        kwargs: dict[str, Any],
    ) -> AsyncCallbackManager:
        """As LangChain's `astream` configures it, with all who listen."""
        metadata = {
            **(config.get("metadata") or {}),
            **self._get_ls_params_with_defaults(stop=stop, **kwargs),
        }
        return AsyncCallbackManager.configure(
            config.get("callbacks"),
            self.callbacks,
            self.verbose,
            config.get("tags"),
            self.tags,
            metadata,
            self.metadata,
            langsmith_inheritable_metadata=_filter_invocation_params_for_tracing(
                params
            ),
        )

    async def _fast(
        self,
        messages: list[BaseMessage],
        config: RunnableConfig,
        manager: AsyncCallbackManager,
        params: dict[str, Any],
        stop: list[str] | None,
        kwargs: dict[str, Any],
    ) -> AsyncGenerator[AIMessageChunk]:
        [run] = await manager.on_chat_model_start(
            self._serialized,
            [_format_for_tracing(messages)],
            invocation_params=params,
            options={"stop": stop, **{k: params[k] for k in kwargs if k in params}},
            name=config.get("run_name"),
            run_id=config.pop("run_id", None),
            batch_size=1,
        )
        answer = _Answer(self, run)
        try:
            with _langchains_errors():
                payload = self._get_request_payload(
                    _normalize_messages(messages),
                    stop=stop,
                    stream=True,
                    stream_options={"include_usage": True},
                    **kwargs,
                )
                async with (
                    await self.async_client.create(**payload) as stream,
                    aclosing(stream.pieces()) as pieces,
                ):
                    async for piece in pieces:
                        if isinstance(piece, str):
                            yield answer.text(piece)
                        elif (chunk := answer.chunk(piece, stream)) is not None:
                            yield chunk
            if last := answer.last():
                yield last
            result = answer.result()
        # All that may leave a run's task: see `exits`.
        except (Exception, CancelledError, GeneratorExit) as exc:
            await run.on_llm_error(exc, response=answer.failed(exc))
            raise
        await run.on_llm_end(result)


class _Answer:
    """What has come of one model call's answer; *run* has those who listen."""

    def __init__(self, model: FastStream, run: AsyncCallbackManagerForLLMRun) -> None:
        self._convert = model._convert_chunk_to_generation_chunk
        self._run_id, self._id = run.run_id, f"{LC_ID_PREFIX}-{run.run_id}"
        self._callbacks = [
            handler for handler in run.handlers if isinstance(handler, RunCallback)
        ]
        self._kept: list[ChatGenerationChunk] = []
        self._texts: list[str] = []
        self._kind: type[BaseMessageChunk] = AIMessageChunk

    def text(self, text: str) -> AIMessageChunk:
        self._texts.append(text)
        for callback in self._callbacks:
            callback.note_text(text, self._run_id)
        return text_chunk(text, self._id)

    def chunk(
        self, chunk: dict[str, Any], stream: ChunkStream
    ) -> AIMessageChunk | None:
        """The message of *chunk*, if it has one.

        Typed as LangChain's own is; if a server names another role, it is another.
        """
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
        self._tell(generation)
        return cast(AIMessageChunk, message)

    def last(self) -> AIMessageChunk | None:
        """The empty chunk that LangChain adds to an answer."""
        if not self._kept or self._kind is not AIMessageChunk:
            return None
        chunk = AIMessageChunk(content="", chunk_position="last", id=self._id)
        self._tell(ChatGenerationChunk(message=chunk))
        return chunk

    def _tell(self, generation: ChatGenerationChunk) -> None:
        for callback in self._callbacks:
            text = generation.message.content
            callback.on_llm_new_token(text, chunk=generation, run_id=self._run_id)

    def _keep(self, *more: ChatGenerationChunk) -> None:
        if self._texts:
            whole = text_chunk("".join(self._texts), self._id)
            self._kept.append(ChatGenerationChunk(message=whole))
            self._texts.clear()
        self._kept.extend(more)

    def _merged(self) -> list[ChatGenerationChunk]:
        self._keep()
        merged = merge_chat_generation_chunks(self._kept)
        return [] if merged is None else [merged]

    def result(self) -> LLMResult:
        if not (merged := self._merged()):
            raise ValueError("No generation chunks were returned")
        return LLMResult(generations=[merged])

    def failed(self, exc: BaseException) -> LLMResult:
        batches = [self._merged(), _generate_response_from_error(exc)]
        return LLMResult(generations=[batch for batch in batches if batch])


@contextmanager
def _langchains_errors() -> Iterator[None]:
    """Raise LangChain's own classes in the place of the SDK's, as `_astream` does."""
    try:
        yield
    except openai.BadRequestError as exc:
        _handle_openai_bad_request(exc)
    except openai.APIError as exc:
        _handle_openai_api_error(exc)
