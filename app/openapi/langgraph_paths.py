"""What is described of the LangGraph SDK's routes."""

from app.invocation import Handler
from app.langgraph import assistants, known_runs, runs, threads
from app.openapi.schemas import STRING, Schema, a_list, an_object, json_body, ref
from streaming.dialects._langgraph.request import MODES

TIME: Schema = {"type": "string", "format": "date-time"}
OBJECT: Schema = {"type": "object"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
BOOLEAN: Schema = {"type": "boolean"}
FLAG: Schema = {"enum": ["0", "1"]}
MODE: Schema = {"enum": list(MODES)}

_EVENTS: Schema = {"text/event-stream": {"schema": {}}}


def _one(name: str) -> Schema:
    return json_body(ref(name))


def _all(name: str) -> Schema:
    return json_body(a_list(ref(name)))


ANSWERS: dict[Handler, Schema] = {
    assistants.ok: json_body(an_object(ok={"const": True})),
    assistants.info: json_body(OBJECT),
    assistants.search: _all("Assistant"),
    assistants.count: json_body(NUMBER),
    assistants.get: _one("Assistant"),
    assistants.graph: json_body(an_object(nodes=a_list(OBJECT), edges=a_list(OBJECT))),
    assistants.schemas: json_body(OBJECT),
    assistants.subgraphs: json_body(OBJECT),
    threads.create: _one("SdkThread"),
    threads.search: _all("SdkThread"),
    threads.get: _one("SdkThread"),
    threads.update: _one("SdkThread"),
    threads.delete: {},
    threads.state: _one("ThreadState"),
    threads.history: _all("ThreadState"),
    runs.stream: _EVENTS,
    runs.wait: json_body(OBJECT),
    runs.background: _one("SdkRun"),
    known_runs.list_runs: _all("SdkRun"),
    known_runs.get: _one("SdkRun"),
    known_runs.follow: _EVENTS,
    known_runs.join: json_body(OBJECT),
    known_runs.cancel: json_body(OBJECT),
}

POSTED: dict[Handler, str] = {
    assistants.search: "AssistantSearch",
    assistants.count: "AssistantSearch",
    threads.create: "ThreadCreate",
    threads.search: "ThreadSearch",
    threads.update: "ThreadPatch",
    **dict.fromkeys((runs.stream, runs.wait, runs.background), "RunCreate"),
}

PARAMETERS: dict[Handler, list[Schema]] = {
    known_runs.list_runs: [{"name": "status", "in": "query", "schema": STRING}],
    known_runs.follow: [
        {"name": "stream_mode", "in": "query", "schema": a_list(MODE)},
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The number of the last event that was seen; -1 for none.",
            "schema": {"type": "integer", "minimum": -1},
        },
    ],
    known_runs.cancel: [
        {"name": "wait", "in": "query", "schema": FLAG},
        {"name": "action", "in": "query", "schema": {"const": "interrupt"}},
    ],
}

RESPONSES: dict[Handler, Schema] = {
    threads.delete: {"204": {"description": "It is deleted."}},
    known_runs.cancel: {
        "202": {"description": "It is being stopped.", "content": json_body(OBJECT)}
    },
}


def schemas() -> Schema:
    page = {"limit": NUMBER, "offset": NUMBER, "metadata": OBJECT}
    return {
        "Assistant": an_object(
            **dict.fromkeys(("assistant_id", "graph_id", "name"), STRING),
            description=STRING,
            **dict.fromkeys(("config", "context", "metadata"), OBJECT),
            version=NUMBER,
            created_at=TIME,
            updated_at=TIME,
        ),
        "AssistantSearch": _some(graph_id=STRING, name=STRING, **page),
        "ThreadCreate": _some(
            thread_id=STRING,
            metadata=OBJECT,
            if_exists={"enum": ["raise", "do_nothing"]},
        ),
        "ThreadPatch": _some(metadata=OBJECT),
        "ThreadSearch": _some(ids=a_list(STRING), status=STRING, **page),
        "RunCreate": _run_create(),
        **_shown(),
    }


def _some(**properties: Schema) -> Schema:
    """An object that has any of these properties."""
    return {"type": "object", "properties": properties}


def _run_create() -> Schema:
    return _some(
        assistant_id=STRING,
        input={},
        command=_some(resume={}),
        stream_mode={"anyOf": [MODE, a_list(MODE)]},
        stream_subgraphs=BOOLEAN,
        stream_resumable=BOOLEAN,
        metadata=OBJECT,
        config=OBJECT,
        if_not_exists={"enum": ["create", "reject"]},
        multitask_strategy={"const": "reject"},
        on_disconnect={"enum": ["cancel", "continue"]},
    )


def _shown() -> Schema:
    nullable = {"type": ["string", "null"]}
    at = {"anyOf": [OBJECT, {"type": "null"}]}
    return {
        "SdkThread": an_object(
            thread_id=STRING,
            created_at=TIME,
            updated_at=TIME,
            status={"enum": ["idle", "busy", "interrupted"]},
            **dict.fromkeys(("metadata", "config", "interrupts"), OBJECT),
            values=at,
            error={"type": "null"},
        ),
        "ThreadState": an_object(
            values=OBJECT,
            next=a_list(STRING),
            **dict.fromkeys(("tasks", "interrupts"), a_list(OBJECT)),
            checkpoint=at,
            parent_checkpoint=at,
            metadata=OBJECT,
            created_at=nullable,
        ),
        "SdkRun": an_object(
            run_id=STRING,
            thread_id=nullable,
            assistant_id=STRING,
            created_at=TIME,
            updated_at=TIME,
            status={"enum": ["running", "success", "interrupted", "timeout", "error"]},
            metadata=OBJECT,
            kwargs=OBJECT,
            multitask_strategy=STRING,
        ),
    }
