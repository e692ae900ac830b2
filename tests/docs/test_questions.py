"""README and docs answer what users ask, through the chain `docs`, without a model."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from chains.docs import folder
from chains.docs.passages import MOST_CODE
from chains.docs.quoting import NO_MODEL
from tests.support.app_process import AppProcess, text_of
from tests.support.markdown import PAGES, ROOT

ASKED = [
    ("How do I add my own chain?", "Add your own chain", "chains/haiku.py"),
    ("How do I use Ollama instead of Azure?", "Ollama", "OPENAI_BASE_URL=http://"),
    ("Why does my stream arrive all at once?", "arrives all at once", "stream-check"),
    ("What does finish_reason content_filter mean?", "finish_reason", "filter stopped"),
    ("How do I stop a running answer?", "Stop a running answer", "AbortController"),
    ("How do I deploy this to Azure?", "Deploy", "azd up"),
    ("Are prompts and answers logged?", "Privacy", "never logged"),
    ("I get a CORS error in the browser, what now?", "CORS", "Host.CORS"),
    ("How can my RAG chain show its sources?", "Sources", "yield each `Document`"),
    ("Where do I put the function key?", "Function keys", "header `x-functions-key`"),
    ("Can I get the whole answer as one JSON object?", "One JSON", '"stream": false'),
    (
        "Can I chat with my own documents?",
        "Answer from your own documents",
        "DOCS_PATH",
    ),
    ("Can I use a LangGraph graph?", "LangGraph graphs", "CHAINS=graph="),
    ("How do I run the tests?", "Run the tests", "make test"),
    ("How do I add another wire format?", "Add a dialect", "streaming/dialects"),
    ("What does 429 rate_limited mean?", "Error codes", "rate limit or quota"),
    ("How do I sign in without an API key?", "without a key", "az login"),
    ("How many tokens did my request use?", "Token usage", "`usage` of its `done`"),
    ("How do I change the system prompt?", "Change the system prompt", "SYSTEM_PROMPT"),
    ("What does MAX_MESSAGES do?", "Limits", "`MAX_MESSAGES` | 413"),
    ("Which endpoints are there?", "Endpoints", "/api/openai/"),
    ("How do I report a vulnerability?", "Report a vulnerability", "report it private"),
    ("Which files of my documents are read?", "Which files are read", "32 MiB"),
    ("How does failover between backends work?", "Several backends", "priority"),
    ("How do I use another port?", "port is taken", "PORT=7099 make run"),
]
AT_LEAST_FIRST = 0.8
"""The part of the questions whose best passage is the one that answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a user gets to see."""

    citations: list[dict[str, Any]]
    text: str


@pytest.fixture(scope="module")
def answers(offline: AppProcess) -> Mapping[str, Answer]:
    """The answer to every question; all are asked at once, as each takes its time."""

    def ask(question: str) -> Answer:
        events = offline.events(question)
        cited = [data for name, data in events if name == "citation"]
        return Answer(cited, text_of(events))

    questions = [question for question, *_ in ASKED]
    with ThreadPoolExecutor(len(questions)) as pool:
        return dict(zip(questions, pool.map(ask, questions), strict=True))


@pytest.mark.parametrize(("question", "heading", "phrase"), ASKED)
def test_a_users_question_finds_its_paragraph(
    question: str, heading: str, phrase: str, answers: Mapping[str, Answer]
) -> None:
    answer = answers[question]
    titles = [citation["title"] for citation in answer.citations]
    assert any(heading in title for title in titles)
    assert phrase in answer.text
    assert answer.text.startswith(NO_MODEL)
    assert f"**{titles[0]}** [1]" in answer.text


def test_most_questions_find_it_first(answers: Mapping[str, Answer]) -> None:
    first = [
        heading in answers[question].citations[0]["title"]
        for question, heading, _ in ASKED
    ]
    assert sum(first) >= AT_LEAST_FIRST * len(ASKED)


def test_every_citation_leads_to_the_line_it_names(
    answers: Mapping[str, Answer],
) -> None:
    for answer in answers.values():
        for citation in answer.citations:
            path, _, number = citation["url"].partition("#L")
            assert path in {*PAGES, "SECURITY.md"}
            lines = (ROOT / path).read_text("utf-8").splitlines()
            line = lines[int(number) - 1]
            assert citation["snippet"].startswith(line.strip()[:300])


def test_no_passage_is_without_words_or_too_long_to_quote() -> None:
    for passage in folder.read(None).passages:
        assert len(re.findall(r"[A-Za-z]{2,}", passage.text)) > 5, passage
        assert len(passage.text) <= MOST_CODE, passage
