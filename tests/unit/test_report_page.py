"""The directive by which the front page of the report shows what a study made."""

import pytest
from docutils.core import publish_parts

from elicitation.jobs import report_page


def shown(text: str) -> str:
    return publish_parts(text, writer="html")["body"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report_page.register()
    return tmp_path


def test_what_was_not_made_is_not_shown():
    assert shown(".. made:: pareto.png\n\n.. made:: answer.md\n\n.. made:: page.html\n\n   Words.\n") == ""


def test_a_picture_is_part_of_the_page_and_has_its_caption_below(folder):
    (folder / "pareto.png").write_bytes(b"picture")
    page = shown(".. made:: pareto.png")
    assert page.index("data:image/png;base64,cGljdHVyZQ==") < page.index("Cost and expected score of every purchase")


def test_a_text_keeps_its_list_and_what_names_hold(folder):
    (folder / "answer.md").write_text("# Buy: task_ and `x`|y|\n\n**Surely.**\n\n1. First_\n2. Second\n")
    page = shown(".. made:: answer.md")
    assert "<p>Buy: task_ and `x`|y|</p>" in page and "<strong>Surely.</strong>" in page
    assert page.count("<li>") == 2 and "system-message" not in page


def test_of_another_file_the_words_beside_it_are_shown(folder):
    (folder / "page.html").touch()
    assert 'href="page.html"' in shown(".. made:: page.html\n\n   See `the page <page.html>`__.\n")
