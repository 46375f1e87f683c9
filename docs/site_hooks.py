"""Hooks of MkDocs: pages that stand outside docs/, and links to files of the checkout, become part of the site."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
# What a file of the checkout is called in the site.
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "figures/README.md": "figures.md",
}
LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]+)?\)|(!\[[^\]]*\])\((?![a-z]+:)([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside docs/."""
    for source, name in OUTSIDE.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page with its links as the site needs them."""
    source = Path(str(page.file.abs_src_path))
    return LINK.sub(lambda link: site_link(link, source, page.file.src_uri), markdown)


def site_link(link: re.Match, source: Path, name: str) -> str:
    """A link as the site needs it, from the page `name`, which was read from the file `source`.

    A link to a file of the checkout that the site lacks becomes its text, since no address of a repository is known.
    One that leads nowhere stays as it is, and so ends a strict build.
    """
    text, target, anchor, image, picture = link.groups()
    path = (source.parent / (target or picture)).resolve()
    if not path.exists() or not path.is_relative_to(ROOT):
        return link[0]
    uri = path.relative_to(ROOT).as_posix()
    if uri in OUTSIDE:
        uri = OUTSIDE[uri]
    elif uri.startswith("docs/") and path.is_file():
        uri = uri.removeprefix("docs/")
    else:
        return text
    address = posixpath.relpath(uri, posixpath.dirname(name) or ".")
    return f"{image}({address})" if image else f"[{text}]({address}{anchor or ''})"
