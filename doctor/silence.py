"""Whether a stream outlives silence: its keep-alives arrive, and nothing cuts it."""

from time import monotonic

import httpx

from doctor.arrival import CHECK, KEEP_ALIVE
from doctor.findings import Finding
from doctor.report import OLDER

SECONDS = 20.0
"""Longer than `KEEPALIVE_SECONDS` is by default."""


def silence(client: httpx.Client, seconds: float) -> Finding:
    """What becomes of a stream that is silent for so many *seconds*."""
    name, text, last = "silence", b"", monotonic()
    params, patience = {"silence": f"{seconds:g}"}, seconds + 20
    status = 200
    try:
        with client.stream("GET", CHECK, params=params, timeout=patience) as response:
            status = response.status_code
            for piece in response.iter_bytes():
                text, last = text + piece, monotonic()
    except httpx.HTTPError:
        if not text:
            raise
        # That it was cut shows in what has arrived.
    keep_alives = text.count(KEEP_ALIVE)
    if status != 200 or text.count(b"delta_content") - keep_alives > 2:
        return Finding("skipped", name, OLDER)
    if b"upstream_stall" in text:
        why = f"STALL_TIMEOUT_SECONDS ends what is silent for {seconds:g} seconds"
        return Finding("warning", name, f"{why}: models may think for longer")
    if b"event: done" not in text:
        why = (
            f"the connection was cut after {monotonic() - last:.0f} s of silence: "
            "raise the idle timeout of what is on the way (nginx: "
            "`proxy_read_timeout`), or set KEEPALIVE_SECONDS below it"
        )
        return Finding("problem", name, why)
    if not keep_alives:
        why = (
            f"no keep-alive came in {seconds:g} s: KEEPALIVE_SECONDS is longer, or "
            "what is on the way takes them out; Azure cuts after 230 s of silence"
        )
        return Finding("warning", name, why)
    done = f"keep-alives came in {seconds:g} s of silence, and nothing cut it"
    return Finding("ok", name, done)
