"""Graphs that wait for a person, as `CHAINS` names them."""

from typing import Any, TypedDict

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt

from runnables import chat_model, sampling
from settings import Settings
from tests.support.kinds import Model, calling, finish

CALL = ("Let me pay. ", calling("pay", '{"amount": 5}'), finish("tool_calls"))


class Asked(TypedDict, total=False):
    question: str
    answer: str


def _approve(state: Asked) -> dict[str, str]:
    return {"answer": f"You said {interrupt({'about': state['question']})}."}


def _first(state: Asked) -> dict[str, str]:
    return {"question": f"one {interrupt('one?')}"}


def _second(state: Asked) -> dict[str, str]:
    return {"answer": f"two {interrupt('two?')}"}


def _graph(**nodes: Any) -> Any:
    graph: Any = StateGraph(Asked)
    for name, node in nodes.items():
        graph.add_node(name, node).add_edge(START, name)
    return graph.compile()


approval = _graph(approve=_approve)
both = _graph(first=_first, second=_second)


@tool
def pay(amount: int) -> str:
    """Pay."""
    return f"Paid {amount}."


class Payer(Model):
    """Calls its tool if it is asked, and else says that it is done."""

    async def _astream(self, messages: list[BaseMessage], *a: Any, **k: Any) -> Any:
        asked = isinstance(messages[-1], HumanMessage)
        model = Model(scripts=(CALL if asked else ("Done.", finish()),))
        async for chunk in model._astream(messages, *a, **k):
            yield chunk


def paying() -> Runnable[Any, Any]:
    """Each run of its tool waits for a person."""
    model = Payer()
    middleware = [HumanInTheLoopMiddleware({"pay": True})]
    return create_agent(model, [pay], middleware=middleware)


def talking(settings: Settings) -> Any:
    """A graph of the configured model that says what it was told before."""
    model = chat_model(settings)

    async def answer(state: MessagesState, config: RunnableConfig) -> Any:
        said = await model.ainvoke(state["messages"], **sampling(config))
        return {"messages": [said]}

    graph: Any = StateGraph(MessagesState).add_node("answer", answer)
    return graph.add_edge(START, "answer").compile()


CHAINS = ",".join(
    f"{name}=tests.support.waiting_chains:{name}"
    for name in ("approval", "both", "paying", "talking")
)
