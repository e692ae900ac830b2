"""The app: its parts, built from settings and put together in one place."""

import gc
import logging
from dataclasses import dataclass

import store
import telemetry
from app import logs
from app.health import Health
from azure_openai import backends, credentials
from budgets import Budgets
from chains import Chains
from proxy import Proxy
from proxy.kept import KeptResponses
from runnables.checkpointer import Checkpointer
from runs.logs import Logs
from runs.threads import Threads
from server.auth import Callers
from server.capacity import Capacity
from server.limits import Limits
from server.shutdown import open_runs
from settings import Settings
from settings.mistyped import mistyped
from settings.platform import Platform
from store import Store
from store.tidying import Tidying
from telemetry import Telemetry

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    settings: Settings
    chains: Chains
    proxy: Proxy
    responses: KeptResponses
    limits: Limits
    capacity: Capacity
    store: Store
    tidying: Tidying
    budgets: Budgets
    threads: Threads
    logs: Logs
    callers: Callers
    telemetry: Telemetry
    health: Health
    developers: bool
    """Whether this is a developer's own machine, where every caller may see details."""

    def warm(self) -> None:
        """Sign in and import LangChain, which blocks for seconds, before a request."""
        # What is imported stays, so there is nothing in it to collect.
        gc.disable()
        try:
            credentials.warm(self.settings)
            self.chains.warm()
            gc.freeze()
        finally:
            gc.enable()
        for warning in mistyped():
            log.warning("%s", warning)
        # An answer's chunks, which LangChain keeps to its end, are no reason to collect
        # as often as Python does.
        gc.set_threshold(10_000, 10, 10)


def build(settings: Settings, platform: Platform) -> App:
    """Build the app from *settings*; raises `SettingsError` naming what is wrong."""
    developers = platform.is_developers(settings)
    kept = store.build(settings)
    checkpointer = Checkpointer(settings, kept)
    open_runs.when_over(checkpointer.close)
    chains = Chains(settings, checkpointer, tracebacks=developers)
    logs.keep_private(developers=developers)
    _warn(settings, platform)
    recorder = telemetry.build(settings)
    log.info("records of runs are in %s", recorder.folder)
    capacity, limits = _capacity(settings), _limits(settings)
    retention = settings.run_retention_seconds
    written = Logs(kept, retention=retention, lease=settings.run_lease_seconds)
    proxy = Proxy(settings, limits=limits, capacity=capacity, emit=recorder.emit)
    open_runs.when_over(proxy.aclose)
    recorder.watch(open_streams=lambda: capacity.open, resting=_resting)
    return App(
        settings=settings,
        chains=chains,
        proxy=proxy,
        responses=KeptResponses(kept),
        limits=limits,
        capacity=capacity,
        store=kept,
        tidying=Tidying(kept),
        budgets=Budgets(settings, kept),
        threads=Threads(
            kept,
            most=settings.max_messages,
            retention=retention,
            instance=written.instance,
        ),
        callers=Callers(settings.named_keys, signed_in=platform.authenticates),
        logs=written,
        telemetry=recorder,
        health=Health(),
        developers=developers,
    )


def _warn(settings: Settings, platform: Platform) -> None:
    if platform.open_to_anyone(settings):
        log.warning("anyone may call: set API_KEYS, or HTTP_AUTH_LEVEL to function")
    if platform.knows_nobody(settings):
        log.warning(
            "all callers share their threads and runs: set API_KEYS, name:key for each"
        )


def _resting() -> dict[tuple[str, str], float]:
    longest: dict[tuple[str, str], float] = {}
    for backend, seconds, _ in backends.known():
        key = backend.address, backend.deployment
        longest[key] = max(seconds, longest.get(key, 0.0))
    return longest


def _capacity(settings: Settings) -> Capacity:
    # One body of the largest size is always let in.
    largest = max(settings.max_request_bytes, settings.max_proxy_request_bytes)
    arriving = max(settings.max_arriving_bytes, largest)
    return Capacity(settings.max_concurrent_streams, arriving)


def _limits(settings: Settings) -> Limits:
    return Limits(
        peek=settings.first_token_peek_seconds,
        keep_alive=settings.keepalive_seconds,
        first_token=settings.first_token_timeout_seconds,
        stall=settings.stall_timeout_seconds,
        deadline=settings.request_deadline_seconds,
    )
