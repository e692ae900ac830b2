"""Models of `init_chat_model` that are made anew for each call, from its config."""

import sys
from typing import Protocol, cast

from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ValidationError

from runnables.generator import Chain
from runnables.structure import Place, replaced
from streaming.errors import NotConfigured

NO_MODEL = (
    "A model of init_chat_model cannot be made: it needs a model and a provider of its "
    "own, as no request names one."
)


class Configurable(Protocol):
    """What LangChain's private class has."""

    def _model(self, config: RunnableConfig | None = None) -> Chain: ...


def settled(chain: Chain) -> Chain:
    """*chain* with the models that its author has configured.

    No request has a config, and with `configurable_fields="any"` whatever this app has
    put into it would be a parameter of the model. Raises `NotConfigured`.
    """
    return replaced(chain, _made)


def _made(part: Chain, place: Place) -> Chain | None:
    module = sys.modules.get("langchain.chat_models.base")
    kind = getattr(module, "_ConfigurableModel", None)
    if kind is None or not isinstance(part, kind):
        return None
    try:
        made = cast(Configurable, part)._model(RunnableConfig(configurable={}))
    except ValidationError:
        raise  # Of the model's own settings.
    except (TypeError, ValueError):
        raise NotConfigured(NO_MODEL) from None
    assert isinstance(made, Runnable)
    return made
