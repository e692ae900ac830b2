"""Which text a file's bytes are, be they in whatever encoding."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from chains.docs.folder import Reading, read
from chains.docs.index import Index, terms
from chains.docs.passages import Passage

GREETING = "# Grüße\n\nKäse heißt er."


def found(folder: Path, question: str) -> list[Passage]:
    return Index(read(folder)).search(terms(question), 1)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"]
)
def test_the_encoding_is_named_by_a_mark_or_western(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "page.md").write_text(GREETING, encoding)
    [passage] = found(tmp_path, "Käse")
    assert (passage.heading, passage.text) == ("Grüße", "Käse heißt er.")


def test_a_text_that_was_cut_within_a_character_stays_what_it_is(
    tmp_path: Path,
) -> None:
    (tmp_path / "page.md").write_bytes(f"{GREETING} Ü".encode()[:-1])
    assert found(tmp_path, "Käse")[0].text == "Käse heißt er. \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_an_encoding_that_cannot_be_told_is_a_reason(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "page.txt").write_text("Привет мир, это документ.", encoding)
    reason = "in an encoding that it does not name"
    assert read(tmp_path) == Reading(skipped={reason: ["page.txt"]})


@pytest.mark.parametrize("named", ["charset=shift_jis", 'http-equiv=a charset="SJIS"'])
def test_a_page_of_html_names_its_own(tmp_path: Path, named: str) -> None:
    page = f"<meta {named}><p>budget: 予算は百万円。"
    (tmp_path / "page.html").write_bytes(page.encode("shift_jis"))
    assert found(tmp_path, "budget")[0].text == "budget: 予算は百万円。"


@pytest.mark.parametrize("named", ["iso-0000-9", "hex", "utf-8", "cp999999"])
def test_a_name_that_is_none_is_not_heeded(tmp_path: Path, named: str) -> None:
    page = f"<meta charset={named}><p>Käse heißt er."
    (tmp_path / "page.html").write_bytes(page.encode("latin-1"))
    assert found(tmp_path, "Käse")[0].text == "Käse heißt er."


def spoilt_pdf() -> bytes:
    """A PDF that says that one of its characters is half a surrogate pair."""
    writer = PdfWriter()
    page, mapping, content = writer.add_blank_page(9, 9), StreamObject(), StreamObject()
    mapping.set_data(
        b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
        b"1 beginbfchar <41> <D83D> endbfchar endcmap"
    )
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    fields = DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})
    fields[NameObject("/ToUnicode")] = writer._add_object(mapping)
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(fields)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    content.set_data(b"BT /F1 9 Tf (the budget A) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(content)
    writer.write(made := BytesIO())
    return made.getvalue()


def test_a_pdf_with_half_a_character_spoils_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.pdf").write_bytes(spoilt_pdf())
    [passage] = found(tmp_path, "budget")
    assert passage.text == "the budget \N{REPLACEMENT CHARACTER}"


def test_a_name_that_is_no_utf_8_spoils_nothing(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.md"
    Path(os.fsdecode(path)).write_text("The budget is seven.")
    [passage] = found(tmp_path, "budget")
    assert passage.url == "%EF%BF%BD.md#L1"
