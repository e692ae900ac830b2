"""Who is measured: this app, what it is compared to, and variants of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import clock, environments, upstream

HERE = Path(__file__).parent
ROOT = HERE.parent

API_VERSION = "2024-10-21"
DEPLOYMENT = f"/openai/deployments/gpt/chat/completions?api-version={API_VERSION}"
CHAIN, PASSTHROUGH = "chain", "passthrough"
BASE = "the handler"
"""Ratios are to this one: the tutorial's handler, its model built once."""

THIS = "{python}"
"""In a command, the interpreter of this app's own environment."""

APP_PACKAGES = ("langchain-core", "langchain-openai", "openai", "aiohttp")

MANY = "100000"
"""As many streams as anybody opens: what refuses more is not to be measured."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server, how it is asked, and how it ends each answer."""

    name: str
    command: Sequence[str]
    """`{port}` stands for its port, which is also in `PORT`."""
    environment: Mapping[str, str]
    path: str
    ask: Callable[[str], object]
    """A question, as the JSON that the server takes."""
    ending: str
    stamp: str = clock.QUOTED
    """A regular expression that finds its tokens."""
    health: str = "/api/health"
    """A path that costs nothing; its status does not matter."""
    needs: str | None = None
    """The environment of its own that it runs in."""
    packages: Sequence[str] = ()
    """Whose versions say what was measured."""
    variant: bool = False
    """Whether it shows what a part of this app costs, and that alone."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Text of the files that `{name}` in its command stands for."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self, prompt: str, port: int) -> str:
        """What is sent to it at *port*, to its last byte."""
        body = json.dumps(self.ask(prompt))
        headers = {
            "host": f"127.0.0.1:{port}",
            "connection": "close",
            "content-type": "application/json",
            "content-length": str(len(body)),
            **self.headers,
        }
        lines = [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([f"POST {self.path} HTTP/1.1", *lines, "", body])


def native(prompt: str) -> object:
    return {"user": prompt}


def completion(prompt: str) -> object:
    messages = [{"role": "user", "content": prompt}]
    return {"model": "gpt", "messages": messages, "stream": True}


def langserve_input(prompt: str) -> object:
    return {"input": prompt}


def function_app(folder: Path, environment: str | None = None) -> list[str]:
    """Azure's own runtime, with the app in *folder*."""
    python = environments.program(environment) if environment else THIS
    return [python, "-m", "devhost", str(folder)]


def everyone(url: str) -> list[Contender]:
    """All of them, over the upstream at *url*; whether they are installed or not."""
    key = {"AZURE_OPENAI_ENDPOINT": url, "AZURE_OPENAI_API_KEY": upstream.KEY}
    ours = {**key, "AZURE_OPENAI_DEPLOYMENT": "gpt", "MAX_CONCURRENT_STREAMS": MANY}
    version = {"OPENAI_API_VERSION": API_VERSION}
    chat = Contender(
        name=CHAIN,
        command=function_app(ROOT),
        environment=ours,
        path="/api/chat",
        ask=native,
        ending="event: done\n",
        packages=APP_PACKAGES,
    )
    passthrough = replace(
        chat,
        name=PASSTHROUGH,
        path=DEPLOYMENT,
        ask=completion,
        ending="data: [DONE]\n",
        packages=("aiohttp",),
    )
    handler = Contender(
        name=BASE,
        command=function_app(HERE / "tutorial_app"),
        environment={**key, **version, "AZURE_OPENAI_CHAT_DEPLOYMENT": "gpt"},
        path="/api/http_trigger",
        ask=native,
        ending="\r\n0\r\n",
        packages=APP_PACKAGES,
    )
    return [
        chat,
        passthrough,
        handler,
        langserve(key, version),
        sdk_proxy(key, version),
        litellm(url),
        *variants(chat, url),
    ]


def langserve(key: Mapping[str, str], version: Mapping[str, str]) -> Contender:
    app = ("-m", "uvicorn", "--app-dir", str(HERE / "langserve_app"), "app:app")
    quiet = ("--port", "{port}", "--no-access-log")
    return Contender(
        name="LangServe",
        command=[environments.program("langserve"), *app, *quiet],
        environment={**key, **version},
        path="/chat/stream",
        ask=langserve_input,
        ending="event: end",
        health="/none",
        needs="langserve",
        packages=("langserve", *APP_PACKAGES[:3]),
    )


def sdk_proxy(key: Mapping[str, str], version: Mapping[str, str]) -> Contender:
    return Contender(
        name="SDK proxy",
        command=function_app(HERE / "sdk_proxy", "sdk_proxy"),
        environment={**key, **version},
        path=f"/api{DEPLOYMENT}",
        ask=completion,
        ending="data: [DONE]\n",
        needs="sdk_proxy",
        packages=("openai",),
    )


def litellm(url: str) -> Contender:
    served = ("--config", "{config.yaml}", "--host", "127.0.0.1", "--port", "{port}")
    config = (HERE / "litellm_proxy" / "config.yaml").read_text()
    return Contender(
        name="LiteLLM",
        command=[environments.program("litellm", "litellm"), *served],
        environment={
            "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # Else it is downloaded.
            "LITELLM_LOG": "ERROR",
        },
        path="/chat/completions",
        ask=completion,
        ending="data: [DONE]\n",
        health="/health/liveliness",
        needs="litellm",
        packages=("litellm", "openai"),
        files={"config.yaml": config.replace("URL", url).replace("KEY", upstream.KEY)},
    )


def variants(chat: Contender, url: str) -> list[Contender]:
    """This app's chain with a part more, or less."""
    otel = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{url}/otel"}
    return [
        replace(
            chat,
            name="two backends",
            environment=backends(url),
            variant=True,
        ),
        replace(
            chat,
            name="OpenTelemetry",
            environment={**chat.environment, **otel},
            variant=True,
        ),
        replace(
            chat,
            name="no records",
            command=function_app(HERE / "unrecorded_app"),
            variant=True,
        ),
    ]


def backends(url: str) -> dict[str, str]:
    """The same upstream, and behind it one that is not asked while that answers."""
    entries: list[dict[str, object]] = [
        {"endpoint": url, "deployment": deployment, "api_key": upstream.KEY}
        for deployment in ("gpt", "behind")
    ]
    entries[1] |= {"priority": 2}
    return {
        "AZURE_OPENAI_BACKENDS": json.dumps(entries),
        "MAX_CONCURRENT_STREAMS": MANY,
    }
