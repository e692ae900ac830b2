"""The end of a proxied stream that this server has cut."""

from time import time

from streaming import sse


def cut(deployment: str, run_id: str) -> bytes:
    """The end of a stream that a budget has cut, which had no end of its own."""
    choice = {"index": 0, "delta": {}, "finish_reason": "length"}
    end = {
        "id": f"chatcmpl-{run_id}",
        "object": "chat.completion.chunk",
        "created": int(time()),
        "model": deployment,
        "choices": [choice],
    }
    return sse.encode(end) + sse.DONE
