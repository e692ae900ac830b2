"""What each format is read as: sections, with code beside the sentence that leads to
it."""

from chains.docs import html_page, markdown, pdf, rst
from chains.docs.page import Block, Page
from chains.docs.passages import Passage, pack, title
from tests.docs_chain import writers

CODE = "```sh\nmake run\n```"


def test_markdown_has_headings_of_both_kinds_and_a_title_in_its_front_matter() -> None:
    text = (
        f"---\ntitle: 'Guide'\n---\nSetup\n---\nRun it:\n\n{CODE}\n\n### Deep ##\ntext"
    )
    assert markdown.read(text) == Page(
        [
            Block("L4", "Setup", level=2),
            Block("L6", "Run it:"),
            Block("L8", CODE, code=True),
            Block("L12", "Deep", level=3),
            Block("L13", "text"),
        ],
        "Guide",
    )


def test_front_matter_may_be_toml() -> None:
    text = '+++\ndate = 2026\ntitle = "Guide"\n+++\ntext'
    assert markdown.read(text) == Page([Block("L5", "text")], "Guide")


def test_a_heading_within_code_is_code() -> None:
    text = "~~~\n# no heading\n```\n~~~\n# heading"
    assert [block.level for block in markdown.read(text).blocks] == [0, 1]
    assert markdown.read("```never ends\n# no heading").blocks == [
        Block("L1", "```never ends\n# no heading", code=True)
    ]


def test_rst_has_headings_by_their_marks_and_code_of_both_kinds() -> None:
    text = (
        "=====\nGuide\n=====\n\nSetup\n-----\nSee :ref:`the start <start>`. Run::\n\n"
        "    make run\n\n.. code-block:: sh\n   :linenos:\n\n   make run\n\n"
        ".. image:: a.png\n   :alt: nothing\n\n.. note::\n\n   Mind the gap.\n"
    )
    assert rst.read(text).blocks == [
        Block("L2", "Guide", level=1),
        Block("L5", "Setup", level=2),
        Block("L7", "See `the start`. Run:"),
        Block("L9", "```\nmake run\n```", code=True),
        Block("L14", CODE, code=True),
        Block("L21", "Mind the gap."),
    ]


def test_html_is_read_without_what_is_around_its_text() -> None:
    text = (
        "<!doctype html><title>Guide &amp; more</title><style>p {}</style>"
        "<nav>Menu <nav>deep</nav></nav><!-- <p>no --><H2 ID=setup>Setup<a>¶</a></h2>\n"
        "<p>Run <code>it</code>:\n<pre class='language-sh'>make &lt;run&gt;\n</pre>"
        "<ul><li><p>one</p><li>two</ul><table><tr><th>a<td>1 < 2</table>"
        "<script>'<p>no'</script><footer>no</footer>"
    )
    assert html_page.read(text) == Page(
        [
            Block("setup", "Setup", level=2),
            Block("setup", "Run `it`:"),
            Block("setup", "```sh\nmake <run>\n```", code=True),
            Block("setup", "- one\n- two"),
            Block("setup", "| a | 1 < 2"),
        ],
        "Guide & more",
    )


def test_pdf_is_read_page_by_page() -> None:
    parts = [writers.Part("text", f"Line (number) {number}.") for number in range(40)]
    page = pdf.read(writers.pdf("Guide", parts))
    assert page.title == "Guide"
    assert [block.place for block in page.blocks if "Line" in block.text] == [
        "page=1",
        "page=2",
    ]
    assert "Line (number) 39." in page.blocks[-1].text


def passages(text: str) -> list[Passage]:
    return list(pack(markdown.read(text), "guide.md"))


def test_short_sections_are_one_passage_whose_title_has_their_headings() -> None:
    text = "# Guide\n\n## One\n\nFirst.\n\n## Two\n\nSecond.\n\n## Rule\n\n////\n"
    assert passages(text) == [
        Passage("guide.md", "L5", ("One", "Two"), "First.\n\n**Two**\n\nSecond.")
    ]


def test_a_long_section_is_several_passages_and_code_stays_with_its_sentence() -> None:
    filling = "Nothing of interest is said here at all. " * 20
    text = f"# Guide\n\n## One\n\n{filling}\n\n{filling}\n\nRun it:\n\n{CODE}\n"
    found = passages(text)
    assert [passage.headings for passage in found] == [("One",)] * 2
    assert found[1].text.endswith(f"Run it:\n\n{CODE}")


def test_a_paragraph_that_is_too_long_is_split_and_each_part_has_its_line() -> None:
    lines = [f"This is the line that has the number {number}." for number in range(80)]
    found = passages("\n".join(lines))
    assert len(found) > 2
    for passage in found:
        first = passage.text.partition("\n")[0]
        assert lines[int(passage.place[1:]) - 1] == first


def test_code_that_is_too_long_is_code_in_each_of_its_passages() -> None:
    code = "\n".join(f"step_{number} = run({number})" for number in range(200))
    found = passages(f"Run it:\n\n```python\n{code}\n```\n")
    assert len(found) > 2
    assert all(passage.text.count("```") == 2 for passage in found)


def test_the_title_of_a_page_is_in_no_heading_of_it_but_its_own() -> None:
    page = markdown.read("# Guide\n\nIntroduction.\n\n## One\n\n" + "Text here. " * 108)
    assert title(page) == "Guide"
    assert [passage.headings for passage in pack(page, "g.md")] == [
        ("Guide",),
        ("One",),
    ]


def test_a_long_rule_beside_words_is_left_out() -> None:
    rule = "-=" * 5000
    assert [passage.text for passage in passages(f"Words.\n\n{rule}\n")] == ["Words."]
