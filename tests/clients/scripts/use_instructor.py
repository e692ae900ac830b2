"""Instructor: a pydantic model out of every way of asking for one."""

import instructor
from _given import given, tell
from openai import OpenAI
from pydantic import BaseModel

# In JSON mode the stand-in answers with the keys that are quoted.
QUESTION = "Tell me the 'city' and the 'country' of the Colosseum."
MODES = [
    instructor.Mode.TOOLS,
    instructor.Mode.TOOLS_STRICT,
    instructor.Mode.JSON,
    instructor.Mode.JSON_SCHEMA,
]


class Place(BaseModel):
    city: str
    country: str


def place(mode: instructor.Mode, openai: OpenAI) -> dict[str, object]:
    client = instructor.from_openai(openai, mode=mode)
    asked = {
        "model": given["model"],
        "messages": [{"role": "user", "content": QUESTION}],
        "max_retries": 0,
    }
    whole = client.chat.completions.create(response_model=Place, **asked)
    partial = list(client.chat.completions.create_partial(Place, **asked))
    several = client.chat.completions.create_iterable(response_model=Place, **asked)
    return {
        "whole": whole.model_dump(),
        "partial": partial[-1].model_dump(),
        "pieces": len(partial),
        "several": [each.model_dump() for each in several]
        if mode is instructor.Mode.TOOLS
        else None,
    }


with OpenAI(base_url=given["url"], api_key="any") as openai:
    tell(**{mode.value: place(mode, openai) for mode in MODES})
