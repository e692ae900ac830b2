"""Token counts: the provider's, or estimates from the text."""

from collections.abc import Iterable

from streaming.events import Usage

MOST = 2**63 - 1
"""Cap on counts: a sink's integers have 64 bits."""

BYTES_PER_TOKEN = 4
"""Bytes of UTF-8 for each token, an estimate for OpenAI's encodings."""

TOKENS_PER_MESSAGE = 4
"""Tokens that a chat's markup adds to each message, an estimate."""


def count_bytes(size: int) -> int:
    return -(-size // BYTES_PER_TOKEN)


def count_tokens(text: str) -> int:
    """Estimate the tokens in *text*, without a tokenizer."""
    return count_bytes(len(text.encode("utf-8", "replace")))


def counted(value: object) -> int | None:
    """*value*, if it is a whole number from 0 to `MOST`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST else None


def provided(
    *,
    prompt: object,
    completion: object,
    total: object,
    cached: object,
    reasoning: object,
) -> Usage | None:
    """The provider's numbers, or `None` if they do not give a call's usage.

    A missing count is 0; an unreadable one is the remainder of the total.
    """
    if all(counted(given) is None for given in (prompt, completion, total)):
        return None
    read = _read(prompt, completion, total), _read(completion, prompt, total)
    if read[0] is None or read[1] is None:
        return None
    return Usage(
        input_tokens=read[0],
        output_tokens=read[1],
        total_tokens=counted(total) or summed([read[0], read[1]]),
        cached_tokens=counted(cached) or 0,
        reasoning_tokens=counted(reasoning) or 0,
    )


def _read(given: object, other: object, total: object) -> int | None:
    if given is None:
        return 0
    if (count := counted(given)) is not None:
        return count
    rest, all_ = counted(other), counted(total)
    return None if rest is None or all_ is None else counted(all_ - rest)


def summed(counts: Iterable[int]) -> int:
    """The sum of *counts*, `MOST` at most."""
    return min(sum(counts), MOST)
