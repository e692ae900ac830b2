"""Names in the environment that are only almost those of settings."""

import os
from collections.abc import Iterable
from difflib import get_close_matches

from settings import Settings
from settings.environment import names_of

LIKE = 0.87

OF_OTHERS = frozenset(
    {
        *("AZURE_OPENAI_API_TYPE", "OPENAI_API_BASE", "OPENAI_API_TYPE"),
        *("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"),
    }
)


def mistyped(environ: Iterable[str] = os.environ) -> list[str]:
    """What to say of each such name: it has no effect. Takes some milliseconds."""
    known = {name for names in names_of(Settings).values() for name in names}
    return [
        f"{name} is no setting: did you mean {close[0]}?"
        for name in sorted({*environ} - known - OF_OTHERS)
        if (close := get_close_matches(name.upper(), known, 1, LIKE))
    ]
