"""What is described of the routes of runs beside what every route has."""

from typing import get_args

from app import runs
from app.invocation import Handler
from app.openapi import langgraph_paths
from app.openapi.schemas import STRING, Schema, an_object, ref
from runs.finish_reasons import Status
from runs.last_events import LOST
from runs.reading import RUNNING
from streaming.events import FinishReason

NUMBER: Schema = {"type": "integer", "minimum": 0}

FOLLOWED: list[Schema] = [
    {
        "name": "after",
        "in": "query",
        "description": "The number of the last event that was seen.",
        "schema": NUMBER,
    },
    {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The same, and it counts if both are given.",
        "schema": NUMBER,
    },
    {"name": "dialect", "in": "query", "schema": {**STRING, "default": "json"}},
    {
        "name": "speed",
        "in": "query",
        "description": "Show each event when it was due, so many times as fast.",
        "schema": {"type": "number", "minimum": 0.1, "maximum": 1000},
    },
]

PARAMETERS: dict[Handler, list[Schema]] = {
    runs.follow_run: FOLLOWED,
    **langgraph_paths.PARAMETERS,
}


def responses(handler: Handler) -> Schema:
    """Those beside 200 that are no failures."""
    state = {"application/json": {"schema": ref("RunState")}}
    if handler is runs.cancel_run:
        return {"202": {"description": "It is being stopped.", "content": state}}
    if handler is runs.follow_chat:
        return {"204": {"description": "Nothing streams there."}}
    if handler is runs.follow_run:
        return {"204": {"description": "All of the run has been seen."}}
    return langgraph_paths.RESPONSES.get(handler, {})


def schemas() -> Schema:
    reasons = [*get_args(FinishReason), None]
    state = an_object(
        run_id=STRING,
        status={"enum": [RUNNING, LOST, *get_args(Status)]},
        chain=STRING,
        deployment=STRING,
        finish_reason={"enum": reasons},
        usage={"anyOf": [ref("Usage"), {"type": "null"}]},
        created_at={"type": "string", "format": "date-time"},
        last_event=NUMBER,
    )
    return {"RunState": state}
