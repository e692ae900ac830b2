"""What the documents do not answer is not quoted, and a misspelled word is found."""

from pathlib import Path

import pytest

from chains.docs import folder
from chains.docs.index import Index, terms
from tests.docs_chain import corpus

NONE_OF_IT = {
    "another subject": """
        What is the capital of France?
        How do I bake sourdough bread at home?
        Who won the football world cup in 1990?
        What should I feed my cat?
        How tall is Mount Everest?
        What is the best treatment for a headache?
        How long do I boil an egg?
        Which planet is closest to the sun?
        What are the symptoms of the flu?
        Tell me a joke about penguins
        How many calories are in an apple?
        When did the Roman empire fall?
    """,
    "a word that is shared": """
        What is the best port wine?
        How do I open a bank account?
        Who holds the key to the city?
        What is the price of gold today?
        Where do I buy a train ticket?
        How do I change a tyre?
        How do I store potatoes in winter?
        Who was the model on the magazine cover?
        How do I run a marathon?
        What does a dream about water mean?
        How do I report a lost passport?
        How do I start a vegetable garden?
    """,
    "another language": """
        Wie koche ich Reis?
        ¿Cuál es la capital de España?
        Quelle est la capitale de la France?
        今天天气怎么样?
        Как приготовить борщ?
        Dove posso comprare un biglietto del treno?
        Was kostet eine Fahrkarte nach Wien?
    """,
    "no word that asks": """
        ?
        how?
        what about it?
        and why is that so?
        Can you do this for me please?
    """,
    "no word": """
        asdf qwer zxcv
        lorem ipsum dolor sit amet
        🍕🍕🍕
    """,
}
OURS = """
    what about kubernetes operators?
    How do I use Cassandra as the store?
    Can I stream over WebSockets?
    Is there a Terraform module?
    How do I connect it to MongoDB?
    Does it support GraphQL subscriptions?
    How do I send alerts to Slack?
    How do I deploy it with Helm?
    Does it have a Kafka sink?
    How do I use Pinecone for embeddings?
    Is there a Golang client?
    How do I deploy to Heroku?
    Which vector database do you use?
    How do I read an Excel file in a chain?
    Can users log in with LDAP?
    Does the chat page have a Svelte version?
"""
THE_COMPANYS = """
    How do I take a backup of Oracle?
    what about kubernetes operators?
    How do I install Postgres on Debian?
    How do I renew my Spotify subscription?
    Can Harbour talk to Kafka?
    Does Lantern have an Android SDK?
    Can Quill render LaTeX formulas?
    Does Tern support geospatial queries?
    Can Mortar compile Haskell?
    What does a Harbour licence cost?
    Who is the CEO of the Lantern company?
    What is the phone number of Pilot support?
    Is Mortar written in Rust?
    When does the harbour ferry leave?
    How do I mix mortar for a brick wall?
    What does a tern eat?
"""
OUR_WORDS_MISSPELLED = {
    "How do I use Olama instead of Azure?": "README.md",
    "Where do I put the fucntion key?": "docs/authentication.md",
    "How does failvoer between backends work?": "docs/backends.md",
    "How do I deply this to Azure?": "docs/deploy.md",
    "How do I report a vulnerabilty?": "SECURITY.md",
    "What is a budgte?": "docs/budgets.md",
    "How do I follow a run with Last-Evnet-ID?": "docs/runs.md",
    "documnets folder": "docs/documents.md",
}
ITS_WORDS_MISSPELLED = {
    "How do I take a bakcup of Tern?": "tern/backups",
    "Are Quill snpashots encrypted?": "quill/backups",
    "Can I downgarde Harbour again?": "harbour/upgrading",
    "How do I turn off the cahce of Lantern?": "lantern/caching",
    "On which port are the metrcs of Harbour?": "harbour/metrics",
    "How much memory may a Mortar plugn use?": "mortar/plugins",
    "lantren rate limits": "lantern/rate-limits",
    "Harbor scheduling": "harbour/scheduling",
}
QUOTED_ALL_THE_SAME = 0.04
FOUND_MISSPELLED = 0.9


@pytest.fixture(scope="module")
def ours() -> Index:
    return Index(folder.read(None))


@pytest.fixture(scope="module")
def the_companys(tmp_path_factory: pytest.TempPathFactory) -> Index:
    path = tmp_path_factory.mktemp("company")
    corpus.write(path)
    return Index(folder.read(path))


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def paths(index: Index, question: str) -> list[str]:
    return [passage.path for passage in index.search(terms(question), 3)]


def assert_little_is_quoted(index: Index, near: str) -> None:
    asked = [line for text in (*NONE_OF_IT.values(), near) for line in lines(text)]
    quoted = {line: found for line in asked if (found := paths(index, line))}
    assert len(asked) >= 50
    assert len(quoted) <= QUOTED_ALL_THE_SAME * len(asked), quoted


def test_our_pages_are_not_quoted_for_what_is_not_in_them(ours: Index) -> None:
    assert_little_is_quoted(ours, OURS)


def test_nor_are_a_companys(the_companys: Index) -> None:
    assert_little_is_quoted(the_companys, THE_COMPANYS)


@pytest.mark.parametrize("kind", ["another language", "no word that asks", "no word"])
def test_what_has_no_word_of_theirs_quotes_nothing(
    kind: str, ours: Index, the_companys: Index
) -> None:
    asked = lines(NONE_OF_IT[kind])
    found = [paths(index, each) for index in (ours, the_companys) for each in asked]
    assert found == [[]] * 2 * len(asked)


def test_a_misspelled_word_is_found(ours: Index, the_companys: Index) -> None:
    asked = [
        *((ours, *each) for each in OUR_WORDS_MISSPELLED.items()),
        *((the_companys, *each) for each in ITS_WORDS_MISSPELLED.items()),
    ]
    missed = [
        question
        for index, question, page in asked
        if not any(path.startswith(page) for path in paths(index, question))
    ]
    assert len(missed) <= (1 - FOUND_MISSPELLED) * len(asked), missed


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("zebars", ["animals.md"]),  # Two letters exchanged,
        ("zebas", ["animals.md"]),  # one left out,
        ("zebbras", ["animals.md"]),  # too much,
        ("zebtas", ["animals.md"]),  # or wrong;
        ("zetbas", []),  # but no two of it,
        ("sebras", []),  # and not the first.
        ("gnt", []),  # Of a short word too many others are beside it,
        ("after", []),  # and another that everybody knows is meant.
    ],
)
def test_one_mistake_is_understood(
    tmp_path: Path, asked: str, found: list[str]
) -> None:
    text = "Zebras graze beside a gnu, and are darker aft."
    (tmp_path / "animals.md").write_text(f"# Animals\n\n{text}\n")
    (tmp_path / "plants.md").write_text("# Plants\n\nGrasses and trees grow there.\n")
    assert paths(Index(folder.read(tmp_path)), asked) == found
