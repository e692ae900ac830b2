"""The chat model that chains share: LangChain's, with all that the wire carries."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from json import JSONDecodeError
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from pydantic import BaseModel, SecretStr

from azure_openai import outcome, refusals, transport
from azure_openai.completions import Completions
from compat import langchain_openai as compat_openai
from compat import openai_sdk
from runnables import responses
from runnables.callback import Fields, Json
from runnables.fast_stream import FastStream
from settings import Settings
from streaming.errors import ContentFiltered, NotConfigured
from streaming.requests import LimitField
from streaming.upstream_errors import UpstreamError

STRANGE = "The model's answer is not what it should be."

SET_BY_CREDENTIAL = SecretStr("set by azure_openai.credentials")


class _WholeWire(FastStream):
    """Adds to each chunk what LangChain leaves out.

    LangChain names the token limit by the model's class; here `azure_openai.refusals`
    does, as it knows the backend. `response_metadata["upstream"]` names the backend,
    once a call. A refusal's text is answer text; reasoning is
    `additional_kwargs["reasoning_content"]`; if the asynchronous content filter blocks,
    `additional_kwargs["redact"]` has the offsets.
    """

    def _get_request_payload(
        self,
        input_: LanguageModelInput,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Fields:
        if self._use_responses_api({**kwargs, **self.model_kwargs}):
            kwargs = responses.with_form(kwargs)
        payload = super()._get_request_payload(input_, stop=stop, **kwargs)
        if responses.is_payload(payload):
            return responses.completed(payload, {"stop": stop, **kwargs})
        return _with_limit(payload, kwargs, "max_tokens")

    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> Fields:
        params = super()._get_invocation_params(stop=stop, **kwargs)
        # What was asked, for the record.
        return _with_limit(params, kwargs, refusals.asked_limit.get() or "max_tokens")

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: Fields,
        default_chunk_class: type,
        base_generation_info: Fields | None,
    ) -> ChatGenerationChunk | None:
        if "usage" in chunk:
            chunk["usage"] = outcome.readable(chunk["usage"])
        choices = chunk.get("choices")
        choice = choices[0] if choices else {}
        delta = choice.get("delta") or {}
        if refusal := delta.get("refusal"):
            choice["delta"] = {
                **delta,
                "content": (delta.get("content") or "") + refusal,
            }
        generation = super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
        if generation is None:
            return None
        if upstream := chunk.get("upstream"):
            generation.message.response_metadata["upstream"] = upstream
        extra = generation.message.additional_kwargs
        # `reasoning` is what vLLM and OpenRouter call it.
        if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
            extra["reasoning_content"] = reasoning
        extra |= {"declined": [True]} if refusal else {}
        offsets = choice.get("content_filter_offsets")
        if offsets and choice.get("finish_reason") == "content_filter":
            # In a list, so that LangChain appends where it would add the numbers up.
            extra["redact"] = [offsets]
        return generation

    def _create_chat_result(
        self, response: Any, generation_info: Fields | None = None
    ) -> ChatResult:
        if (usage := getattr(response, "usage", None)) is not None:
            said = (
                usage.model_dump(warnings=False)
                if isinstance(usage, BaseModel)
                else usage
            )
            response.usage = outcome.readable(said)
        try:
            result = super()._create_chat_result(response, generation_info)
        except Exception as exc:
            # LangChain's words for an error under 200, for what is no completion, and
            # for one of Azure's that the filter has stopped.
            if _is_filtered(response):
                message = "The content filter stopped the answer."
                raise ContentFiltered(message) from exc
            if error := getattr(response, "error", None):
                raise outcome.error(error) from exc
            raise UpstreamError(STRANGE) from exc
        if not result.generations:
            raise UpstreamError(STRANGE)
        return result

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        if not self._use_responses_api({**kwargs, **self.model_kwargs}):
            chunks = super()._astream(messages, stop, run_manager, **kwargs)
            try:
                async for chunk in chunks:
                    yield chunk
            except Exception as exc:
                if not responses.is_named_by(exc):
                    raise
                self.use_responses_api = True
            else:
                return
        # Who answers is known once there is a chunk, and the callbacks read it there.
        first = True
        async for chunk in self._astream_responses(messages, stop, **kwargs):
            responses.note_answerer(chunk.message, begins=first)
            first = False
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        try:
            result = await self._answer(partial(super()._agenerate, *args, **kwargs))
        except (JSONDecodeError, UnicodeDecodeError) as exc:
            raise UpstreamError(STRANGE) from exc
        # Of an answer that did not stream, LangChain keeps nothing that would tell.
        for generation in result.generations:
            responses.note_answerer(generation.message)
        return result

    async def _answer(self, ask: Callable[[], Awaitable[ChatResult]]) -> ChatResult:
        try:
            return await ask()
        except Exception as exc:
            if self.use_responses_api or not responses.is_named_by(exc):
                raise
        self.use_responses_api = True
        return await ask()


def _with_limit(params: Fields, given: Json, name: LimitField) -> Fields:
    """*params* with one token limit: the one *given*, else the model's own.

    It is called *name*, but `max_completion_tokens` if it was given so.
    """
    params.pop("max_tokens", None)
    # LangChain's name for the model's own.
    limit = params.pop("max_completion_tokens", None)
    if (newer := given.get("max_completion_tokens")) is not None:
        name, limit = "max_completion_tokens", newer
    elif "max_tokens" in given:
        limit = given["max_tokens"]
    return params if limit is None else {**params, name: limit}


def _is_filtered(response: Any) -> bool:
    choices = getattr(response, "choices", None)
    if not isinstance(choices, list):
        return False
    reasons = [getattr(choice, "finish_reason", None) for choice in choices]
    return "content_filter" in reasons


class AzureModel(_WholeWire, AzureChatOpenAI):
    """Azure OpenAI."""


class OpenAIModel(_WholeWire, ChatOpenAI):
    """Any server that speaks OpenAI's API."""


