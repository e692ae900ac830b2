"""What is left of the check's own run: whether it can be read on, and its record."""

import re
from collections.abc import Mapping
from time import monotonic, sleep

import httpx

from doctor.arrival import DELTAS, Arrival
from doctor.findings import Finding
from doctor.report import OLDER, Report, current

SEEN = DELTAS - 2
"""The number of the last event that a reader claims to have seen."""

DELIVERY_SECONDS, PAUSE_SECONDS = 5.0, 0.25
"""How long a sink may take for the check's record; how often that is looked at."""

REMEDIES = {
    "event-hubs": (
        "does the identity have the role Azure Event Hubs Data Sender on that hub, or "
        "is AZURE_EVENTHUB_CONN_STR an old one; is the hub's name right, does its "
        "firewall let the app in?"
    ),
    "otel": "does a collector answer at OTEL_EXPORTER_OTLP_ENDPOINT?",
}

_ID = re.compile(rb"^id: (\d+)\r?$", re.MULTILINE)


def resume(client: httpx.Client, arrival: Arrival, told: Report) -> Finding:
    """A reader who has lost the connection gets the rest."""
    name = "resume"
    if not arrival.numbered:
        return Finding("skipped", name, OLDER)
    if "x-run-id" not in arrival.headers:
        text = "the header x-run-id is taken out on the way: readers need it to read on"
        return Finding("problem", name, text)
    if not arrival.kept:
        return Finding("problem", name, "the store has not kept the run: see `store`")
    path = f"/api/runs/{arrival.run_id}/stream"
    answer = client.get(path, headers={"last-event-id": str(SEEN)})
    if answer.status_code == 404:
        return _not_found(told)
    if answer.status_code != 200:
        return Finding("problem", name, f"to read on is {answer.status_code}")
    if _first(answer) == SEEN + 1:
        return Finding("ok", name, f"the run is read on from its event {SEEN + 1}")
    if _first(client.get(path, params={"after": SEEN})) == SEEN + 1:
        text = (
            "the header Last-Event-ID is taken out on the way, so readers get all of a "
            "run again: let it pass, or have clients send after= instead"
        )
        return Finding("problem", name, text)
    return Finding("problem", name, "what is read on is not the rest of the run")


def _first(answer: httpx.Response) -> int:
    found = _ID.search(answer.content)
    return int(found[1]) if found else 0


def _not_found(told: Report) -> Finding:
    if told.logs.get("engine") in ("memory", None):
        text = (
            "the run is not found again: with STORE=memory only the instance that made "
            "it has it; set STORE to one that all share, such as storage"
        )
        return Finding("warning", "resume", text)
    return Finding("problem", "resume", "the run is not found again in the store")


def records(client: httpx.Client, arrival: Arrival, told: Report) -> Finding:
    """The check's own run has left its record, and sinks take records."""
    name, telemetry = "records", _delivered(client, told)
    if not telemetry:
        return Finding("skipped", name, told.lacks)
    journal = telemetry.pop("journal", {})
    if journal.get("waiting"):
        text = "they wait for the instance's disk, which is full or cannot be written"
        return Finding("problem", name, text)
    for sink, state in telemetry.items():
        if state.get("failures") or state.get("backlog_bytes"):
            return _not_delivered(sink, state)
    answer = client.get("/api/usage", params={"run": arrival.run_id})
    if answer.status_code == 404 and b"not_found" not in answer.content:
        return Finding("skipped", name, OLDER)
    if answer.status_code == 404:
        text = "another instance answers, which has not the one of this check"
        return Finding("skipped", name, text)
    if answer.status_code != 200:
        return Finding("problem", name, f"/api/usage is {answer.status_code}")
    rejected = [sink for sink, state in telemetry.items() if state.get("rejected")]
    if rejected or journal.get("lost"):
        text = f"some were rejected by {', '.join(rejected)}" if rejected else "some"
        return Finding("warning", name, f"{text} or lost: the app's log has why")
    if not telemetry:
        text = "the check has left its own, on that instance's disk: there is no hub"
        return Finding("ok", name, text)
    return Finding("ok", name, f"{', '.join(telemetry)} took the one of this check")


def _delivered(client: httpx.Client, told: Report) -> dict[str, Mapping[str, object]]:
    """What telemetry says, once the check's record has had the time to be taken."""
    until = monotonic() + DELIVERY_SECONDS
    while True:
        now = current(client, told).telemetry
        waits = any(each.get("backlog_bytes") for each in now.values())
        fails = any(each.get("failures") for each in now.values())
        if not waits or fails or monotonic() > until:
            return now
        sleep(PAUSE_SECONDS)


def _not_delivered(sink: str, state: Mapping[str, object]) -> Finding:
    why = f"{state.get('reason')}, " if state.get("reason") else ""
    text = (
        f"{sink} has not taken {state.get('backlog_bytes')} bytes of them "
        f"({why}{state.get('failures')} failures in a row)"
    )
    remedy = REMEDIES.get(sink, "the app's log has why")
    return Finding("problem", "records", f"{text}: {remedy}")
