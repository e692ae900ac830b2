"""The clients that are tried: their versions, and what each of them speaks.

A test says which of them it tries, by a mark or by a parameter of that name, and what
it tries of it: `@pytest.mark.client("httpx-sse")`, `@pytest.mark.tries("stream")`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

import pytest

from tests.clients import codex
from tests.clients.environments import PACKAGES
from tests.clients.environments import version as of_environment
from tests.support.aimock import PACKAGE

FEATURES = ("stream", "tools", "form", "error", "stop", "resume", "approval")
"""What is tried of a client. A form is an answer that a schema describes."""


@dataclass(frozen=True, slots=True)
class Client:
    name: str
    version: Callable[[], str]
    speaks: str


def ours(package: str) -> Callable[[], str]:
    """The version in the environment of the tests."""
    return lambda: metadata.version(package)


def npm(package: str) -> Callable[[], str]:
    """The version that `tests/node/package.json` pins, by a name of its own or not."""

    def pinned() -> str:
        text = (PACKAGE / "package.json").read_text("utf-8")
        version: str = json.loads(text)["devDependencies"][package]
        return version.rpartition("@")[2]

    return pinned


def own(name: str) -> Callable[[], str]:
    """The version in the environment *name* of the client's own."""
    return lambda: of_environment(name)


def _in_environments() -> dict[str, Client]:
    return {
        name: Client(f"`{package}`", own(name), "chat completions")
        for name, package in PACKAGES.items()
    }


OF_CHAINS = "Responses, of a chain"
CHAT, RESPONSES, UI = "chat completions", "Responses, proxied", "`ui-message`"
LANGGRAPH = "LangGraph SDK"
"""Its routes, whoever asks them."""

CLIENTS = {
    "openai": Client("`openai` (Python)", ours("openai"), CHAT),
    "openai-responses": Client("`openai` (Python)", ours("openai"), RESPONSES),
    "openai-chain": Client("`openai` (Python)", ours("openai"), OF_CHAINS),
    "openai-js": Client("`openai` (npm)", npm("openai"), CHAT),
    "openai-js-responses": Client("`openai` (npm)", npm("openai"), RESPONSES),
    "openai-js-chain": Client("`openai` (npm)", npm("openai"), OF_CHAINS),
    "codex": Client("Codex CLI, `@openai/codex`", codex.version, "Responses"),
    **_in_environments(),
    "openai_agents_responses": Client(
        "`openai-agents`", own("openai_agents"), RESPONSES
    ),
    "agents-chain": Client("`openai-agents`", own("openai_agents"), OF_CHAINS),
    "litellm": Client("`litellm`", own("litellm"), RESPONSES),
    "langchain": Client("`langchain-openai`", ours("langchain-openai"), CHAT),
    "langchain-responses": Client(
        "`langchain-openai`", ours("langchain-openai"), RESPONSES
    ),
    "langchain-chain": Client(
        "`langchain-openai`", ours("langchain-openai"), OF_CHAINS
    ),
    "ai-azure": Client("`@ai-sdk/azure`", npm("@ai-sdk/azure"), CHAT),
    "azureDefault": Client("`@ai-sdk/azure`", npm("@ai-sdk/azure"), RESPONSES),
    "openaiDefault": Client("`@ai-sdk/openai`", npm("@ai-sdk/openai"), RESPONSES),
    "ai-azure-chain": Client("`@ai-sdk/azure`", npm("@ai-sdk/azure"), OF_CHAINS),
    "ai-openai-chain": Client("`@ai-sdk/openai`", npm("@ai-sdk/openai"), OF_CHAINS),
    "ai-compatible": Client(
        "`@ai-sdk/openai-compatible`", npm("@ai-sdk/openai-compatible"), CHAT
    ),
    "open-webui": Client("Open WebUI, its bodies", lambda: "-", CHAT),
    "ai-v5": Client("`useChat`, `ai`", npm("ai-v5"), UI),
    "ai-v6": Client("`useChat`, `ai`", npm("ai-v6"), UI),
    "ai": Client("`useChat`, `ai`", npm("ai"), UI),
    "ag-ui": Client("`@ag-ui/client`", npm("@ag-ui/client"), "`ag-ui`"),
    "use-stream": Client(
        "`useStream`, `@langchain/langgraph-sdk`",
        npm("@langchain/langgraph-sdk"),
        LANGGRAPH,
    ),
    "langgraph-js": Client(
        "`@langchain/langgraph-sdk`", npm("@langchain/langgraph-sdk"), LANGGRAPH
    ),
    "langgraph-py": Client(
        "`langgraph-sdk` (Python)", ours("langgraph-sdk"), LANGGRAPH
    ),
    "remote-graph": Client("`RemoteGraph`, `langgraph`", ours("langgraph"), LANGGRAPH),
    "fetch-event-source": Client(
        "`@microsoft/fetch-event-source`",
        npm("@microsoft/fetch-event-source"),
        "`json`, `delta`, `text`",
    ),
    "eventsource_client.mjs": Client(
        "`eventsource-client`", npm("eventsource-client"), "`json`, `delta`, `text`"
    ),
    "eventsource_parser.mjs": Client(
        "`eventsource-parser`", npm("eventsource-parser"), "`json`, `delta`, `text`"
    ),
    "httpx-sse": Client("`httpx-sse`", ours("httpx-sse"), CHAT),
}


def clients(item: pytest.Item) -> set[str]:
    """The clients that *item* tries.

    A mark of its own or of its parameters comes before a parameter, and that before a
    mark of the whole module.
    """
    own = {n for mark in item.own_markers if mark.name == "client" for n in mark.args}
    parameters = getattr(item, "callspec", None)
    given = parameters.params.values() if parameters else ()
    named = {each for each in given if isinstance(each, str) and each in CLIENTS}
    of_all = {name for mark in item.iter_markers("client") for name in mark.args}
    marked = own or named or of_all
    assert marked <= CLIENTS.keys(), marked
    return marked


def tried(item: pytest.Item) -> list[tuple[str, str]]:
    """Each client that *item* tries, with what it tries of it."""
    features = [name for mark in item.iter_markers("tries") for name in mark.args]
    assert {*features} <= {*FEATURES}, features
    return [(name, feature) for name in sorted(clients(item)) for feature in features]
