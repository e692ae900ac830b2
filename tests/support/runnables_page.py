"""docs/runnables.md, written from the runnables that the tests try.

`python -m tests.support.runnables_page` writes it, and prints how many work.
"""

import sys
from collections.abc import Iterable

from langchain_core.messages import BaseMessage

from runnables.conversation import Given
from runnables.prepared import prepare
from streaming.requests import validate
from tests.support import (
    kinds_of_agents,
    kinds_of_compositions,
    kinds_of_functions,
    kinds_of_graphs,
    kinds_of_histories,
    kinds_of_sequences,
)
from tests.support.app_process import ROOT
from tests.support.kinds import Kind, Model, kinds_in
from tests.support.kinds_refused import REFUSED, Refused

PAGE = ROOT / "docs" / "runnables.md"

GROUPS = {
    "Models, prompts and sequences": kinds_in(vars(kinds_of_sequences)),
    "Functions and generators": kinds_in(vars(kinds_of_functions)),
    "Odd compositions": kinds_in(vars(kinds_of_compositions)),
    "Histories": kinds_in(vars(kinds_of_histories)),
    "Graphs": kinds_in(vars(kinds_of_graphs)),
    "Agents, tools and remote graphs": kinds_in(vars(kinds_of_agents)),
}
KINDS = [kind for kinds in GROUPS.values() for kind in kinds]

ORDINARY = (
    *("prompt-model", "string-prompt", "chat-history", "function", "own-state"),
    *("bound", "bind-tools", "with-retry", "with-fallbacks", "with-config"),
    *("configurable-fields", "graph-in-sequence", "graph-with-retry"),
    *("graph-and-parser", "remote-graph", "formatted-context", "json-parser"),
    *("structured", "return-direct", "response-format", "agent", "no-reducer"),
    *("rebuilt-message", "writing", "parallel-nodes", "interrupted"),
)
"""What most people bring, each of which once did not work here or elsewhere."""

GENERATED = "## Works: "
"""Where on the page that begins which the tests write; what is before is prose."""


def page(written: str) -> str:
    """The page with its prose as it is *written*."""
    prose = written.partition(GENERATED)[0].rstrip() + "\n"
    groups = [
        _table(GENERATED.removeprefix("## ") + name, _HEAD, map(_row, kinds))
        for name, kinds in GROUPS.items()
    ]
    groups.insert(0, f"{GENERATED}how many\n\n{counted()}\n")
    refused = _table("Refused", _REFUSED_HEAD, map(_refused_row, REFUSED))
    return "\n".join([prose, *groups, refused])


def counted() -> str:
    """How many work, of all and of the most ordinary ones."""
    works = set(map(str, KINDS))
    others = [each.about for each in REFUSED if each.name in ORDINARY]
    assert works.issuperset(set(ORDINARY) - {each.name for each in REFUSED})
    known = f"{len(ORDINARY) - len(others)} of the {len(ORDINARY)} most ordinary ones"
    return (
        f"{len(KINDS)} runnables work unmodified in every dialect, streamed and not.\n"
        f"{known} do; refused is: {_joined(others)}."
    )


def _joined(refused: Iterable[str]) -> str:
    return "; ".join(f"{each[0].lower()}{each[1:]}" for each in refused)


_HEAD = "| runnable | gets | streams |\n|---|---|---|"
_REFUSED_HEAD = "| what | status | message |\n|---|---|---|"


def _table(title: str, head: str, rows: "map[str]") -> str:
    return "\n".join([f"## {title}", "", head, *rows, ""])


def _row(kind: Kind) -> str:
    streams = "yes" if kind.streams else "when it has ended"
    return f"| {_cell(kind.about)} | {_gets(kind)} | {streams} |"


def _refused_row(refused: Refused) -> str:
    code = f"{refused.status} `{refused.code}`"
    return f"| {_cell(refused.about)} | {code} | {refused.says} … |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _gets(kind: Kind) -> str:
    message = {"role": "user", "content": "?"}
    request = validate({"messages": [message], "inputs": dict(kind.inputs)})
    match prepare(kind.make(Model())).input.of(request):
        case str():
            return "the question"
        case [BaseMessage(), *_]:
            return "messages"
        case Given() as given:
            return ", ".join(f"`{name}`" for name in sorted(given.brought))
        case dict() as given:
            return ", ".join(f"`{name}`" for name in given)
        case _:
            return "a list of one"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), encoding="utf-8")
    sys.stdout.write(f"{counted()}\n")
