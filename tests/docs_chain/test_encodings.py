"""Which text a file's bytes are, be they in whatever encoding."""

import os
from io import BytesIO
from pathlib import Path

from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from chains.docs.folder import read
from chains.docs.index import Index, terms
from chains.docs.passages import Passage


def found(folder: Path, question: str) -> list[Passage]:
    return Index(read(folder)).search(terms(question), 1)


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
