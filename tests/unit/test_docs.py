"""That the docs build as a site, that their links and paths lead to what exists, and that README stays short."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("architecture", "decisions")
# Where a path in the text may start. The last is for a file that is named after others of its folder.
STARTS = ("", "src/elicitation", "src/elicitation/study")
# What a study makes, and what is no path of the checkout.
MADE = ("results/", "figures/", "logs/")
# A line of a list or table that was swallowed by the paragraph above it, since Markdown wants an empty line between them.
SWALLOWED = re.compile(r"<p>[^<]*(?:<(?!/p>)[^<]*)*?\n(?:- |\d+\. |\| )")


def test_the_site_builds_strictly(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 15 and [page for page in pages if SWALLOWED.search(page.read_text())] == []


def anchors_of(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or anchor in anchors_of(target))


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_pages_and_headings(name):
    page = ROOT / f"docs/explanation/{name}.md"
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if "://" not in link]
    assert links and [link for link in links if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("name", PAGES)
def test_paths_exist(name):
    text = (ROOT / f"docs/explanation/{name}.md").read_text()
    paths = {path for path in re.findall(r"`([\w./-]+(?:\.py|\.yaml|/[\w./-]*))`", text) if not path.startswith(MADE)}
    assert paths and sorted(p for p in paths if not any((ROOT / start / p).exists() for start in STARTS)) == []
