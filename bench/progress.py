"""What the benchmark says while it runs, with the seconds since it began."""

import time

BEGAN = time.monotonic()


def say(what: str) -> None:
    print(f"bench: {time.monotonic() - BEGAN:4.0f} s  {what}", flush=True)
