"""The app reads and writes the JSON and the streams that README and docs show."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest

import settings
from streaming.dialects.json import parse
from tests.support.app_process import AppProcess
from tests.support.markdown import LOCAL, PAGES, Block, blocks, quoted, table

UNNAMED = blocks("")
STREAMS = [block for block in UNNAMED if "\ndata: " in f"\n{block.code}"]

ASKED = [
    {"user": "standin:answer tokens=2"},
    {"user": "standin:reasoning"},
    {"user": "standin:cut tokens=2"},
    {"user": "hello", "chain": "agent"},
    {"user": "hello", "chain": "sources"},
]


def value(shown: str) -> Any:
    """JSON in which `…` stands for what is left out."""
    return json.loads(shown.replace("{…}", "{}").replace("…", "0"))


@pytest.fixture(scope="module")
def keys(app: AppProcess) -> dict[str, set[frozenset[str]]]:
    """The keys that each event's data has."""
    keys = defaultdict[str, set[frozenset[str]]](set)
    for body in ASKED:
        for name, data in app.events(**body):
            keys[name].add(frozenset(data))
    return keys


@pytest.mark.parametrize("block", STREAMS, ids=str)
def test_a_shown_event_has_the_keys_of_a_real_one(
    block: Block, keys: dict[str, set[frozenset[str]]]
) -> None:
    frames = re.findall(r"^(?:event: (\w+)\n)?data: (.*)$", block.code, re.MULTILINE)
    assert frames
    for name, data in frames:
        assert frozenset(value(data)) in keys[name or "message"], data


@pytest.mark.parametrize("block", STREAMS, ids=str)
def test_a_shown_event_has_its_number_where_real_ones_have_it(
    block: Block, app: AppProcess
) -> None:
    form = re.compile(r"(?:event: \w+\n)?data: .*\nid: (\d+|…)")
    real = app.chat("standin:answer tokens=2").text
    for stream in (block.code, real):
        frames = [frame for frame in stream.split("\n\n") if frame.strip("\n…")]
        found = [form.fullmatch(frame.strip("\n")) for frame in frames]
        assert all(found)
        numbers = [int(each[1]) for each in found if each and each[1] != "…"]
        assert numbers == sorted(set(numbers))


def test_the_table_of_events_has_the_keys_of_each(
    keys: dict[str, set[frozenset[str]]],
) -> None:
    rows = table("Every event", PAGES["docs/streams.md"])
    shown = {name.strip("`"): frozenset(quoted(data)) for name, data, _ in rows}
    shown["message"] = shown.pop("(no name)")
    [done] = keys["done"]
    assert shown["done"] < done
    shown["done"] = done
    assert keys == {name: {shown[name]} for name in keys}


def test_the_table_of_a_record_has_its_fields(app: AppProcess) -> None:
    rows = table("Telemetry: one record a run", PAGES["docs/telemetry.md"])
    record = app.record(app.chat("hello").headers["x-request-id"])
    shown = {name for fields, _ in rows for name in quoted(fields)}
    # This is the log's, which has no content; `calls` is for sinks alone.
    assert shown - {"prompt", "content"} == record.keys() - {"calls"}


def test_the_other_code_without_a_language_is_known(offline: AppProcess) -> None:
    """The picture, what the doctor prints, and the banner of a fresh clone."""
    others = [block for block in UNNAMED if block not in STREAMS]
    doctors = "docs/deploy.md"
    pages = ["README.md", doctors, doctors, "docs/local.md"]
    assert [block.page for block in others] == pages
    picture, here, there, banner = (block.code for block in others)
    assert "chain" in picture
    assert re.match("ok +python", here)
    assert re.match("ok +health", there)
    shown = banner.replace(LOCAL, offline.url)
    assert set(shown.splitlines()) <= set(offline.lines)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_shown_json_is_read_or_written_by_the_app(
    block: Block, app: AppProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = value(block.code)
    match shown:
        case [{"endpoint": _}, *_]:
            monkeypatch.setenv("AZURE_OPENAI_BACKENDS", block.code)
            order = [(each.priority, each.weight) for each in settings.load().backends]
            assert order == [(1, 1), (2, 3), (2, 1), (3, 1)]
        case {"*": {"per": _}}:
            monkeypatch.setenv("PRICES", '{"*": {"input": 1, "output": 1}}')
            monkeypatch.setenv("BUDGETS", block.code)
            assert settings.load().budget_of("any")
        case {"currency": _}:
            monkeypatch.setenv("PRICES", block.code)
            prices = settings.load().prices
            assert prices
            assert prices.of("gpt-4o") != prices.of("any")
        case {"error": error}:
            response = app.chat("standin:rate_limited retry_after=7")
            answered = response.json()["error"]
            assert response.status_code == 429
            assert {**answered, "request_id": error["request_id"]} == error
        case {"content": _}:
            assert list(app.chat("Hello", stream=False).json()) == list(shown)
        case {"inputs": dict(inputs)}:
            assert list(inputs) == ["language"]  # Of a chain that is not here.
            parse(block.code.encode(), {})
        case {"user": _} | {"messages": _}:
            assert app.client.post("/api/chat", json=shown).status_code == 200
        case _:
            pytest.fail(f"no test knows what {block} is")
