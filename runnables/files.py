"""Files of a request, in LangChain's form, which keeps their types.

LangChain takes every file in OpenAI's form for a PDF.
"""

import re
from collections.abc import Mapping
from mimetypes import guess_extension

from streaming.errors import InvalidRequest

# See: https://www.rfc-editor.org/rfc/rfc2397
_DATA_URL = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[^,;]*)*;base64,(?P<data>[A-Za-z0-9+/=_-]*)",
    re.ASCII,
)


def typed(part: dict[str, object], place: str) -> dict[str, object]:
    """The content *part* with its file's type; `InvalidRequest` names its *place*."""
    file = part.get("file")
    given = file.get("file_data") if isinstance(file, Mapping) else None
    if not isinstance(file, Mapping) or not isinstance(given, str):
        return part
    if given[:5].lower() != "data:":
        return part  # A server of its own kind may take it.
    found = _DATA_URL.fullmatch(given)
    if found is None:
        raise InvalidRequest(
            f"{place}.file.file_data: expected data:TYPE;base64,DATA", param=place
        )
    kind = found["type"].lower()
    name = file.get("filename") or f"file{guess_extension(kind) or ''}"
    return {
        "type": "file",
        "base64": found["data"],
        "mime_type": kind,
        "filename": name,
    }
