import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from explorer_study import STUDY, TITLES, make_study

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.resampling import interval
from elicitation.explorer import data, page
from elicitation.explorer.data import TOGETHER, carried, encode, page_data

NASTY = "</script><!--<script>alert(1)//]]>\u2028\u2029 'q' \"Q\" & <b>"


@pytest.fixture(scope="module")
def study():
    return make_study(replicates=200)


@pytest.fixture(scope="module")
def html(study):
    return page.render(page_data(*study, STUDY))


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


def test_every_configuration_is_carried_with_its_replicates(study):
    points, deviations = study[0].points, study[0].deviations
    groups = page_data(*study, STUDY)["groups"]
    assert [tuple(group[name] for name in TOGETHER) for group in groups] == [
        (task, "small", "big") for task in ("average", "topic", "verdict")
    ]
    for group in groups:
        rows = points[points.task == group["task"]]
        own, columns = deviations[rows.index], group["points"]
        assert columns["method"] == rows.method.tolist() and columns["accuracy"] == rows.accuracy.tolist()
        assert columns["nWeak"] == rows.n_weak.tolist() and columns["nGold"] == rows.n_gold.tolist()
        assert np.allclose([columns["low"], columns["high"]], interval(own), atol=1e-6)
        assert decode(group["deviations"], "f2").reshape(len(rows), -1).tolist() == own.tolist()


def test_half_precision_costs_less_than_a_hundredth_of_a_point():
    deviations = np.random.default_rng(0).standard_normal((40, 1000)) * np.geomspace(0.001, 0.08, 40)[:, None]
    kept = decode(encode(deviations, "f2"), "f2").reshape(deviations.shape)
    assert np.abs(kept - deviations)[np.abs(deviations) < 0.25].max() < 1e-4
    assert np.abs(kept.mean(axis=1) - deviations.mean(axis=1)).max() < 1e-5
    assert np.abs(interval(kept) - interval(deviations)).max() < 1e-4
    # What Student's t with one degree of freedom may bring.
    assert decode(encode(np.array([300.0, -1e-7]), "f2"), "f2") == pytest.approx([300, -1e-7], rel=0.2)


def test_fits_carry_what_predicts(study):
    fits = study[1]
    for entry, fit in zip(page_data(*study, STUDY)["fits"], fits, strict=True):
        assert (entry["task"], entry["method"], entry["form"]) == (fit.task, fit.method, fit.form)
        assert entry["parameters"] == list(fit.parameters.values()) and entry["modelError"] == fit.model_error
        kept = decode(entry["replicates"], "f4").reshape(fit.replicates.shape)
        assert np.allclose(kept, fit.replicates, rtol=1e-6)


def test_of_a_large_study_fewer_replicates_are_carried_and_the_page_says_so():
    n, replicates = 5000, 1000
    methods = np.array(list(TITLES))[np.arange(n) % 4]
    points = pd.DataFrame({"task": [f"t{i // 100}" for i in range(n)], "method": methods, "n_weak": np.arange(n) % 100})
    points = points.assign(supervisor="v", student="s", n_gold=1, n_seeds=3, n_tasks=1, accuracy=0.7, weak_accuracy=0.6)
    points["commoner_accuracy"] = 0.5
    made = page_data(Evidence(points, np.zeros((n, replicates), np.float32)), [], STUDY)
    assert made["study"]["replicates"] == replicates and 500 < made["study"]["carried"] < replicates
    assert {len(decode(group["deviations"], "f2")) for group in made["groups"]} == {100 * made["study"]["carried"]}
    assert len(page.embed_json(made)) < 10e6


def test_many_fits_carry_fewer_replicates(study, monkeypatch):
    monkeypatch.setattr(data, "FIT_BYTES", 20_000)
    entries = page_data(*study, STUDY)["fits"]
    widths = [len(entry["parameters"]) for entry in entries]
    kept = {len(decode(entry["replicates"], "f4")) / width for entry, width in zip(entries, widths, strict=True)}
    assert len(kept) == 1 and kept.pop() < 60
    assert sum(len(entry["replicates"]) for entry in entries) <= 20_000


def test_at_least_one_replicate_is_carried():
    assert carried(1000, 8, 80) == 10
    assert carried(5, 8, 80) == 5
    assert carried(1000, 1e9, 80) == 1


def test_embedded_json_is_read_back_and_is_no_markup():
    text = page.embed_json({NASTY: [NASTY, 1.5, None]})
    assert json.loads(text) == {NASTY: [NASTY, 1.5, None]}
    assert not set("<>&\u2028\u2029") & set(text)


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        page.embed_json([float("nan")])


def test_hostile_names_add_no_element(study, html):
    points, deviations, fits = study[0].points, study[0].deviations, study[1]
    named = points.assign(task=points.task.replace("topic", NASTY))
    settings = STUDY | {"name": NASTY, "titles": dict.fromkeys(TITLES, NASTY)}
    hostile = page.render(page_data(Evidence(named, deviations), fits, settings))
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
    assert page.render(page_data(*make_study(replicates=200), STUDY)) == html


def test_the_size_of_the_page_is_that_of_the_library_and_little_more(html):
    assert len(html) < 6e6


def test_asking_without_labels_is_carried_beside_the_purchases(study):
    points, deviations, fits = study[0].points, study[0].deviations, study[1]
    asked = points.iloc[:1].assign(n_weak=0, n_gold=0, n_seeds=1, accuracy=0.66)
    both = pd.concat([points, asked], ignore_index=True)
    more = np.vstack([deviations, deviations[:1]])
    without, made = (
        page_data(Evidence(*given), fits, STUDY)["groups"] for given in ((points, deviations), (both, more))
    )
    task = points.task.iloc[0]
    for plain, group in zip(without, made, strict=True):
        assert plain["asked"] is None and group["commonerAccuracy"] == 0.55
        assert group["points"] == plain["points"] and group["deviations"] == plain["deviations"]
        assert (group["asked"] is not None) == (group["task"] == task)
    found = made[0]["asked"]
    assert found["accuracy"] == 0.66 and (found["low"], found["high"]) == tuple(interval(deviations[0]))
    assert decode(found["deviations"], "f2").tolist() == deviations[0].tolist()
