"""What is described of the Responses API beside what every route has."""

from app import responses
from app.invocation import Handler
from app.openapi.schemas import STRING, Schema, a_list

COUNT: Schema = {"type": "integer", "minimum": 0}


def _asked(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


PARAMETERS: dict[Handler, list[Schema]] = {
    responses.response: [
        _asked("stream", "`true` for its events.", {"enum": ["true", "false"]}),
        _asked("starting_after", "The number of the last event that was seen.", COUNT),
    ],
    responses.input_items: [
        _asked("limit", "How many items to list.", COUNT),
        _asked("order", "Which come first.", {"enum": ["asc", "desc"]}),
        _asked("after", "The id of the item after which to list.", STRING),
    ],
}


def schemas() -> Schema:
    """Fields that are not named here go to the deployment as they are."""
    flag: Schema = {"type": ["boolean", "null"]}
    request = {
        "type": "object",
        "properties": {
            "model": {"type": "string", "minLength": 1},
            "input": {"anyOf": [STRING, a_list({"type": "object"})]},
            "instructions": {"type": ["string", "null"]},
            **dict.fromkeys(("stream", "store", "background"), flag),
            "previous_response_id": {"type": ["string", "null"]},
            "max_output_tokens": {"type": ["integer", "null"], "minimum": 1},
        },
        "required": ["model"],
    }
    answer = {"type": "object", "required": ["id", "object", "status", "output"]}
    return {"ResponseRequest": request, "Response": answer}
