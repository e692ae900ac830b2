"""Checks of a running app: whether its stream arrives here as it is sent."""

import re
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import httpx

from doctor import arrival, kept, report, rights, silence
from doctor.arrival import CHECK, DELTAS, TRIES, Arrival
from doctor.findings import Finding
from doctor.report import Report

LEAVE_SECONDS = 1.6
"""Seconds after which an abandoned stream must be over; later it ends by itself."""

PAUSE_SECONDS = 0.05

_PAGE = re.compile(r"/*(/api/.*|/(chat|usage))?$")
"""The end of the address of one of the app's pages, or of an endpoint."""

SUSPECTS = (
    ("x-azure-ref", "Azure Front Door: switch its compression and caching off"),
    (
        "request-context",
        'API Management: `buffer-response="false"` in `forward-request`',
    ),
    ("cf-ray", "Cloudflare: switch off what rewrites or compresses answers"),
)
ANYONE = (
    "what is on the way buffers: `proxy_buffering off` in nginx, "
    '`buffer-response="false"` in API Management; curl needs -N'
)


def check(
    url: str,
    key: str | None,
    *,
    silent: float = silence.SECONDS,
    asks: bool = False,
) -> Iterator[Finding]:
    """The result of each check at *url*; *key* is sent if the app needs one.

    A stream is *silent* for so many seconds, if for any; the default chain is asked
    if it *asks*.
    """
    shown = {"x-functions-key": key, "api-key": key} if key else {}
    with httpx.Client(headers=shown, timeout=20) as client:
        try:
            base = _base(url)
            client.base_url = base
            told = report.loaded(client, keyed=bool(key))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            text = "that is no URL: give one such as https://APP_NAME.azurewebsites.net"
            yield Finding("problem", "health", text)
            return
        except httpx.HTTPError as exc:
            text = (
                f"nothing answers at that URL ({type(exc).__name__}): does the app "
                "run, and are the name, the port, and http or https right?"
            )
            yield Finding("problem", "health", text)
            return
        yield report.ready(told)
        if told.moved_to:
            return
        yield report.versions(told)
        yield _tried("key", lambda: asked_for_a_key(client, key))
        try:
            arrived = arrival.arrived(client)
        except httpx.HTTPError as exc:
            yield Finding("problem", "stream", f"it broke off ({type(exc).__name__})")
            return
        yield stream(arrived, base.host, keyed=bool(key))
        if not arrived.run_id:
            return
        yield headers(arrived)
        yield compression(arrived)
        yield _tried("leaving", lambda: leaving(client, told, arrived))
        if silent:
            yield _tried("silence", lambda: silence.silence(client, silent))
        yield from _done(client, arrived, told, asks=asks)


def _base(url: str) -> httpx.URL:
    """The address that paths are below, whatever of a page's address is after it."""
    given = httpx.URL(url).copy_with(query=None, fragment=None, userinfo=b"")
    if given.scheme not in ("http", "https") or not given.host:
        raise httpx.InvalidURL(url)
    return given.copy_with(path=_PAGE.sub("", given.path))


def _done(
    client: httpx.Client, arrived: Arrival, told: Report, *, asks: bool
) -> Iterator[Finding]:
    """What the app does with its runs: what it has to be allowed to do."""
    yield _tried("resume", lambda: kept.resume(client, arrived, told))
    yield _tried("records", lambda: kept.records(client, arrived, told))
    if asks:
        yield _tried("answer", lambda: rights.answer(client))

    def now() -> Report:
        return report.current(client, told, ready=True)

    yield _tried("store", lambda: rights.store(arrived, now()))
    yield _tried("model", lambda: rights.model(now()))


def _tried(name: str, find: Callable[[], Finding]) -> Finding:
    try:
        return find()
    except httpx.HTTPError as exc:
        text = f"the connection failed ({type(exc).__name__})"
        return Finding("problem", name, text)


