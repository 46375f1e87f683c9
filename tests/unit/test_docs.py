"""That the docs build as a site, that their links and paths lead to what exists, and that what they quote is said."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from elicitation.study.validation import validate

ROOT = Path(__file__).parents[2]
PAGES = ("architecture", "decisions")
# Where a path in the text may start. The last is for a file that is named after others of its folder.
STARTS = ("", "src/elicitation", "src/elicitation/study")
# What a study makes, and what is no path of the checkout.
MADE = ("results/", "figures/", "logs/")
# A line of a list or table that the paragraph above it has swallowed, for want of an empty line between them.
SWALLOWED = re.compile(r"<p>[^<]*(?:<(?!/p>)[^<]*)*?\n(?:- |\d+\. |\| )")


def test_the_site_builds_strictly(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 15 and [page for page in pages if SWALLOWED.search(page.read_text())] == []


def test_issue_forms_are_valid():
    forms = [str(path) for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"]
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-issue-forms"]
    assert forms and subprocess.run([*check, *forms], check=False).returncode == 0


def test_readme_is_one_screen():
    assert len((ROOT / "README.md").read_text().split()) <= 700


def said_in(path: Path) -> Iterator[str]:
    """The texts in a Python file, those with values in them as they are written, with … for each value."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)


def test_the_errors_of_troubleshooting_are_those_that_are_raised():
    said = [text for path in (ROOT / "src").rglob("*.py") for text in said_in(path)]
    said.append(re.sub(r"\$\(\w+\)", "…", (ROOT / "Makefile").read_text()))
    quoted = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    parts = {sentence: [part for part in sentence.split("…") if part.strip()] for sentence in quoted}
    assert len(quoted) > 50
    assert [s for s in quoted if not any(all(part in text for part in parts[s]) for text in said)] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs/tutorials").glob("*.md")), ids=lambda page: page.stem)
def test_the_studies_of_tutorials_are_valid(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"mail number {number},{number % 2 if number < 200 else ''}" for number in range(600)]
    Path("labels.csv").write_text("\n".join(["text,gold", *rows]))
    studies = re.findall(r"```yaml\n(study:.*?)```", page.read_text(), re.DOTALL)
    assert studies or page.stem == "your-labels"
    for study in studies:
        assert validate(yaml.safe_load(study.replace("/path/to/the/folder", "."))).study == "mine"


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
