"""What the chain `docs` searches for and quotes, however long the question is."""

from pathlib import Path

from langchain_core.documents import Document
from langchain_core.messages import HumanMessage

from chains import docs
from chains.docs.index import terms
from settings import Settings


def test_a_question_is_searched_for_by_its_keywords() -> None:
    assert terms("How do I add my own chain, a RAG chain?") == {"add", "chain", "rag"}


def test_of_a_long_question_its_first_and_last_32_keywords_are_searched_for() -> None:
    words = [f"w{number}" for number in range(400)]
    assert terms(" and ".join(words)) == {*words[:32], *words[-32:]}


def test_the_middle_of_a_very_long_question_is_not_read() -> None:
    padding = " and" * 500
    assert terms(f"Who{padding} knows{padding} this") == set()


async def test_a_long_question_is_cited_and_quoted_for_its_ends(tmp_path: Path) -> None:
    pasted = [f"word{number}" for number in range(1000)]
    sentences = [f"{' '.join(pasted[n : n + 10])}." for n in range(400, 600, 10)]
    sentences.append("This is about zebras.")
    (tmp_path / "asked.md").write_text(" ".join(sentences))
    (tmp_path / "pasted.md").write_text(" ".join(pasted[400:600]))
    chain = docs.build(Settings(docs_path=str(tmp_path)))
    question = f"{' '.join(pasted)} What are zebras?"
    chunks = [
        chunk async for chunk in chain.astream({"messages": [HumanMessage(question)]})
    ]
    cited = [each.metadata["url"] for each in chunks if isinstance(each, Document)]
    assert cited == ["asked.md#L1"]
    text = "".join(chunk for chunk in chunks if isinstance(chunk, str))
    assert "This is about zebras." in text
