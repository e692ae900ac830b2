"""Where what outlives a run is kept, and for how long."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel

from settings.kinds import Seconds

_STORE = re.compile(r"memory|sqlite:.+|storage|rediss?://.+")


def _store(value: str) -> str:
    if not _STORE.fullmatch(value):
        raise ValueError("expected 'memory', 'sqlite:PATH', 'storage' or 'redis://…'")
    return value


class StoreSettings(BaseModel):
    store: Annotated[str, AfterValidator(_store)] = "memory"
    run_retention_seconds: Seconds = 600
