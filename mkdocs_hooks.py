"""For MkDocs: the pages that are not in docs/, and links between pages.

GitHub shows the same pages, so their links are those of the repository.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent

ELSEWHERE = {
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/consumer/README.md": "consumer.md",
}
"""Pages outside of docs/, and what the site calls them."""

_LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for source, name in ELSEWHERE.items():
        content = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    return relinked(markdown, page.file.src_uri)


def relinked(markdown: str, name: str) -> str:
    """*markdown* of the site's page *name*; what the site has not is its text alone."""
    sources = {page: source for source, page in ELSEWHERE.items()}
    source = sources.get(name, f"docs/{name}")

    def link(match: re.Match[str]) -> str:
        text, to, anchor = match[1], match[2], match[3] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), to))
        on_site = ELSEWHERE.get(target) or target.removeprefix("docs/")
        if on_site == target or not (ROOT / target).is_file():
            return text
        path = posixpath.relpath(on_site, posixpath.dirname(name) or ".")
        return f"[{text}]({path}{anchor})"

    return _LINK.sub(link, markdown)
