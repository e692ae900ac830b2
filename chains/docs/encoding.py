"""Which text the bytes of a file are."""

import codecs
import re

from chains.docs.page import Unreadable

_MARKS = {
    # It begins as the mark of UTF-16 does.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BEGINNING = 2048
"""Bytes of an HTML page in which it may name its encoding."""

_DECLARED = re.compile(
    rb"<meta\b[^>]{0,200}\bcharset\s{0,5}=\s{0,5}[\"']?"
    rb"((?:windows|cp|iso|koi8|mac|latin|shift|sjis|euc|gb|big5|tis)[\w-]{0,30})",
    re.IGNORECASE,
)
WESTERN = "cp1252"
"""The encoding of most texts that name none and are not UTF-8."""

MOST_ACCENTS = 0.25
"""The share of such a text that may not be ASCII; of any other script it is more."""


def decoded(content: bytes, *, html: bool = False) -> str:
    """The text that *content* is; raises `Unreadable` if that cannot be told."""
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return content.decode(name, errors="replace")
    if b"\0" in content:
        raise Unreadable("not text")
    text = content.decode("utf-8-sig", errors="replace")
    spoilt = text.count("\N{REPLACEMENT CHARACTER}")
    if not spoilt:
        return text
    if html and (declared := _DECLARED.search(content[:_BEGINNING])):
        try:
            return content.decode(declared[1].decode(), errors="replace")
        except LookupError:
            pass
    others = len(text) - len(text.encode("ascii", "ignore"))
    # A text with characters of UTF-8 has been cut, or spoilt.
    if others >= 2 * spoilt:
        return text
    if spoilt > MOST_ACCENTS * len(text):
        raise Unreadable("in an encoding that it does not name")
    return content.decode(WESTERN, errors="replace")
