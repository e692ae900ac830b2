"""What the chain finds in a company's documentation of 108 files in four formats."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage

from chains import docs
from chains.docs.quoting import NOTHING
from settings import Settings
from tests.docs_chain import corpus

# A question, the page that answers it, and the words that do, with the page's numbers.
ASKED = [
    ("How much memory does Harbour need when idle?", "harbour/installation", "{n7} MB"),
    ("How do I build Tern from source?", "tern/installation", "with a C compiler"),
    ("What happens to my data if I uninstall Pilot?", "pilot/installation", "in place"),
    (
        "Which file does the Lantern configuration stand in?",
        "lantern/configuration-file",
        "lantern.toml",
    ),
    (
        "Do environment variables win over the file in Quill?",
        "quill/configuration-file",
        "Variables win over files",
    ),
    (
        "How can I check the Mortar config before a restart?",
        "mortar/configuration-file",
        "mortar config check",
    ),
    ("How long is an access token of Tern valid?", "tern/signing-in", "{n5} hours"),
    ("How do I rotate the signing key of Harbour?", "harbour/signing-in", "second key"),
    ("My Pilot account is locked, for how long?", "pilot/signing-in", "{n3} minutes"),
    ("How do I take a backup of Tern?", "tern/backups", "tern backup create"),
    ("Are Quill snapshots encrypted?", "quill/backups", "AES-256"),
    ("How many snapshots does Lantern keep?", "lantern/backups", "newest {n1}"),
    ("Can I downgrade Harbour again?", "harbour/upgrading", "Going back"),
    ("In which order do I upgrade Tern replicas?", "tern/upgrading", "the leader last"),
    ("How do I turn on debug logging in Mortar?", "mortar/logging", "MORTAR_LOG"),
    ("Are secrets redacted in Lantern's logs?", "lantern/logging", "three stars"),
    (
        "How often does Harbour try a job again?",
        "harbour/retries-and-timeouts",
        "tried {n4} times",
    ),
    (
        "How long does Idempotency-Key work in Pilot?",
        "pilot/retries-and-timeouts",
        "within {n5} hours",
    ),
    (
        "Which role may delete a target in Mortar?",
        "mortar/roles-and-permissions",
        "owner",
    ),
    ("How do I verify a webhook's signature of Quill?", "quill/webhooks", "HMAC"),
    ("Is the order of Tern webhooks guaranteed?", "tern/webhooks", "not guaranteed"),
    (
        "How do I get JSON output from the pilot command?",
        "pilot/command-line",
        "--outp",
    ),
    ("On which port are the metrics of Harbour?", "harbour/metrics", "port {port}"),
    ("How do I turn off the cache of Lantern?", "lantern/caching", "LANTERN_CACHE=off"),
    ("What does a Tern import do with duplicates?", "tern/importing-data", "--replace"),
    ("Which time zone do Harbour schedules use?", "harbour/scheduling", "UTC"),
    ("Quill says too many open files", "quill/troubleshooting", "LimitNOFILE"),
    ("How do I raise the rate limit of a Lantern key?", "lantern/rate-limits", "quota"),
    ("How much memory may a Mortar plugin use?", "mortar/plugins", "{n1} MB"),
    ("How many servers should a Pilot cluster have?", "pilot/clusters", "odd number"),
]
UNANSWERED = [
    "What is the capital of France?",
    "Who won the football world cup in 1990?",
    "Can you recommend a restaurant in Rome?",
    "How tall is Mount Everest?",
    "Write a poem about the autumn rain",
]
FILE_AMONG_THREE = 0.9
ANSWER_IN_QUOTES = 0.75


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    assert len(corpus.write(folder)) >= 100
    return folder


@pytest.fixture(scope="module")
def answers(folder: Path) -> Mapping[str, tuple[list[Document], str]]:
    """For each question the cited documents and the text; all are asked at once, as
    each takes its time."""
    chain = docs.build(Settings(docs_path=str(folder)))

    async def answer(question: str) -> tuple[list[Document], str]:
        inputs = {"messages": [HumanMessage(question)]}
        chunks = [chunk async for chunk in chain.astream(inputs)]
        cited = [chunk for chunk in chunks if isinstance(chunk, Document)]
        return cited, "".join(chunk for chunk in chunks if isinstance(chunk, str))

    async def ask_all(questions: list[str]) -> Mapping[str, tuple[list[Document], str]]:
        found = await asyncio.gather(*map(answer, questions))
        return dict(zip(questions, found, strict=True))

    return asyncio.run(ask_all([*(each[0] for each in ASKED), *UNANSWERED]))


Answers = Mapping[str, tuple[list[Document], str]]


def test_thirty_questions_find_their_file_among_three(answers: Answers) -> None:
    missed = [
        question
        for question, page, _ in ASKED
        if not any(
            document.metadata["source"].startswith(f"{page}.")
            for document in answers[question][0][:3]
        )
    ]
    assert len(ASKED) == 30
    assert len(missed) <= (1 - FILE_AMONG_THREE) * len(ASKED), missed


def test_the_quotes_hold_the_answers(answers: Answers) -> None:
    missed = []
    for question, page, template in ASKED:
        name = page.partition("/")[0].capitalize()
        [product] = [each for each in corpus.PRODUCTS if each[0] == name]
        phrase = template.format(**corpus.values_of(*product))
        text = " ".join(answers[question][1].replace("\n> ", " ").split())
        if phrase not in text:
            missed.append((question, phrase))
    assert len(missed) <= (1 - ANSWER_IN_QUOTES) * len(ASKED), missed


def test_no_passage_is_without_words_and_no_code_without_its_sentence(
    answers: Answers,
) -> None:
    for documents, _ in answers.values():
        for document in documents:
            assert len(re.findall(r"[A-Za-z]{2,}", document.page_content)) > 3
            assert not document.page_content.startswith("```")


def test_what_is_in_no_file_quotes_nothing(answers: Answers) -> None:
    for question in UNANSWERED:
        assert answers[question] == ([], NOTHING)
