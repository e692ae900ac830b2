"""Instructor, which asks the chain `chat` for an object in each of its ways."""

import pytest

from tests.clients.python_scripts import run
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("instructor")

# The stand-in puts what the question quotes first wherever a schema wants a string, and
# without a schema answers with what the question quotes as the keys.
BY_SCHEMA = {"city": "city", "country": "city"}
BY_PROMPT = {"city": "Paris", "country": "Paris"}


@pytest.mark.tries("stream", "form")
@pytest.mark.parametrize("model", ["chat", "gpt-4o"])
def test_an_object_comes_whole_and_in_pieces(obliging: AppProcess, model: str) -> None:
    told = run("instructor", obliging, model)
    assert told.keys() == {"tool_call", "tools_strict", "json_mode", "json_schema_mode"}
    for mode, said in told.items():
        expected = BY_PROMPT if mode == "json_mode" else BY_SCHEMA
        assert said["whole"] == said["partial"] == expected, mode
    assert told["tool_call"]["several"] == [BY_SCHEMA]
    for mode in ("json_mode", "json_schema_mode"):
        assert told[mode]["pieces"] > 1
