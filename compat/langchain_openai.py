"""The patches of langchain_openai, for the models that `CHAINS` brings.

No issue of theirs is known that asks for them.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from types import SimpleNamespace
from typing import Concatenate

from langchain_core.outputs import ChatGenerationChunk, GenerationChunk
from langchain_openai.chat_models import base
from langchain_openai.chat_models.base import BaseChatOpenAI
from langchain_openai.llms import base as llms

from runs.tool_calls import in_text

_convert_message = base._convert_dict_to_message
_convert_delta = base._convert_delta_to_message_chunk
_convert_event = base._convert_responses_chunk_to_generation_chunk
_convert = BaseChatOpenAI._convert_chunk_to_generation_chunk
_convert_text = llms._stream_response_to_generation_chunk
_streams = {name: getattr(BaseChatOpenAI, name) for name in ("_stream", "_astream")}


def apply() -> None:
    """Put the patches in place; a second time does nothing.

    langchain-openai 1.7.4, chat_models/base.py and llms/base.py: the first choice of
    each chunk is read, whatever its index, and with `n` above 1 the answers are mixed
    into one text. Usage that is a list, or has fractions, ends the answer. What a model
    declines with is left out of a stream, and is in an answer that comes whole. What
    models with open weights think is left out of both.
    """
    name = "_convert_chunk_to_generation_chunk"
    setattr(BaseChatOpenAI, name, convert_first_choice)
    for name, stream in _streams.items():
        setattr(BaseChatOpenAI, name, _with_n_of_the_call(stream))
    vars(llms)["_stream_response_to_generation_chunk"] = convert_first_text
    apply_to_ours()


def apply_to_ours() -> None:
    """Put those patches in place that our own model needs.

    langchain-openai 1.7.4, chat_models/base.py: what a model with open weights thinks
    comes as text instead of a summary, and is left out. A tool call whose id is a
    number ends the answer, and one whose arguments are an object cannot be read.
    """
    vars(base)["_convert_responses_chunk_to_generation_chunk"] = convert_reasoning
    vars(base)["_convert_dict_to_message"] = convert_message
    vars(base)["_convert_delta_to_message_chunk"] = convert_delta


def _with_n_of_the_call[T](stream: Callable[..., T]) -> Callable[..., T]:
    """*stream*, of a model that has the `n` of the call as its own."""

    @wraps(stream)
    def streaming(model: BaseChatOpenAI, *args: object, **kwargs: object) -> T:
        n = asked(model, kwargs)
        if isinstance(n, int) and n != model.n:
            model = model.model_copy(update={"n": n})
        return stream(model, *args, **kwargs)

    return streaming


def asked(model: BaseChatOpenAI, call: Mapping[str, object]) -> object:
    """How many answers *model* asks for in a *call* with these arguments."""
    # What is nearer to the call, and to the wire, counts.
    extra = call.get("extra_body", model.extra_body)
    if isinstance(extra, Mapping) and "n" in extra:
        return extra["n"]
    return call.get("n", model.n)


def convert_first_choice(
    model: BaseChatOpenAI,
    chunk: dict[str, object],
    default_chunk_class: type,
    base_generation_info: dict[str, object] | None,
) -> ChatGenerationChunk | None:
    """LangChain's method, for the choice with the index 0 if there are several, and
    with what it leaves out; usage that is none is left out."""
    if chunk.get("usage") and not _counts(chunk["usage"]):
        chunk = {**chunk, "usage": None}
    choices = chunk.get("choices")
    if model.n and model.n > 1 and isinstance(choices, list) and choices:
        ours = [choice for choice in choices if not choice.get("index")]
        if not ours and not chunk.get("usage"):
            return None
        chunk = {**chunk, "choices": ours}
    made = _convert(model, chunk, default_chunk_class, base_generation_info)
    if made is not None:
        made.message.additional_kwargs.update(_left_out(chunk))
    return made


def _left_out(chunk: Mapping[str, object]) -> Mapping[str, str]:
    """What the model declines with in *chunk*, or thinks: LangChain leaves it out."""
    match chunk:
        case {"choices": [{"delta": dict() as delta}, *_]}:
            declines = {} if delta.get("content") else {"refusal": delta.get("refusal")}
            # As vLLM and OpenRouter call it; some servers send both.
            thought = delta.get("reasoning_content") or delta.get("reasoning")
            found = {**declines, "reasoning_content": thought}
            return {k: v for k, v in found.items() if isinstance(v, str) and v}
        case _:
            return {}


def _counts(usage: object) -> bool:
    """Whether *usage* is what LangChain can add up: whole numbers by their names."""
    if not isinstance(usage, dict):
        return False
    return all(
        value is None
        or isinstance(value, int | str)
        or (isinstance(value, dict) and _counts(value))
        for name, value in usage.items()
        if "tokens" in name
    )


def convert_first_text(chunk: dict[str, object]) -> GenerationChunk:
    """LangChain's function, for the choice with the index 0."""
    choices = chunk.get("choices")
    ours = choices if isinstance(choices, list) else []
    ours = [choice for choice in ours if not choice.get("index")]
    return _convert_text({**chunk, "choices": ours})


def _with_thoughts[**P, T](
    convert: Callable[Concatenate[object, P], T],
) -> Callable[Concatenate[object, P], T]:
    """LangChain's function *convert*, for which text that was thought is a summary."""

    @wraps(convert)
    def converted(event: object, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if getattr(event, "type", None) == "response.reasoning_text.delta":
            named = {**vars(event), "type": "response.reasoning_summary_text.delta"}
            event = SimpleNamespace(**named, summary_index=named["content_index"])
        return convert(event, *args, **kwargs)

    return converted


convert_reasoning = _with_thoughts(_convert_event)


def _with_calls[**P, T](
    convert: Callable[Concatenate[Mapping[str, object], P], T],
) -> Callable[Concatenate[Mapping[str, object], P], T]:
    """LangChain's function *convert*, for calls whose ids and arguments are no text."""

    @wraps(convert)
    def converted(
        said: Mapping[str, object], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if isinstance(calls := said.get("tool_calls"), list):
            said = {**said, "tool_calls": [in_text(call)[0] for call in calls]}
        return convert(said, *args, **kwargs)

    return converted


convert_message = _with_calls(_convert_message)
convert_delta = _with_calls(_convert_delta)
