"""What is described of the two routes that tell of the app's health."""

from app.invocation import Route
from app.openapi.schemas import STRING, WRONG_KEY, Schema, json_body, ref


def health_report(route: Route) -> Schema:
    report, refused = json_body(ref("Health")), json_body(ref("Error"))
    needs_key = {} if route.anonymous else {"401": WRONG_KEY}
    return {
        "summary": route.summary,
        "parameters": [
            {
                "name": "ready",
                "in": "query",
                "description": "`1` for all checks, the default chain loaded.",
                "schema": STRING,
            }
        ],
        "responses": {
            "200": {"description": "It can.", "content": report},
            "431": {"description": "Not answered.", "content": refused},
            "503": {"description": "It cannot.", "content": report},
            **needs_key,
        },
    }
