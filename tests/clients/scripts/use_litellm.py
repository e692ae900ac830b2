"""LiteLLM's `responses()`: whole, streamed, a call, and two failures."""

import os
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # Else it asks the internet.

import litellm
from _given import given, tell

litellm.suppress_debug_info = True
TOOL = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def ask(question: str, **more: object) -> Any:
    return litellm.responses(
        model=f"openai/{given['model']}",
        input=f"standin:{question}",
        api_base=given["url"],
        api_key="any",
        max_retries=0,
        **more,
    )


def kind_of(event: Any) -> str:
    return str(getattr(event.type, "value", event.type))


def failure(question: str) -> str:
    try:
        list(ask(question, stream=True))
    except Exception as error:
        return type(error).__name__
    return "none"


events = list(ask("answer tokens=3", stream=True))
[call] = ask("tools", tools=[TOOL]).output
tell(
    whole=ask("answer tokens=3").output_text,
    streamed="".join(
        event.delta for event in events if kind_of(event).endswith("text.delta")
    ),
    last=kind_of(events[-1]),
    call=[call.name, call.arguments],
    busy=failure("rate_limited"),
    lost="none" if failure("drop tokens=2") == "none" else "raised",
)
