"""Chains whose answers have all that a page can show."""

import asyncio
import itertools
from collections.abc import AsyncGenerator

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.runnables import RunnableConfig
from langgraph.graph import MessagesState, StateGraph
from langgraph.types import interrupt

from runnables import Chain, ChainInput, Chunk, from_generator

PIECE = 7
"""Characters in a piece of what is said."""

RICH = """\
## How it fits together

A request is **parsed by a dialect**, answered by a *chain* [1], and written back [2].
See [the docs](https://example.com/docs) or run `make run`:

```python
async def stream(settings: Settings) -> AsyncIterator[str]:
    \"\"\"Yield each token as it comes.\"\"\"
    async for chunk in chat_model(settings).astream("Hi"):
        yield chunk.text  # 42 tokens
```

| dialect | frames | since |
|---|---|--:|
| `json` | native events | 1 |
| `openai` | chat completions | 2 |
| `ui-message` | AI SDK | 3 |

1. First, the request is validated
   - its fields by name
   - its size
2. Then the chain starts
3. ~~Nothing~~ Everything is recorded

- [x] streams
- [ ] buffers

> What the caller sees is what was sent.
"""
SOURCES = (
    Document(
        "A chain is a LangChain runnable.\nOne file in one folder.",
        metadata={"title": "Chains", "source": "docs/chains.md#L10"},
    ),
    Document(
        "A dialect is one wire format.",
        metadata={"title": "Dialects", "url": "https://example.com/dialects"},
    ),
)


def _asked(inputs: ChainInput) -> str:
    return inputs["messages"][-1].text


async def _pieces(text: str, delay: float) -> AsyncGenerator[str]:
    for start in range(0, len(text), PIECE):
        await asyncio.sleep(delay)
        yield text[start : start + PIECE]


def _thought(text: str) -> AIMessageChunk:
    return AIMessageChunk(content=[{"type": "reasoning", "reasoning": text}])


def _call(name: str, arguments: str) -> AIMessageChunk:
    called = tool_call_chunk(name=name, args=arguments, id="call-1", index=0)
    return AIMessageChunk(content="", tool_call_chunks=[called])


async def _rich(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Shows all that an answer may have."""
    yield _thought("The question is about the layout. ")
    await asyncio.sleep(0.1)
    yield _thought("The documents will have it.")
    yield _call("search", '{"query": "how it fits together"}')
    await asyncio.sleep(0.1)
    yield ToolMessage("2 passages found", tool_call_id="call-1", name="search")
    for source in SOURCES:
        yield source
    async for piece in _pieces(RICH, 0.002):
        yield piece


async def _slow(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Counts to three hundred, unless it is stopped."""
    for number in range(300):
        await asyncio.sleep(0.02)
        yield f"word{number} "


PARAGRAPH = (
    "Tokens come one by one, and *each* is shown as `soon` as it is there; see "
    "[the docs](https://example.com/docs) for what **else** there is to know. "
)
CODE = "\n\n```python\nfor token in stream:\n    print(token)\n```\n\n"
BLOCKS = (PARAGRAPH, PARAGRAPH, "\n\n- one\n- two\n  - three\n\n", PARAGRAPH, CODE)
LONG_LIST = "- An **item** with `code` in it\n"
CHARACTERS = 4
"""Of a token."""
LONG_NAME = "look_up_whatever_the_documents_of_the_whole_company_say_of_it"


async def _long(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Writes as many tokens as asked, so many a second: `2000 200`, `2000 0 list`."""
    count, rate, *kind = _asked(inputs).split()
    blocks = itertools.cycle((LONG_LIST,) if kind else BLOCKS)
    text, began, loop = (
        "",
        asyncio.get_running_loop().time(),
        asyncio.get_running_loop(),
    )
    for number in range(int(count)):
        while len(text) < CHARACTERS:
            text += next(blocks)
        if int(rate):
            await asyncio.sleep(began + number / int(rate) - loop.time())
        yield text[:CHARACTERS]
        text = text[CHARACTERS:]


async def _quoting(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Says the question in each place that an answer has; a source for each line."""
    said = _asked(inputs)
    yield _thought(said)
    yield _call(LONG_NAME, "{}")
    yield ToolMessage(said, tool_call_id="call-1", name=LONG_NAME)
    for line in said.splitlines():
        yield Document(line, metadata={"title": line, "url": line})
    async for piece in _pieces(said, 0):
        yield piece


def _ask(state: MessagesState) -> MessagesState:
    letters = ["the first", "the second"]
    options = {"question": "Which letter?", "options": letters, "about": "the move"}
    which = "Which" in state["messages"][-1].text
    approved = interrupt(options if which else "May I send the letter?")
    return {"messages": [AIMessage(f"The answer was {approved}.")]}


rich, slow, quoting, long = map(from_generator, (_rich, _slow, _quoting, _long))


def asking() -> Chain:
    """Waits for a person's approval."""
    graph = StateGraph(MessagesState)
    graph.add_node("ask", _ask)
    graph.set_entry_point("ask")
    return graph.compile()
