"""About how many tokens a text has, for runs whose provider never said."""

BYTES_PER_TOKEN = 4
"""Of UTF-8, about, in OpenAI's encodings."""

TOKENS_PER_MESSAGE = 4
"""What a chat's markup adds to each message, about."""


def count_bytes(size: int) -> int:
    """About how many tokens *size* bytes of text are."""
    return -(-size // BYTES_PER_TOKEN)


def count_tokens(text: str) -> int:
    """About how many tokens *text* has; no tokenizer is asked, none being exact."""
    return count_bytes(len(text.encode("utf-8", "replace")))
