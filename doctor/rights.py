"""Whether the app may do what it has to, as it says itself: the store, the model."""

from collections.abc import Mapping

import httpx

from doctor.arrival import Arrival
from doctor.findings import Finding
from doctor.report import OLDER, Report, an_object, fields_of, objects
from doctor.store import REMEDIES

REFUSED = (401, 403)
ROLE = (
    "does the identity have the role Cognitive Services OpenAI User on the account, "
    "or is AZURE_OPENAI_API_KEY an old one?"
)


def store(arrival: Arrival, now: Report) -> Finding:
    """What the check's run has shown is in the store."""
    name, engine = "store", str(now.logs.get("engine", "the store"))
    found = now.checks.get("store")
    why = now.logs.get("problem") or (found if found not in ("ok", None) else None)
    if why or not arrival.kept:
        remedy = REMEDIES.get(engine) or "the app's log has why"
        text = f"{engine} keeps nothing ({why or 'of the check'}): {remedy}"
        return Finding("problem", name, text)
    if not now.logs:
        return Finding("skipped", name, now.lacks)
    if engine == "memory":
        text = "memory: what it keeps is one instance's, and gone with it"
        return Finding("ok", name, text)
    return Finding("ok", name, f"{engine}: it has kept the run of this check")


def answer(client: httpx.Client) -> Finding:
    """The default chain answers, which calls its model."""
    asked = {"user": "Say OK.", "stream": False}
    told = client.post("/api/chat", json=asked, timeout=240)
    fields = fields_of(told)
    if told.status_code != 200:
        error = an_object(fields.get("error"))
        text = f"{told.status_code} {error.get('code', '')}: {error.get('message', '')}"
        return Finding("problem", "answer", text.strip(" :"))
    text = f"{fields.get('deployment')} answered in {fields.get('latency_ms')} ms"
    return Finding("ok", "answer", text)


def model(now: Report) -> Finding:
    """What became of the last request to each backend."""
    backends = objects(now.fields.get("backends"))
    if not backends:
        known = "backends" in now.fields
        text = "no backend is configured" if known else now.lacks
        return Finding("skipped", "model", text)
    findings = [_backend(each) for each in backends]
    order = ("problem", "warning", "skipped", "ok")
    return min(findings, key=lambda each: order.index(each.level))


def _backend(told: Mapping[str, object]) -> Finding:
    where = f"{told.get('deployment')} at {told.get('backend')}"
    outcome, status = told.get("last_outcome"), told.get("last_status")
    if "last_outcome" not in told:
        return Finding("skipped", "model", OLDER)
    if outcome is None:
        text = f"{where} was not asked yet on this instance: ASK=1 asks it"
        return Finding("skipped", "model", text)
    if status in REFUSED or outcome == "no_credential":
        text = f"{where} refuses this app ({status or outcome}): {ROLE}"
        return Finding("problem", "model", text)
    if status == 404:
        text = (
            f"{where} does not exist: compare AZURE_OPENAI_DEPLOYMENT, or OPENAI_MODEL "
            "and OPENAI_BASE_URL, with what there is"
        )
        return Finding("problem", "model", text)
    if outcome == "busy" or status == 429:
        text = f"{where} is busy: raise its quota, or add a backend"
        return Finding("warning", "model", text)
    if outcome == "unreachable":
        text = (
            f"{where} cannot be reached: is that address right, and does its firewall "
            "let the app in? The app's log has why"
        )
        return Finding("problem", "model", text)
    if outcome != "answered":
        shown = f"{outcome} {status or ''}".strip()
        text = f"{where} did not answer the last time ({shown}): the app's log has why"
        return Finding("problem", "model", text)
    return Finding("ok", "model", f"{where} answered the last time it was asked")