def asked_for_a_key(client: httpx.Client, key: str | None) -> Finding:
    """A request without a key is refused, and one with the key is let in."""
    with httpx.Client(base_url=client.base_url, timeout=20) as nobody:
        stranger = nobody.get("/api/chains").status_code
    if stranger == 200:
        local = client.base_url.host in ("127.0.0.1", "localhost", "::1")
        if local:
            return Finding("ok", "key", "none is asked for, as in a local run")
        text = "none is asked for: set HTTP_AUTH_LEVEL to function, or API_KEYS"
        return Finding("warning", "key", text)
    if stranger in (301, 302, 303, 307):
        text = (
            "a caller without one is sent elsewhere: let App Service Authentication "
            "answer 401, as no client of an API signs in on a page"
        )
        return Finding("problem", "key", text)
    if stranger not in (401, 403):
        return Finding(
            "problem", "key", f"/api/chains is {stranger}: is the URL right?"
        )
    if key and client.get("/api/chains").status_code != 200:
        text = (
            "one is asked for, but not the one of --key: is it the app's? If "
            "HTTP_AUTH_LEVEL is admin, that is the master key alone"
        )
        return Finding("problem", "key", text)
    return Finding("ok", "key", "one is asked for")


def stream(arrival: Arrival, host: str, *, keyed: bool = False) -> Finding:
    """What is streamed arrives as it is sent."""
    if arrival.status != 200:
        advice = ": the one of --key is refused" if keyed else ": give --key"
        hint = advice if arrival.status in (401, 403) else ""
        return Finding("problem", "stream", f"{CHECK} is {arrival.status}{hint}")
    if arrival.deltas != DELTAS:
        text = (
            f"{arrival.deltas} of {DELTAS} pieces arrived: something cuts or changes it"
        )
        return Finding("problem", "stream", text)
    if arrival.held_up:
        text = (
            f"all came at once, after {arrival.first:.1f} s: {_suspect(arrival, host)}"
        )
        return Finding("problem", "stream", text)
    text = f"{DELTAS} pieces over {arrival.span:.1f} s, each as it was sent"
    return Finding("ok", "stream", text)


def _suspect(arrival: Arrival, host: str) -> str:
    if host.endswith(".azurestaticapps.net"):
        return "Static Web Apps buffers its backends: call the Function App directly"
    for name, suspect in SUSPECTS:
        if name in arrival.headers:
            return suspect
    if "nginx" in arrival.headers.get("server", ""):
        return "nginx: `proxy_buffering off`, and `gzip off` for this location"
    return ANYONE


def headers(arrival: Arrival) -> Finding:
    """What tells others not to hold it up is still there."""
    kind = arrival.headers.get("content-type", "none")
    if not kind.startswith("text/event-stream"):
        text = f"content-type is {kind}, not text/event-stream: something rewrites it"
        return Finding("problem", "headers", text)
    if "no-transform" not in arrival.headers.get("cache-control", ""):
        text = "cache-control has lost its no-transform: what rewrites it may compress"
        return Finding("warning", "headers", text)
    lost = "" if "x-accel-buffering" in arrival.headers else "; nginx took its own away"
    return Finding("ok", "headers", f"content-type and cache-control are intact{lost}")


def compression(arrival: Arrival) -> Finding:
    """Nothing compresses a stream: it would wait for more to compress."""
    if encoding := arrival.headers.get("content-encoding"):
        text = (
            f"the stream is compressed ({encoding}): exempt text/event-stream from it"
        )
        return Finding("problem", "compression", text)
    return Finding("ok", "compression", "none")


def leaving(client: httpx.Client, told: Report, arrived: Arrival) -> Finding:
    """A caller that leaves ends the run, through whatever is on the way."""
    name = "leaving"
    if arrived.held_up:
        return Finding("skipped", name, "a stream that is held up is over by then")
    for _ in range(TRIES):
        begun = monotonic()
        with client.stream("GET", CHECK) as response:
            pieces = response.iter_bytes()  # Whose end would be the response's.
            next(pieces, b"")
            during = report.open_streams(client, told)
        if during is None:
            return Finding("skipped", name, f"open streams are {told.told_to}")
        if during == 0:
            return Finding("skipped", name, f"another instance answers {told.path}")
        while True:
            after = report.open_streams(client, told)
            if monotonic() - begun > LEAVE_SECONDS:
                break
            if after is not None and after < during:
                return Finding("ok", name, "the run ends when the caller leaves")
            sleep(PAUSE_SECONDS)
        sleep(1)  # By now it has ended by itself, and is not counted again.
    text = (
        "the run goes on when the caller has left, and is paid for: what is on the way "
        "has to close its own connection (nginx: `proxy_ignore_client_abort off`)"
    )
    return Finding("problem", name, text)
