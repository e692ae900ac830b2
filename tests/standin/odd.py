"""Usage that is not what the API documents, by what is odd about it."""

HUGE = 10**400
"""No 64 bits hold it, nor does a float."""

USAGE: dict[str, object] = {
    "huge": dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), HUGE),
    "negative": {"prompt_tokens": -7, "completion_tokens": -3, "total_tokens": -10},
    "fraction": {"prompt_tokens": 7.5, "completion_tokens": 3.5, "total_tokens": 11},
    "nan": {"prompt_tokens": float("nan"), "completion_tokens": float("inf")},
    "string": {"prompt_tokens": "seven", "completion_tokens": "x", "total_tokens": ""},
    "boolean": {"prompt_tokens": True, "completion_tokens": True},
    "nested": {"prompt_tokens": {"text": 7}, "completion_tokens": [3]},
    "unknown": {"neurons": 12},
    "list": [7, 3, 10],
    "text": "10 tokens",
    "number": 10,
    "float": {"prompt_tokens": 7.0, "completion_tokens": 3.0, "total_tokens": 1e1},
    "derived": {"prompt_tokens": 7, "completion_tokens": "3", "total_tokens": 10},
    "details": {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
        "prompt_tokens_details": [1],
        "completion_tokens_details": {"reasoning_tokens": -HUGE, "audio_tokens": "1"},
    },
}

READABLE = ("float", "derived", "details")
"""These say all the same: 7 and 3 tokens."""
