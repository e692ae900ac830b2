"""Graphs of a question and an answer, whose nodes may ask a person."""

import operator
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph


class Asked(TypedDict, total=False):
    question: str
    answer: str
    said: Annotated[list[str], operator.add]


def graph_of(nodes: dict[str, Any], **compiled: Any) -> Any:
    graph: Any = StateGraph(Asked)
    for name, node in nodes.items():
        graph.add_node(name, node).add_edge(START, name)
    return graph.compile(**compiled)


def in_order(*nodes: Any) -> Any:
    graph: Any = StateGraph(Asked).add_sequence([*nodes])
    return graph.set_entry_point(nodes[0].__name__).compile()


def calls(graph: Any) -> Any:
    def call(state: Asked) -> Any:
        return {"answer": graph.invoke({"question": state["question"]})["answer"]}

    return call
