"""Names in the environment that are only almost those of settings."""

import os
from collections.abc import Iterable
from difflib import get_close_matches

from settings import Settings
from settings.environment import names_of

LIKE = 0.87
"""How alike two names have to be: 1 if they are the same."""

OF_OTHERS = frozenset(
    {
        *("AZURE_OPENAI_API_TYPE", "OPENAI_API_BASE", "OPENAI_API_TYPE"),
        *("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"),
    }
)
"""Names that other software reads, and that are almost those of settings."""

OF_AZURE = ("APPSETTING_", "WEBSITE_")
"""How most names on Azure begin. They are left out, as each is compared with all
settings while the app starts."""


def mistyped(environ: Iterable[str] = os.environ) -> list[str]:
    """A warning for each such name, which has no effect."""
    known = {name for names in names_of(Settings).values() for name in names}
    return [
        f"{name} is no setting: did you mean {close[0]}?"
        for name in sorted({*environ} - known - OF_OTHERS)
        if not name.startswith(OF_AZURE)
        and (close := get_close_matches(name.upper(), known, 1, LIKE))
    ]
