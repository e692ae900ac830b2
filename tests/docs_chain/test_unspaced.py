"""Documents in scripts in which no space ends a word."""

from pathlib import Path

import pytest

from chains.docs.folder import read
from chains.docs.index import Index, terms
from chains.docs.words import words

PAGES = {
    "budget": "# 预算\n\n今年的预算是一百万元。由财务部管理。",
    "machine": "# 机器\n\n这台机器的速度是每秒六十米。型号为AX-7。",
    "holiday": "# 休暇\n\n有給休暇は年に二十日まで取得できます。",
    "office": "# 사무실\n\n사무실은 오전 아홉 시에 문을 엽니다.",
    "english": "# Canteen\n\nThe canteen opens at noon.",
}
ASKED = {
    "今年的预算是多少": "budget",
    "谁管理预算": "budget",
    "机器多快": "machine",
    "AX-7的速度": "machine",
    "有給休暇は何日ですか": "holiday",
    "사무실이 언제 열려요?": "office",
    "When does the canteen open?": "english",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("documents")
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(text, "utf-8")
    return Index(read(folder))


@pytest.mark.parametrize(("question", "page"), ASKED.items())
def test_a_question_finds_its_page(index: Index, question: str, page: str) -> None:
    assert index.search(terms(question), 3)[0].path == f"{page}.md"


@pytest.mark.parametrize("question", ["天气怎么样", "東京の人口は", "날씨가 좋아요"])
def test_what_no_page_is_about_finds_none(index: Index, question: str) -> None:
    assert index.search(terms(question), 3) == []


def test_words_of_other_scripts_stay_whole() -> None:
    assert words("Ärger im AX7型号 здесь x") == [
        "ärger",
        "im",
        "ax7",
        "型号",
        "здесь",
        "x",
    ]
