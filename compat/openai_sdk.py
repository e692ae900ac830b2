"""The patch of OpenAI's SDK, for chains that are loaded while another one is."""

import sys
from types import ModuleType

from openai import _httpx2

_loaded = _httpx2._loaded_legacy_httpx


def apply() -> None:
    """Put the patch in place; a second time does nothing."""
    vars(_httpx2)["_loaded_legacy_httpx"] = loaded_httpx


def loaded_httpx() -> ModuleType | None:
    """`httpx`, unless it is still being imported, when nobody can have anything of it.

    openai 3.57.0, _httpx2.py: it takes what `sys.modules` has and reads its classes,
    which are not there while another thread imports it. Then no client can be built,
    and no request be sent. No issue of theirs is known.
    """
    module = sys.modules.get("httpx")
    initializing = getattr(getattr(module, "__spec__", None), "_initializing", False)
    return None if initializing else module
