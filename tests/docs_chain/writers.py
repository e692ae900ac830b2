"""Writes a page as Markdown, reStructuredText, HTML or PDF, with what each has around
its text."""

from dataclasses import dataclass
from html import escape
from textwrap import indent, wrap
from typing import Literal

LINES_PER_PAGE = 38


@dataclass(frozen=True, slots=True)
class Part:
    kind: Literal["heading", "text", "row", "code"]
    text: str


def markdown(title: str, parts: list[Part]) -> bytes:
    lines = [f"---\ntitle: {title}\n---\n", f"# {title}\n"]
    lines.append("[![build](https://ci.example/badge.svg)](https://ci.example)\n")
    for part in parts:
        match part.kind:
            case "heading":
                lines.append(f"\n## {part.text}\n")
            case "code":
                lines.append(f"```\n{part.text}\n```\n")
            case "row":
                lines.append(part.text)
            case "text":
                lines.append("\n".join(wrap(part.text, 79)) + "\n")
    lines.append("\n---\n\n////\n")
    return "\n".join(lines).encode()


def rst(title: str, parts: list[Part]) -> bytes:
    lines = [".. _page:\n", "=" * len(title), title, "=" * len(title), ""]
    lines.append(".. contents::\n   :depth: 2\n")
    for part in parts:
        match part.kind:
            case "heading":
                lines += ["", part.text, "-" * len(part.text), ""]
            case "code":
                lines.append(".. code-block:: sh\n\n" + indent(part.text, "   ") + "\n")
            case "row":
                lines.append(part.text)
            case "text":
                lines.append("\n".join(wrap(part.text, 79)) + "\n")
    return "\n".join(lines).encode()


def html(title: str, parts: list[Part]) -> bytes:
    menu = "".join(f"<li><a href='#'>{name}</a></li>" for name in ("Home", "Pricing"))
    body = [f"<nav><ul>{menu}</ul></nav><main><h1>{escape(title)}<a>¶</a></h1>"]
    for number, part in enumerate(parts):
        text = escape(part.text)
        match part.kind:
            case "heading":
                body.append(f'<h2 id="s{number}">{text}</h2>')
            case "code":
                body.append(f"<pre><code>{text}</code></pre>")
            case "row":
                cells = "".join(
                    f"<td>{each}</td>" for each in text.strip("|").split("|")
                )
                body.append(f"<table><tr>{cells}</tr></table>")
            case "text":
                body.append(f"<p>{text}")
    body.append("</main><footer>Copyright of the company</footer>")
    script = "<script>if (a < b) { run('</p>') }</script>"
    head = f"<head><meta charset=utf-8><title>{escape(title)}</title>{script}</head>"
    return f"<!doctype html><html>{head}<body>{''.join(body)}</body></html>".encode()


def pdf(title: str, parts: list[Part]) -> bytes:
    """A PDF of Helvetica lines; headings are lines as any other, as in most PDFs."""
    lines = [title, ""]
    for part in parts:
        lines += ["", part.text] if part.kind == "heading" else _lines(part.text)
    pages = [
        lines[at : at + LINES_PER_PAGE] for at in range(0, len(lines), LINES_PER_PAGE)
    ]
    first = 5
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Title ({_escaped(title)}) >>",
    ]
    for number, page in enumerate(pages):
        shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in page)
        content = f"BT /F1 11 Tf 14 TL 60 760 Td\n{shown}\nET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Contents {first + 2 * number + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    return _file(objects)


def _lines(text: str) -> list[str]:
    return [part for line in text.splitlines() for part in wrap(line, 80)]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: list[str]) -> bytes:
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R /Info 4 0 R >>"
    xref = f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}"
    return written + f"{xref}\nstartxref\n{len(written)}\n%%EOF\n".encode("latin-1")
