"""Images and the like in an answer: shown by their addresses, as Markdown."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from langchain_core.messages import BaseMessage

KINDS = {
    **dict.fromkeys(("image", "image_url", "image_generation_call"), "image"),
    **dict.fromkeys(("audio", "output_audio"), "audio"),
    **{"video": "video", "file": "file"},
}
"""What the types of blocks are called; the third is of the Responses API."""

UNSHOWN = (
    "The answer has nothing to show: its {kind} has no URL, and no dialect has a word "
    "for the bytes."
)

_AS_IT_IS = "!#$%&'*+,-./:;=?@[]_~"
"""What a link in Markdown may hold, and an address needs."""


def link(block: Mapping[str, object]) -> str:
    """The link to what *block* shows; an empty text if it has no address."""
    kind = KINDS.get(str(block.get("type")), "")
    address = _address(block) if kind else ""
    if not address.lower().startswith(("https://", "http://")):
        return ""
    return f"{'!' * (kind == 'image')}[{kind}]({quote(address, safe=_AS_IT_IS)})"


def _address(block: Mapping[str, object]) -> str:
    for name in ("url", "image_url", "source"):
        match block.get(name):
            case str() as address:
                return address
            case {"url": str() as address}:
                return address
    return ""


def unshown(message: BaseMessage) -> str:
    """What *message* has that cannot be shown, in a word; an empty text if nothing."""
    return next(_unshown(message), "")


def _unshown(message: BaseMessage) -> Iterator[str]:
    if message.additional_kwargs.get("audio"):
        yield "audio"
    for block in message.content if isinstance(message.content, list) else ():
        if isinstance(block, dict) and not link(block):
            yield from filter(None, [KINDS.get(str(block.get("type")))])
