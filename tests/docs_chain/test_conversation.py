"""A conversation's last message is searched for as a question of its own."""

from collections.abc import Sequence
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from chains import docs
from chains.docs.question import REWRITE, whole
from settings import Settings
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, text_of


def test_the_model_rewrites_the_question_and_the_caller_does_not_see_it(
    app: AppProcess, standin: StandIn
) -> None:
    messages = [
        {"role": "user", "content": "How do I set the port?"},
        {"role": "assistant", "content": "With PORT."},
        {"role": "user", "content": "standin:answer tokens=2 tag=rewritten"},
    ]
    before = standin.count()
    response = app.client.post(
        "/api/chat", json={"messages": messages, "chain": "docs"}
    )
    assert text_of(read_events(response)) == "tok0 tok1"
    assert standin.count() == before + 2
    rewriting, answering = (each["body"] for each in standin.requests()[-2:])
    sent = rewriting["messages"]
    assert isinstance(sent, list)
    assert [each["role"] for each in sent] == ["system", "user"]
    assert sent[0]["content"] == REWRITE
    assert sent[1]["content"].startswith("human: How do I set the port?\n\nai: With")
    assert isinstance(answering["messages"], list)
    assert answering["messages"][-3:] == messages


def test_a_first_question_costs_one_call(app: AppProcess, standin: StandIn) -> None:
    events = app.events("standin:answer tokens=2 tag=first-question", chain="docs")
    assert text_of(events) == "tok0 tok1"
    assert events[-1][1]["usage"]["total_tokens"] > 0
    assert len(standin.requests("first-question")) == 1


async def test_what_is_searched_for_is_the_question_as_rewritten_and_as_asked() -> None:
    model = FakeListChatModel(
        responses=["How do I install it on Windows?" + "x" * 9999]
    )
    history = [
        SystemMessage("Be brief."),
        HumanMessage("How do I install it?"),
        AIMessage("With apt."),
        HumanMessage("And on Windows?"),
    ]
    question = await whole(model, history, {})
    assert question.startswith("How do I install it on Windows?")
    assert question.endswith("x And on Windows?")
    assert len(question) < 1000


class Searches(BaseCallbackHandler):
    """Keeps what LangChain tells of searches."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found: list[Document] = []

    def on_retriever_start(
        self, serialized: dict[str, object], query: str, **kwargs: object
    ) -> None:
        self.asked.append(query)

    def on_retriever_end(
        self, documents: Sequence[Document], *, run_id: UUID, **kwargs: object
    ) -> None:
        self.found += documents


async def test_a_search_is_seen_by_langchains_callbacks() -> None:
    searches = Searches()
    chunks = [
        chunk
        async for chunk in docs.build(Settings()).astream(
            {"messages": [HumanMessage("How do I add my own chain?")]},
            {"callbacks": [searches]},
        )
    ]
    assert searches.asked == ["How do I add my own chain?"]
    assert searches.found
    assert chunks[: len(searches.found)] == searches.found
