"""The traps in settings: what starts, and does not do what was meant."""

from collections.abc import Callable
from pathlib import Path

from doctor.app import Installation
from doctor.findings import Finding
from doctor.store import store
from settings import Settings
from settings.environment import names_of
from settings.mistyped import mistyped

LOAD_BALANCER_SECONDS = 230
"""After that much silence Azure's load balancer cuts a connection."""


def loads(app: Installation) -> Finding:
    """The app starts with these settings."""
    if error := app.errors.get("settings"):
        return Finding("problem", "settings", error)
    return Finding("ok", "settings", "the app starts with them")


def names(app: Installation) -> Finding:
    """No name is only almost that of a setting."""
    if found := mistyped(app.environ):
        return Finding("warning", "names", " ".join(found))
    return Finding("ok", "names", "none looks like a setting's, mistyped")


def synonyms(settings: Settings, app: Installation) -> Finding:
    """Two names for one setting do not disagree."""
    found = []
    for names in names_of(Settings).values():
        given = [name for name in names if app.environ.get(name, "").strip()]
        values = {app.environ[name].strip() for name in given}
        if len(values) > 1:
            found.append(
                f"{given[0]} counts, {', '.join(given[1:])} does not: unset it"
            )
    if found:
        return Finding("warning", "synonyms", "; ".join(found))
    return Finding("ok", "synonyms", "no setting has two values by two names")


def model(settings: Settings, app: Installation) -> Finding:
    """Something other than the documentation answers."""
    if not settings.model_configured:
        text = "none, so documents answer: set AZURE_OPENAI_ENDPOINT or OPENAI_BASE_URL"
        return Finding("warning", "model", text)
    if several := settings.azure_openai_backends:
        each = ", ".join(f"{one.deployment} at {one.address}" for one in several)
        text = f"{len(several)} of AZURE_OPENAI_BACKENDS: {each}"
        return Finding("ok", "model", text)
    where = "Azure OpenAI" if settings.azure else "OPENAI_BASE_URL"
    return Finding("ok", "model", f"{settings.deployment} at {where}")


def api_version(settings: Settings, app: Installation) -> Finding:
    """Which version of Azure OpenAI's API is asked."""
    return Finding("ok", "api version", settings.azure_openai_api_version)


def event_hub(settings: Settings, app: Installation) -> Finding:
    """Report the event hub for records, or that they stay on disk."""
    if settings.event_hub:
        given = settings.azure_eventhub_namespace
        how = "as an Entra ID identity" if given else "with a connection string"
        return Finding("ok", "event hub", f"{settings.event_hub}, {how}")
    if "AZURE_EVENTHUB_CONN_STR" in app.environ:
        text = "AZURE_EVENTHUB_CONN_STR is blank, which is unset: records stay on disk"
        return Finding("ok", "event hub", text)
    return Finding("ok", "event hub", "none: records stay on this machine's disk")


def callers(settings: Settings, app: Installation) -> Finding:
    """Not everyone may call."""
    if settings.api_keys:
        return Finding("ok", "callers", f"{len(settings.api_keys)} API_KEYS")
    if settings.auth_level == "anonymous":
        text = (
            "anyone may call this on Azure, unless App Service Authentication is on: "
            "set API_KEYS, or HTTP_AUTH_LEVEL to function"
        )
        return Finding("warning", "callers", text)
    return Finding("ok", "callers", f"Azure asks for a {settings.auth_level} key")


def silence(settings: Settings, app: Installation) -> Finding:
    """No stream is silent for as long as Azure's load balancer bears."""
    keep_alive = settings.keepalive_seconds
    if keep_alive >= LOAD_BALANCER_SECONDS:
        text = (
            f"KEEPALIVE_SECONDS={keep_alive:g}: Azure cuts a connection that is silent "
            f"for {LOAD_BALANCER_SECONDS} seconds; set 15"
        )
        return Finding("problem", "silence", text)
    return Finding("ok", "silence", f"a keep-alive after {keep_alive:g} seconds")


def limits(settings: Settings, app: Installation) -> Finding:
    """Each limit can be reached before another ends the run."""
    deadline = settings.request_deadline_seconds
    given = {
        "FIRST_TOKEN_TIMEOUT_SECONDS": settings.first_token_timeout_seconds,
        "STALL_TIMEOUT_SECONDS": settings.stall_timeout_seconds,
    }
    for name, seconds in given.items():
        if seconds >= deadline:
            text = f"{name}={seconds:g} is never reached: a run ends after {deadline:g}"
            return Finding("warning", "limits", text)
        if seconds > LOAD_BALANCER_SECONDS:
            text = (
                f'{name}={seconds:g}: with "stream": false a run ends after 220 '
                "seconds all the same"
            )
            return Finding("warning", "limits", text)
    return Finding("ok", "limits", f"a run ends after {deadline:g} seconds at most")


def journal(settings: Settings, app: Installation) -> Finding:
    """Records are written to a disk, not to a network share."""
    path = settings.telemetry_path or ""
    if path == "/home" or path.startswith("/home/"):
        text = f"{path}: on Azure /home is a network share, which stalls: unset it"
        return Finding("warning", "journal", text)
    return Finding("ok", "journal", path or "in the system's temporary folder")


def tracing(settings: Settings, app: Installation) -> Finding:
    """LangChain sends no prompts to LangSmith."""
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        if app.environ.get(name, "").lower() == "true":
            text = f"{name}=true: LangChain sends prompts and answers to LangSmith"
            return Finding("warning", "tracing", text)
    return Finding("ok", "tracing", "LangChain sends nothing to LangSmith")


def documents(settings: Settings, app: Installation) -> Finding:
    """The chain `docs` has something to answer from."""
    if not settings.docs_path:
        return Finding("ok", "documents", "this project's own: DOCS_PATH is unset")
    path = Path(settings.docs_path)
    if not path.exists():
        return Finding("skipped", "documents", "there are none at DOCS_PATH")
    # With it comes LangChain, which only this check needs.
    from chains.docs import folder

    reading = folder.read(path)
    if reading.warning:
        return Finding("warning", "documents", reading.warning)
    return Finding("ok", "documents", str(reading))


CHECKS = (loads, names)
OF_SETTINGS: tuple[Callable[[Settings, Installation], Finding], ...] = (
    *(
        synonyms,
        model,
        api_version,
        event_hub,
        callers,
        silence,
        limits,
        journal,
        tracing,
        documents,
        store,
    ),
)
