import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from explorer_study import ASKED, COMMON, STUDY, TITLES, WEAK, make_study, summary_of

from elicitation.analysis.names import ASKING, COMMONER, LABELS
from elicitation.analysis.posterior import Posterior, standard_draws
from elicitation.explorer import data, page
from elicitation.explorer.data import page_data

NASTY = "</script><!--<script>alert(1)//]]>\u2028\u2029 'q' \"Q\" & <b>"


@pytest.fixture(scope="module")
def study():
    return make_study()


@pytest.fixture(scope="module")
def html(study):
    return page.render(page_data(study, summary_of(study), STUDY))


class Elements(HTMLParser):
    """Tags with their attributes, and what stands in scripts and in the title."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.scripts, self.title, self.inside = [], [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, text):
        if self.inside == "script":
            self.scripts[-1] += text
        if self.inside == "title":
            self.title += text


def decode(text, kind):
    return np.frombuffer(base64.b64decode(text), f"<{kind}").astype(float)


def spread_out(entry, values, shape):
    """Values at the crossings that have one, on the grid of the lines."""
    grid = np.full(shape[:2], np.nan).ravel()
    grid[entry["at"]] = [np.nan if value is None else value for value in values]
    return grid.reshape(shape[:2])


def test_every_surface_is_carried_with_its_scores(study):
    blocks = page_data(study, summary_of(study), STUDY)["blocks"]
    assert [(block["task"], block["student"]) for block in blocks] == [
        (task, "big") for task in ("average", "topic", "verdict")
    ]
    for carried, block in zip(blocks, study.blocks, strict=True):
        assert (carried["nTasks"], carried["nTest"]) == (block.n_tasks, block.n_test)
        for entry, surface in zip(carried["surfaces"], block.surfaces, strict=True):
            assert (entry["supervisor"], entry["method"]) == (surface.supervisor, surface.method)
            assert entry["weak"] == surface.weak.tolist() and entry["gold"] == surface.gold.tolist()
            shape = surface.factors.shape
            for name, values in (("mean", surface.mean), ("measured", surface.measured)):
                assert np.array_equal(spread_out(entry, entry[name], shape), values, equal_nan=True), name
            known = ~np.isnan(surface.mean)
            for name, values in (("studied", surface.studied), ("nSeeds", surface.n_seeds)):
                assert np.array_equal(spread_out(entry, entry[name], shape)[known], values[known]), name
            factors = decode(entry["factors"], "f4").reshape(-1, carried["rank"])
            assert np.array_equal(factors, surface.factors[known])


def test_the_draws_are_those_of_python(study):
    made = page_data(study, summary_of(study), STUDY)
    rank = max(block["rank"] for block in made["blocks"])
    assert np.allclose(decode(made["draws"], "f4").reshape(rank, -1), standard_draws(rank), rtol=1e-7, atol=0)


def test_what_needs_no_label_is_carried_beside_the_surfaces(study):
    for block in page_data(study, summary_of(study), STUDY)["blocks"]:
        free = {(entry["kind"], entry["supervisor"]): entry["mean"] for entry in block["free"]}
        assert free == {(ASKING, ""): ASKED, (COMMONER, ""): COMMON, (LABELS, "small"): WEAK}


def test_the_page_names_the_measure_of_the_study(study):
    made = page_data(study, summary_of(study), STUDY | {"measure": "balanced_accuracy"})
    assert made["study"]["measure"] == {"key": "balanced_accuracy", "title": "balanced accuracy"}
    html = page.render(made)
    assert "Cost and balanced accuracy</h2>" in html and "What buys the same balanced accuracy</h2>" in html


def test_the_page_opens_with_the_number_of_texts_of_studies_that_say_it(study):
    assert page_data(study, summary_of(study), STUDY)["study"]["textsToLabel"] is None
    of_many = page_data(study, summary_of(study), STUDY | {"texts_to_label": 8000})
    assert of_many["study"]["textsToLabel"] == 8000


def test_the_page_opens_with_the_budget_of_studies_that_say_it(study):
    assert page_data(study, summary_of(study), STUDY)["study"]["ownBudget"] is None
    assert page_data(study, summary_of(study), STUDY | {"budget": 4000})["study"]["ownBudget"] == 4000


def test_of_a_large_study_factors_are_carried_in_two_bytes(study, monkeypatch):
    whole = page_data(study, summary_of(study), STUDY)
    monkeypatch.setattr(data, "FACTOR_CHARACTERS", 1000)
    short = page_data(study, summary_of(study), STUDY)
    assert (whole["factors"], short["factors"]["kind"]) == ({"kind": "f4", "unit": 1.0}, "i2")
    for carried, block in zip(short["blocks"], study.blocks, strict=True):
        for entry, surface in zip(carried["surfaces"], block.surfaces, strict=True):
            known = ~np.isnan(surface.mean)
            assert entry["mean"] == surface.mean[known].tolist(), "what is bought stays the same"
            kept = decode(entry["factors"], "i2").reshape(-1, carried["rank"]) * short["factors"]["unit"]
            ends = [np.sqrt((factors**2).sum(axis=1)) for factors in (kept, surface.factors[known])]
            assert np.abs(ends[0] - ends[1]).max() < 1e-5, (
                "a standard deviation is off by a thousandth of a point at most"
            )
    assert len(page.embed_json(short)) < len(page.embed_json(whole))


def test_embedded_json_is_read_back_and_is_no_markup():
    text = page.embed_json({NASTY: [NASTY, 1.5, None]})
    assert json.loads(text) == {NASTY: [NASTY, 1.5, None]}
    assert not set("<>&\u2028\u2029") & set(text)


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        page.embed_json([float("nan")])


def test_hostile_names_add_no_element(study, html):
    named = study.table.assign(task=study.table.task.replace("topic", NASTY))
    settings = STUDY | {"name": NASTY, "titles": dict.fromkeys(TITLES, NASTY)}
    hostile = page.render(page_data(Posterior(named), summary_of(Posterior(named)), settings))
    expected, found = Elements(html), Elements(hostile)
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in expected.tags]
    assert found.title.startswith(NASTY)
    assert NASTY in json.loads(found.scripts[0])["study"]["titles"].values()


def test_the_page_refers_to_nothing_outside(html):
    elements = Elements(html)
    attributes = [pair for _, attributes in elements.tags for pair in attributes.items()]
    assert {value for name, value in attributes if name in ("src", "href", "action")} <= {"data:,", "#star"}
    assert not re.search(r"url\(|@import", page.source("explorer.css"))
    risky = ("fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval(")
    assert not any(word in page.script_of_page() for word in risky)


def test_the_policy_allows_the_page_s_own_scripts_alone(html):
    elements = Elements(html)
    policy = next(a["content"] for tag, a in elements.tags if tag == "meta" and "http-equiv" in a)
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    own = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in elements.scripts[1:]]
    assert rules["default-src"] == "'none'" and "connect-src" not in rules
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in own]


def test_scripts_hold_nothing_that_ends_them():
    from plotly.offline import get_plotlyjs

    for script in (get_plotlyjs(), page.script_of_page()):
        assert "</script" not in script.lower() and "<!--" not in script


def test_the_same_results_give_the_same_page(study, html):
    assert page.render(page_data(make_study(), summary_of(make_study()), STUDY)) == html


def test_the_size_of_the_page_is_that_of_the_library_and_little_more(html):
    assert len(html) < 6e6
