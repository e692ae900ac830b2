"""Where what outlives a run is kept, and for how long."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from settings.kinds import Seconds

_STORE = re.compile(r"memory|sqlite:.+|storage|rediss?://.+")


def _store(value: str) -> str:
    if not _STORE.fullmatch(value):
        raise ValueError("expected 'memory', 'sqlite:PATH', 'storage' or 'redis://…'")
    return value


_CHECKPOINTER = re.compile(
    r"memory|sqlite:.+|postgres(ql)?://.+|[A-Za-z_][\w.]*:[A-Za-z_]\w*"
)


def _checkpointer(value: SecretStr) -> SecretStr:
    if not _CHECKPOINTER.fullmatch(value.get_secret_value()):
        raise ValueError(
            "expected 'memory', 'sqlite:PATH', 'postgres://…' or 'module:attribute'"
        )
    return value


class StoreSettings(BaseModel):
    # The URL of a Redis may hold its password.
    store: Annotated[str, AfterValidator(_store)] = Field("memory", repr=False)
    checkpointer: Annotated[SecretStr, AfterValidator(_checkpointer)] | None = None
    """A URL may hold a password."""
    run_retention_seconds: Seconds = 600
    run_lease_seconds: Seconds = 30

    @property
    def store_shown(self) -> str:
        """`STORE`, fit to be shown: without a password."""
        engine, _, rest = self.store.partition("://")
        return (
            f"{engine}://{rest.rpartition('@')[2].partition('?')[0]}"
            if rest
            else self.store
        )
