"""That the map of the project, docs/explanation/architecture.md, and its decisions lead to what exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("architecture", "decisions")
# Where a path in the text may start. The last is for a file that is named after others of its folder.
STARTS = ("", "src/elicitation", "src/elicitation/study")
# What a study makes, and what is no path of the checkout.
MADE = ("results/", "figures/", "logs/")


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