class _AsyncOnly:
    """Replaces the SDK's blocking client."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("this model does not block: use ainvoke or astream")


def chat_model(settings: Settings) -> BaseChatModel:
    """The configured model; raises `NotConfigured` without one."""
    if not settings.model_configured:
        raise NotConfigured()
    openai_sdk.apply()
    compat_openai.apply_to_ours()
    http_client = transport.client(settings)
    shared: Fields = {
        "api_key": SET_BY_CREDENTIAL,
        "client": _AsyncOnly(),
        "http_async_client": http_client,
        "timeout": http_client.timeout,
        # The SDK's silent retries outlast the wait for a true status and hide a 429.
        "max_retries": 0,
        "stream_usage": True,
        # The run has its own limits, and this one costs a tenth of each chunk.
        "stream_chunk_timeout": None,
        "use_responses_api": settings.azure_openai_api == "responses",
    }
    model: AzureModel | OpenAIModel
    if settings.azure:
        # The HTTP client puts the backend that is asked in the place of the first.
        first = settings.backends[0]
        model = AzureModel(
            azure_endpoint=first.resource,
            azure_deployment=first.deployment,
            api_version=settings.azure_openai_api_version,
            azure_ad_token=None,
            **shared,
        )
    else:
        model = OpenAIModel(
            base_url=settings.openai_base_url,
            model=str(settings.openai_model),
            openai_proxy=None,
            **shared,
        )
    model.async_client = Completions(model.root_async_client, settings)
    return model


def stream_model(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
) -> AsyncGenerator[BaseMessage]:
    """Stream the model's answer, with the caller's sampling and tools; the caller
    closes the stream."""
    asked = caller_tools(config)
    if isinstance(model, _WholeWire) and "response_format" in asked:
        # LangChain would have the SDK parse the answer, which raises if it is cut.
        asked["extra_body"] = {"response_format": asked.pop("response_format")}
    asking = model if isinstance(model, _WholeWire) else _with_tools(model, asked)
    # `astream` is typed as an iterator; it is always a generator.
    chunks = asking.astream(list(messages), config, **sampling(config), **asked)
    return cast(AsyncGenerator[BaseMessage], chunks)


def _with_tools(
    model: BaseChatModel, asked: Fields
) -> Runnable[LanguageModelInput, AIMessage]:
    """*model* with the tools *asked* for, which are taken out, in its own form."""
    if "tools" not in asked or type(model).bind_tools is BaseChatModel.bind_tools:
        return model
    choice = asked.pop("tool_choice", "auto")
    if isinstance(choice, dict):
        choice = choice.get("function", {}).get("name", "auto")
    chosen = {} if choice == "auto" else {"tool_choice": choice}
    return model.bind_tools(asked.pop("tools"), **chosen)


def sampling(config: RunnableConfig) -> Fields:
    """The request's `temperature` and the like, as a model's `astream` takes them."""
    return dict(config.get("configurable", {}).get("sampling", {}))


def caller_tools(config: RunnableConfig) -> Fields:
    """The request's `tools` and the like, of which the chain has said that it takes
    them."""
    return dict(config.get("configurable", {}).get("caller_tools", {}))


def with_system_prompt(
    settings: Settings, messages: Sequence[BaseMessage], *more: str
) -> list[BaseMessage]:
    """Put `SYSTEM_PROMPT` and *more* before *messages*.

    If the caller may replace the prompt and does, only *more* remains.
    """
    replaced = settings.caller_system_prompt == "replace" and any(
        message.type == "system" for message in messages
    )
    ours = [] if replaced else [settings.system_prompt]
    text = "\n\n".join([*ours, *more])
    return [*([SystemMessage(text)] if text else []), *messages]
