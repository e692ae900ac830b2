"""Runnables of LangChain's how-to pages, written anew."""

from operator import itemgetter
from typing import Any

from langchain_core.documents import Document
from langchain_core.output_parsers import (
    CommaSeparatedListOutputParser,
    JsonOutputParser,
    StrOutputParser,
)
from langchain_core.prompts import (
    ChatPromptTemplate,
    MessagesPlaceholder,
    PromptTemplate,
)
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import (
    ConfigurableField,
    RunnableBranch,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from pydantic import BaseModel

from runnables import Chain
from tests.support.kinds import Model, calling, finish, kind

prompt = ChatPromptTemplate.from_template
parser = StrOutputParser()


class Joke(BaseModel):
    """A joke."""

    setup: str
    score: int


class Library(BaseRetriever):
    """Finds one document."""

    def _get_relevant_documents(self, query: str, **kwargs: Any) -> list[Document]:
        return [Document("gamma", metadata={"title": "G", "source": "g.md"})]


def joined(documents: list[Document]) -> str:
    return "\n".join(document.page_content for document in documents)


JSON_ANSWER = ('{"answer": ["Alpha', '", "beta."]}', finish())
CALL_ANSWER = (calling("Joke", '{"setup": "Alpha", "score": 7}'), finish("tool_calls"))
FAILING = Model(scripts=[[ValueError("no such model")]])


@kind()
def prompt_model(model: Model) -> Chain:
    """`prompt | model`"""
    return prompt("Tell of {topic}") | model


@kind()
def prompt_model_parser(model: Model) -> Chain:
    """`prompt | model | StrOutputParser()`, with any one variable"""
    return prompt("Tell of {animal}") | model | parser


@kind()
def string_prompt(model: Model) -> Chain:
    """`PromptTemplate | model`"""
    return PromptTemplate.from_template("{question}") | model | parser


@kind()
def bare_model(model: Model) -> Chain:
    """A chat model"""
    return model


@kind()
def bound(model: Model) -> Chain:
    """`model.bind(…)`"""
    return model.bind(stop=["x"])


@kind(
    text="",
    finish="tool_calls",
    scripts=[(calling("look", "{}"), finish("tool_calls"))],
    streams=False,
)
def bind_tools(model: Model) -> Chain:
    """`model.bind_tools(…)`: the caller gets the calls"""
    return model.bind_tools([Joke])


@kind()
def with_retry(model: Model) -> Chain:
    """`model.with_retry()`"""
    return model.with_retry()


@kind()
def with_fallbacks(model: Model) -> Chain:
    """`model.with_fallbacks(…)`, the first of which fails"""
    return FAILING.with_fallbacks([model])


@kind()
def sequence_with_fallbacks(model: Model) -> Chain:
    """`(prompt | model).with_fallbacks(…)`"""
    ask = prompt("{topic}")
    return (ask | FAILING).with_fallbacks([ask | model])


@kind()
def with_config(model: Model) -> Chain:
    """`model.with_config(…)`"""
    return model.with_config(tags=["a"], metadata={"team": "b"})


@kind()
def configurable_fields(model: Model) -> Chain:
    """`model.configurable_fields(…)`"""
    return prompt("{input}") | model.configurable_fields(
        scripts=ConfigurableField(id="scripts")
    )


@kind()
def configurable_alternatives(model: Model) -> Chain:
    """`model.configurable_alternatives(…)`"""
    return model.configurable_alternatives(ConfigurableField("which"), other=FAILING)


@kind(inputs={"language": "French"})
def two_variables(model: Model) -> Chain:
    """A prompt with a second variable, from `inputs`"""
    return prompt("{text} in {language}") | model


@kind()
def chat_history(model: Model) -> Chain:
    """A prompt with `MessagesPlaceholder("chat_history")` and `{input}`"""
    history = MessagesPlaceholder("chat_history")
    return ChatPromptTemplate([history, ("user", "{input}")]) | model | parser


@kind()
def rag(model: Model) -> Chain:
    """RAG: `{"context": retriever | format, "question": RunnablePassthrough()} | …`"""
    found = {"context": Library() | joined, "question": RunnablePassthrough()}
    return found | prompt("{context} {question}") | model | parser


@kind()
def rag_of_input(model: Model) -> Chain:
    """RAG of `{input}`, with `itemgetter` and `assign`"""
    return (
        RunnablePassthrough.assign(context=itemgetter("input") | Library() | joined)
        | prompt("{context} {input}")
        | model
        | parser
    )


@kind()
def rag_with_sources(model: Model) -> Chain:
    """RAG with `assign(context=…).assign(answer=…)`: the documents are citations"""
    answer = prompt("{context} {input}") | model | parser
    found = RunnablePassthrough.assign(context=itemgetter("input") | Library())
    return found.assign(answer=answer)


@kind()
def formatted_context(model: Model) -> Chain:
    """The same, if `context` is text: it is no part of the answer"""
    answer = prompt("{context} {input}") | model | parser
    found = RunnablePassthrough.assign(context=itemgetter("input") | Library() | joined)
    return found.assign(answer=answer)


@kind()
def assigned(model: Model) -> Chain:
    """`RunnablePassthrough.assign(…)` of one text, by any name"""
    return RunnablePassthrough.assign(summary=prompt("{topic}") | model | parser)


@kind()
def picked(model: Model) -> Chain:
    """`….pick("answer")`"""
    found = RunnablePassthrough.assign(answer=prompt("{topic}") | model | parser)
    return found.pick("answer")


@kind(
    text='{"joke":"Alpha beta.","poem":"Alpha beta."}',
    output={"joke": "Alpha beta.", "poem": "Alpha beta."},
    calls=2,
    streams=False,
)
def parallel(model: Model) -> Chain:
    """`RunnableParallel(joke=…, poem=…)`: JSON, as it is more than one text"""
    ask = prompt("{topic}") | model | parser
    return RunnableParallel(joke=ask, poem=ask)


@kind()
def branch(model: Model) -> Chain:
    """`RunnableBranch`"""
    ask = prompt("{topic}") | model
    return RunnableBranch((lambda x: "?" in x["topic"], ask), ask) | parser


@kind()
def router(model: Model) -> Chain:
    """A function that returns the runnable to go on with"""
    ask = prompt("{topic}") | model | parser
    return RunnableLambda(lambda x: ask if x["topic"] else parser)


@kind(text='["Alpha beta."]', output=["Alpha beta."], streams=False)
def mapped(model: Model) -> Chain:
    """`chain.map()`: a list of one, as JSON"""
    return (prompt("{topic}") | model | parser).map()


@kind(text="Alpha beta. Alpha beta.", calls=2, streams=False)
def map_and_join(model: Model) -> Chain:
    """`split | chain.map() | join`"""

    def split(question: str) -> list[dict[str, str]]:
        return [{"topic": question}, {"topic": "b"}]

    each = prompt("{topic}") | model | parser
    return RunnableLambda(split) | each.map() | " ".join


@kind(
    text='{"answer":["Alpha","beta."]}',
    output={"answer": ["Alpha", "beta."]},
    scripts=[JSON_ANSWER],
    streams=False,
)
def json_parser(model: Model) -> Chain:
    """`… | JsonOutputParser()`: the object as JSON, once"""
    return prompt("{topic}") | model | JsonOutputParser()


JOKE = {"setup": "Alpha", "score": 7}


@kind(
    text='{"setup":"Alpha","score":7}',
    output=JOKE,
    scripts=[CALL_ANSWER],
    streams=False,
)
def structured(model: Model) -> Chain:
    """`model.with_structured_output(…)`: the object as JSON"""
    return prompt("{topic}") | model.with_structured_output(Joke)


@kind(
    text='{"setup":"Alpha","score":7}',
    output=JOKE,
    scripts=[CALL_ANSWER],
    streams=False,
)
def structured_raw(model: Model) -> Chain:
    """`with_structured_output(…, include_raw=True)`: what was parsed"""
    return model.with_structured_output(Joke, include_raw=True)


@kind(
    text='["Alpha","beta"]',
    output=["Alpha", "beta"],
    scripts=[("Alpha, ", "beta", finish())],
    streams=False,
)
def list_parser(model: Model) -> Chain:
    """`… | CommaSeparatedListOutputParser()`: the list as JSON"""
    return prompt("{topic}") | model | CommaSeparatedListOutputParser()
