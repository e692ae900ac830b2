"""What this project's app was started with, for the banner: no key, no secret."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from settings import Settings

Row = tuple[str, str]


def rows(settings: Settings) -> Iterator[Row]:
    """A name and a value a line; a line that goes on has no name."""
    yield "default chain", settings.default_chain
    yield from _model(settings)
    yield "store", _store(settings)
    yield "records", _records(settings)
    yield "collector", _collector(settings)


def _model(settings: Settings) -> Iterator[Row]:
    if not settings.backends:
        yield "model", "none: set AZURE_OPENAI_ENDPOINT or OPENAI_BASE_URL"
        return
    name = "model" if len(settings.backends) == 1 else "models"
    for backend in settings.backends:
        yield name, f"{backend.deployment} at {backend.address}"
        name = ""


def _store(settings: Settings) -> str:
    if settings.store == "memory":
        return "this process's memory: STORE keeps threads longer"
    return settings.store_shown


def _records(settings: Settings) -> str:
    if settings.event_hub:
        return f"to the event hub {settings.event_hub}"
    return "on this machine's disk, and to no hub"


def _collector(settings: Settings) -> str:
    if settings.otel_sdk_disabled:
        return "none"
    if settings.python_applicationinsights_enable_telemetry:
        return "Application Insights"
    exporters = [name for name in settings.otel_exporters if name]
    if "otlp" not in exporters:
        return exporters[0] if exporters else "none"
    # Not the whole URL, which may hold a key.
    urls = (
        settings.otel_exporter_otlp_traces_endpoint,
        settings.otel_exporter_otlp_metrics_endpoint,
        settings.otel_exporter_otlp_endpoint,
    )
    hosts = [urlsplit(url).netloc.rpartition("@")[2] for url in urls if url]
    return ", ".join(dict.fromkeys(hosts)) or "OpenTelemetry's default, localhost:4318"
