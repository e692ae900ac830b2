"""The limit on an answer's tokens, which models know by two names."""

from contextvars import ContextVar
from typing import Literal

from settings import Settings
from settings.backends import Backend

Name = Literal["max_tokens", "max_completion_tokens"]

REASONING = ("o1", "o3", "o4", "gpt-5")
"""What the deployment of a reasoning model is called first, as a rule."""

OPENAI = "api.openai.com"
"""All models there take `max_completion_tokens`; many others' servers ignore it."""

asked: ContextVar[Name | None] = ContextVar("asked", default=None)
"""The name that this run's caller used; `None` if the caller's wire has only one."""


def usual(settings: Settings, backend: Backend) -> Name:
    """The name to begin with if the caller used none."""
    if settings.azure:
        newer = backend.deployment.lower().startswith(REASONING)
    else:
        newer = f".{backend.host}".endswith(f".{OPENAI}")
    return "max_completion_tokens" if newer else "max_tokens"
