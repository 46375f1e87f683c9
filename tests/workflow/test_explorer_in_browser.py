"""The explorer's page in a real browser: Debian's Chromium, headless, driven by selenium."""

import json
import re
import socket
import time
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explorer_study import ASKED, COMMON, STUDY, TITLES, WEAK, make_study, summary_of
from helpers import install

from elicitation.analysis.captions import AS_MEASURED
from elicitation.analysis.choices import Terms, decide, find_cheaper, find_options, terms_for
from elicitation.analysis.evidence import evidence_rows
from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.frontier import on_frontier
from elicitation.analysis.gold_for_all import gold_for_all, gold_lines, gold_order
from elicitation.analysis.gold_for_some import goal_words, rest_lines
from elicitation.analysis.names import ASKING, COMMONER, DEMONSTRATION, LABELS, STRATEGIES, UNDETERMINED
from elicitation.analysis.posterior import Posterior, joined
from elicitation.analysis.posterior_fitting import fit_posterior
from elicitation.analysis.questions import reach
from elicitation.analysis.ready_labels import (
    best_split,
    cheaper_for_all,
    for_all_texts,
    goal_split,
    leading_labels,
    ready_labels,
)
from elicitation.analysis.ready_labels_text import (
    LEAST_SURE,
    OF_FIRST,
    less_line,
    not_worth_words,
    texts_words,
    use_words,
)
from elicitation.analysis.recommendation import recommend
from elicitation.analysis.recommendation_notes import notes
from elicitation.analysis.recommendation_words import ahead_words, is_open, percent
from elicitation.buying.prices import exact
from elicitation.explorer.data import page_data
from elicitation.explorer.page import render
from elicitation.seeds import stream

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
    *("disable-component-update", "disable-sync", "disable-dev-shm-usage", "window-size=1300,1700"),
)
# The map of decisions, which takes seconds to compute again after each change, waits for the tests that look at it.
MAP_WAITS = """{
  const later = setTimeout;
  window.setTimeout = (act, ...more) => (act.name === "goOn" && !window.mapIsWanted ? 0 : later(act, ...more));
}"""
HOSTILE = {
    "task": '<img src=x onerror="window.hacked=1">',
    "title": "</script><script>window.hacked=2</script><b>bold</b> %{x}",
    "supervisor": "\u2028\"><svg onload='window.hacked=3'>",
    "student": "{{ 7 * 7 }} & <a href='javascript:window.hacked=4'>s</a>",
    "name": "<title>&amp;<script>window.hacked=5</script>",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver")
    if not Path(DRIVER).exists():
        install("chromium", "chromium", "chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": MAP_WAITS})
    driver.get("about:blank")
    # What the browser itself loads as it starts is not the page's doing.
    driver.get_log("performance")
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def study():
    return make_study()


def write_page(path, posterior, study=STUDY):
    path.write_text(render(page_data(posterior, summary_of(posterior), study)))
    return path.as_uri()


@pytest.fixture(scope="module")
def address(study, tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page") / "explorer.html", study)


@pytest.fixture
def page(browser, address):
    """The page as it opens; at the end nothing must have gone wrong in it or left it."""
    # Loading it takes a while, so it is loaded only after a test that went elsewhere.
    if browser.current_url.partition("#")[0] == address:
        at(browser, "")
    else:
        opened(browser, address)
    yield browser
    complaints = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert not complaints, complaints
    assert {url.partition(":")[0] for url in requested(browser)} <= {"file", "data", "blob", "about"}


def opened(browser, address, fragment=""):
    """Another address first: one that differs in its fragment alone would not load the page again."""
    browser.get("about:blank")
    browser.get(address + fragment)
    return browser


def at(page, fragment):
    """The page at another fragment, without loading it again."""
    # In one go, since the page writes its address itself.
    address = "history.replaceState(null, '', location.pathname + arguments[0])"
    event = "dispatchEvent(new HashChangeEvent('hashchange', { newURL: location.href }))"
    page.execute_script(f"{address}; {event}; explorer.update()", fragment)


def type_number(page, selector, number):
    from selenium.webdriver.common.keys import Keys

    find(page, selector).send_keys(Keys.CONTROL, "a", Keys.NULL, f"{number}", Keys.TAB)


def requested(browser) -> list[str]:
    """Addresses that the browser has asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def ask(page, expression, *values):
    return page.execute_script(f"return {expression}", *values)


def wait_for(page, expression, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ask(page, expression):
            return found
        time.sleep(0.02)
    pytest.fail(f"{expression} waited {seconds} s in vain")


def find(page, selector):
    return page.find_element("css selector", selector)


def texts(page, selector):
    """As the page holds them, seen or not."""
    return ask(page, f"[...document.querySelectorAll({json.dumps(selector)})].map(({{textContent}}) => textContent)")


def block_of(study, task="average", methods=tuple(TITLES)):
    """The posterior on one task, of some methods."""
    [block] = [block for block in study.blocks if block.task == task]
    return replace(block, surfaces=[surface for surface in block.surfaces if surface.method in methods])


def python_frontier(study, weak_price, **where):
    """Every purchase that was run, in the page's order, and then what costs nothing."""
    block = block_of(study, **where)
    rows, scores = [], []
    for surface in block.surfaces:
        i, j = surface.runs.T
        found = {"n_weak": surface.weak[i], "n_gold": surface.gold[j], "n_seeds": surface.n_seeds[i, j]}
        rows.append(pd.DataFrame(found | {"method": surface.method, "measured": surface.measured[i, j]}))
        scores.append(surface.at(surface.weak[i], surface.gold[j]))
    for free in block.free_at({surface.supervisor: weak_price for surface in block.surfaces}):
        rows.append(pd.DataFrame({"n_weak": [0], "n_gold": 0, "n_seeds": 1, "method": free.kind, "measured": np.nan}))
        scores.append(free.scores)
    table, scores = pd.concat(rows, ignore_index=True), joined(scores)
    costs = (table.n_gold + weak_price * table.n_weak).to_numpy()
    low, high = scores.interval
    return table.assign(
        **{
            "cost": costs,
            "mean": scores.mean,
            "low": low,
            "high": high,
            "on_frontier": on_frontier(costs, scores.mean),
        },
        probability=on_frontier(costs, scores.draws).mean(axis=1),
    )


def assert_same_frontier(page, expected, gold=1.0):
    found = ask(page, "explorer.view.scored.map(({scores, surface, ...point}) => point)")
    for name in ("cost", "mean", "low", "high"):
        assert [point[name] for point in found] == pytest.approx(expected[name].tolist(), abs=1e-6), name
    # Draws that nearly tie may fall to either side.
    assert [point["probability"] for point in found] == pytest.approx(expected.probability.tolist(), abs=0.003)
    assert [point["onFrontier"] for point in found] == expected.on_frontier.tolist()
    best = expected[expected.on_frontier].sort_values("cost", kind="stable")
    assert best["mean"].is_monotonic_increasing
    cells = np.reshape(texts(page, "#frontier-table td"), (-1, 8))
    assert [(row[1], row[3], row[4]) for row in cells] == [
        (f"{100 * row.mean:.1f} %", f"{row.n_weak:,}", f"{row.n_gold:,}") for row in best.itertuples()
    ]
    drawn = ask(page, "document.getElementById('frontier-plot').data[6]")
    bought = expected[expected.on_frontier & (expected.n_weak + expected.n_gold > 0)]
    assert drawn["y"] == pytest.approx((100 * bought["mean"]).tolist())
    paid = (bought.cost > 0).to_numpy()
    assert np.allclose(np.array(drawn["x"])[paid], gold * bought.cost[paid], rtol=0.03), "but for what moves neighbours"


def test_keys_on_the_price_slider_change_the_frontier_to_python_s_numbers(page, study):
    from selenium.webdriver.common.keys import Keys

    assert_same_frontier(page, python_frontier(study, 0.1))
    slider = find(page, "#weak")
    for key, price in ((Keys.ARROW_LEFT, 0.09), (Keys.PAGE_UP, None), (Keys.HOME, 0), (Keys.END, 1.0)):
        before = ask(page, "explorer.view.weak")
        slider.send_keys(key)
        wait_for(page, f"explorer.view.weak !== {before}")
        weak = ask(page, "explorer.view.weak")
        assert price in (None, weak)
        assert_same_frontier(page, python_frontier(study, weak))
        assert float(find(page, "#weak-number").get_property("value")) == weak
        assert slider.get_attribute("aria-valuetext") == f"{weak:g}"


def test_every_price_of_the_study_is_a_stop_of_the_slider(page, study):
    for price in STUDY["prices"]["small"]:
        ask(page, "(explorer.state.weak = arguments[0], explorer.update())", price)
        assert_same_frontier(page, python_frontier(study, price))
        # The slider begins with labels that are free, which the map has no place for.
        stops = [0, *ask(page, "explorer.view.map.weak")]
        assert stops[int(find(page, "#weak").get_property("value"))] == price


def test_methods_compete_only_if_they_are_chosen(page, study):
    find(page, "#methods label:nth-child(4)").click()
    find(page, "#methods label:nth-child(2)").click()
    wait_for(page, "explorer.view.methods.length === 2")
    assert_same_frontier(page, python_frontier(study, 0.1, methods=("plain", "joint")))
    for label in ("1", "3"):
        find(page, f"#methods label:nth-child({label})").click()
    assert wait_for(page, "!document.getElementById('no-method').hidden")
    assert not find(page, "#views").is_displayed()


def test_prices_are_relative_to_that_of_a_gold_label(page, study):
    type_number(page, "#gold-number", 4)
    wait_for(page, "explorer.view.gold === 4")
    assert ask(page, "explorer.view.budget") == 1024, "as for the command it stays what it is"
    assert ask(page, "explorer.view.map.weak.filter((price) => [0.004, 0.4, 2, 4].includes(price)).length") == 4
    assert_same_frontier(page, python_frontier(study, 0.1 / 4), gold=4)


def test_each_point_has_error_bars_and_names_its_run_on_hover(page, study):
    at(page, "#task=topic&focus=joint")
    table = python_frontier(study, 0.1, task="topic")
    table = table[table.n_weak + table.n_gold > 0]
    bars = "(({error_y}) => [error_y.array, error_y.arrayminus])(document.getElementById('frontier-plot').data[{}])"
    others, frontier = table[~table.on_frontier], table[table.on_frontier]
    for trace, rows in ((5, others), (6, frontier)):
        drawn = ask(page, bars.replace("{}", str(trace)))
        assert np.allclose(drawn, [100 * (rows.high - rows["mean"]), 100 * (rows["mean"] - rows.low)], atol=2e-4)

    def assert_named(shown, row):
        assert f"topic / small / big / {row.method}" in shown and f"{row.n_seeds} seeds" in shown
        assert f"measured {100 * row.measured:.1f} %" in shown
        ends = " to ".join(f"{100 * end:.1f}" for end in (row.low, row.high))
        assert f"expected accuracy {100 * row['mean']:.1f} % ({ends})" in shown

    joint = table[table.method == "joint"]
    tested = "document.getElementById('isoquants-plot').data.findIndex(({marker}) => marker?.symbol === 'circle-open')"
    places = (("frontier", 5, others), ("frontier", 6, frontier), ("isoquants", ask(page, tested), joint))
    for plot, trace, rows in places:
        named = ask(page, f"document.getElementById('{plot}-plot').data[{trace}].hovertext")
        for shown, (_, row) in zip(named, rows.iterrows(), strict=True):
            assert_named(shown, row)
    for plot, trace, rows in places[1:]:
        ask(page, f"Plotly.Fx.hover('{plot}-plot', [{{curveNumber: {trace}, pointNumber: 1}}])")
        assert_named(" ".join(texts(page, f"#{plot}-plot .hoverlayer text")), rows.iloc[1])


def assert_same_decision(said, expected, where):
    """A decision of the page's is Python's."""
    names = {"n_weak": "nWeak", "n_gold": "nGold", "cost": "cost"}
    options, best = expected.options, expected.best
    assert (said["regime"], said["leading"]) == (expected.regime, expected.leading), where
    assert (said["reason"], said["buys"]) == (expected.reason, expected.buys), where
    assert said["beatsFree"] == pytest.approx(expected.beats_free, abs=0.002), where
    if best is None:
        assert said["score"] is None, where
        return
    bought = {name: getattr(options, name)[best] for name in names}
    assert {name: said[own] for name, own in names.items()} == pytest.approx(bought), where
    assert said["method"] == options.surfaces[options.surface[best]].method, where
    low, high = options.scores.interval[:, best]
    score = {"mean": options.scores.mean[best], "low": low, "high": high}
    assert said["score"] == pytest.approx(score, abs=1e-6), where
    shares = [expected.probabilities.get(name) for name in STRATEGIES]
    for share, own in zip(said["probabilities"], shares, strict=True):
        assert share == (own if own is None else pytest.approx(own, abs=0.002)), where


def assert_same_decisions(page, block, places, gold=1, **more):
    """What the page decides at (budget, price of a weak label) is what Python does."""
    given = [{"budget": budget, "weak": price} for budget, price in places]
    found = ask(page, "arguments[0].map((given) => explorer.decideAt(given))", given)
    for (budget, price), said in zip(places, found, strict=True):
        prices = {surface.supervisor: exact(price) / exact(gold) for surface in block.surfaces}
        terms = Terms(exact(budget) / exact(gold), prices, **more)
        assert_same_decision(said, decide(block, terms, STUDY["verdict"]), (budget, price))
    return found


PRICES = (0, 0.003, 0.01, 0.05, 0.1, 0.1667, 0.3, 0.7, 1, 1.5)


def budgets_between(low, high, n):
    """(n,) amounts in cents, evenly on a logarithmic scale, from below what was studied to beyond it."""
    return [round(float(budget), 2) for budget in np.geomspace(low, high, n)]


@pytest.mark.parametrize("task", ["average", "topic"])
@pytest.mark.parametrize("methods", [[name] for name in TITLES] + [[*TITLES]])
def test_decisions_are_python_s(page, study, task, methods):
    at(page, f"#task={task}" + "".join(f"&method={name}" for name in methods))
    block = block_of(study, task, methods)
    places = [(budget, price) for price in PRICES for budget in budgets_between(0.5, 3000, 12)]
    found = assert_same_decisions(page, block, places, pool=12000)
    assert len({said["regime"] for said in found}) >= 3


def simulated_evidence():
    """Evidence on two tasks; the second one's scores fall as weak labels grow, and some runs have one seed."""
    tables = []
    for task, slope in (("rising", 0.25), ("falling", -0.15)):
        rng = stream(0, "simulated", task)
        gold = (rng.random(200) < 0.5).astype(int)
        test = pd.DataFrame({"id": np.arange(200), "gold": gold})
        test["p_weak"] = np.clip(gold * 0.4 + 0.3 + 0.25 * rng.standard_normal(200), 0.01, 0.99)
        rows = []
        for n_weak, n_gold in [
            (0, 0),
            (20, 0),
            (80, 0),
            (320, 0),
            (0, 4),
            (0, 16),
            (0, 64),
            (40, 8),
            (160, 8),
            (40, 32),
        ]:
            skill = 0.8 + 0.25 * np.log1p(n_gold) + slope * np.log1p(n_weak) / 2
            for seed in range(3 if n_weak + n_gold else 1):
                log_odds = (2 * gold - 1) * skill + 1.5 * rng.standard_normal(200)
                names = {"seed": seed, "n_weak": n_weak, "n_gold": n_gold}
                rows.append(pd.DataFrame({"id": np.arange(200), "log_odds": log_odds}).assign(**names))
        names = {"task": task, "supervisor": "small", "student": "big", "method": "plain"}
        tables.append(evidence_rows(names, test, pd.concat(rows), "accuracy"))
    return pd.concat(tables, ignore_index=True)


def test_decisions_on_a_fitted_posterior_are_python_s(browser, tmp_path):
    evidence = simulated_evidence()
    names = ["student", "task", "supervisor", "method"]
    groups = evidence[evidence.kind == "purchase"][names].drop_duplicates()
    posterior = Posterior(fit_posterior(evidence, groups, ["rising", "falling"]))
    page = opened(browser, write_page(tmp_path / "fitted.html", posterior, STUDY | {"pool_sizes": {}}))
    places = [(budget, price) for price in PRICES for budget in budgets_between(1, 200, 25)]
    for block in posterior.blocks:
        at(page, f"#task={block.task}")
        assert_same_decisions(page, block, places)
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_labels_that_are_paid_and_texts_that_are_few_count_as_in_python(page, study):
    at(page, "#task=topic")
    rng, block = stream(0, "terms of the explorer"), block_of(study, "topic")
    terms = [
        {
            "budget": round(float(np.exp(rng.uniform(-0.7, 8))), 2),
            "weak": float(rng.choice(PRICES)),
            "gold": float(rng.choice([1, 3, 0.25])),
            "haveWeak": int(rng.choice([0, 7, 300, 5000])),
            "haveGold": int(rng.choice([0, 1, 40, 700])),
            "pool": int(rng.choice([20, 600, 12000])),
        }
        for _ in range(200)
    ]
    found = ask(page, "arguments[0].map((given) => explorer.decideAt(given))", terms)
    for given, said in zip(terms, found, strict=True):
        gold, own = exact(given["gold"]), {"have_weak": given["haveWeak"], "have_gold": given["haveGold"]}
        python = Terms(exact(given["budget"]) / gold, {"small": exact(given["weak"]) / gold}, given["pool"], **own)
        assert_same_decision(said, decide(block, python, STUDY["verdict"]), given)
        assert not said["score"] or said["nWeak"] + said["nGold"] <= given["pool"]


def test_prices_in_money_are_exact(page, study):
    at(page, "#task=topic&gold=3")
    # Each spends its budget to the last cent.
    places = [(0.3 * n, 0.02) for n in (10, 100)] + [(191, 0.02), (192, 0.02), (12.3, 0.1), (0.3 + 0.6, 0.3)]
    assert_same_decisions(page, block_of(study, "topic"), places, gold=3, pool=12000)


def draw_map(page):
    page.execute_script("window.mapIsWanted = true; explorer.update()")
    wait_for(page, "explorer.mapIsDrawn", 60)
    page.execute_script("window.mapIsWanted = false")


def map_cells(page):
    draw_map(page)
    asked = "explorer.view.map.cells.map((row) => row.map(({regime, leading}) => [regime, leading]))"
    return ask(page, asked), ask(page, "explorer.view.map.weak"), ask(page, "explorer.view.map.budgets")


def test_the_map_says_what_the_answer_says(page, study):
    at(page, "#task=topic&method=plain")
    cells, prices, budgets = map_cells(page)
    block = block_of(study, "topic", ("plain",))
    for b in range(0, len(budgets), 6):
        for w in range(0, len(prices), 7):
            expected = decide(block, terms_for(budgets[b], {"small": prices[w]}, pool=12000), STUDY["verdict"])
            assert cells[b][w] == [expected.regime, expected.leading]
    for b, w in ((3, 5), (20, 40)):
        steps = "(Object.assign(explorer.state, arguments[0]), explorer.update(), explorer.view.decision.regime)"
        assert ask(page, steps, {"budget": budgets[b], "weak": prices[w]}) == cells[b][w][0]
        shown = texts(page, "#map-words")[0]
        assert ("undetermined" in shown) == (cells[b][w][0] == UNDETERMINED)
    said = ask(page, "document.getElementById('map-plot').data[0].hovertext")
    assert f"a weak label at {prices[0]:g}, a budget of {budgets[0]:g}" in said[0][0]


@pytest.mark.parametrize("method", TITLES)
def test_isoquants_lie_where_the_posterior_has_their_score(page, study, method):
    at(page, f"#task=average&focus={method}")
    [surface] = block_of(study, methods=(method,)).surfaces
    lines = ask(page, "explorer.view.isoquants.lines")
    assert len(lines) >= 2
    for line in lines:
        n_weak, n_gold = (np.array([10 ** end[axis] - 1 for end in line["ends"]]) for axis in ("x", "y"))
        # On a line of the lattice scores are linear in the logarithms, as isoquants are.
        on_line = np.isclose(n_weak[:, None], surface.weak).any(axis=1) | np.isclose(n_gold[:, None], surface.gold).any(
            axis=1
        )
        assert on_line.all()
        assert np.allclose(100 * surface.at(n_weak, n_gold).mean, line["level"], atol=0.02)


def test_the_star_lies_on_the_path_of_what_to_buy(page, study):
    for fragment in (
        "#task=topic&budget=77",
        "#task=average&weak=0.01&budget=300",
        "#task=topic&weak=0.02&budget=30.5",
    ):
        at(page, fragment)
        weak, budget = ask(page, "[explorer.view.weak, explorer.view.budget]")
        block = block_of(study, ask(page, "explorer.view.task"))
        for step in ask(
            page, "explorer.view.path.map(({budget, best}) => [budget, best && [best.nWeak, best.nGold, best.mean]])"
        ):
            options = find_options(block, terms_for(step[0], {"small": weak}, pool=12000))
            best = options.best()
            assert step[1] == pytest.approx([options.n_weak[best], options.n_gold[best], options.scores.mean[best]])
        star = "((plot) => plot.data.find(({marker}) => marker?.symbol === 'star'))(document.getElementById('{}-plot'))"
        for plot in ("isoquants", "frontier"):
            x, y = ask(page, f"(({{x, y}}) => [x[0], y[0]])({star.replace('{}', plot)})")
            lines = "data.filter(({mode, line}) => mode === 'lines' && line.width >= 2)"
            places = "flatMap(({x, y}) => x.map((place, k) => [place, y[k]]))"
            drawn = ask(page, f"document.getElementById('{plot}-plot').{lines}.{places}")
            assert any(place == pytest.approx([x, y]) for place in drawn if None not in place), (plot, budget)
        score = ask(page, "explorer.scoreOf(explorer.view.decision.best).mean")
        assert texts(page, "#answer .value")[2] == f"{100 * score:.1f} %"
        rows = np.reshape(texts(page, "#path-table td"), (-1, 6))
        assert next(row for row in rows if row[0] == f"{budget:,.3g}")[1] == f"{100 * score:.1f} %"


def test_the_line_of_what_to_buy_holds_what_every_budget_buys(browser, study, tmp_path):
    # Budgets of the study begin above its cheapest purchases.
    address = write_page(tmp_path / "large.html", study, STUDY | {"budgets": [256, 1024]})
    page = opened(browser, f"{address}#task=topic&gold=2&weak=0.2")
    line = ask(page, "(({name, x, y}) => ({name, x, y}))(document.getElementById('frontier-plot').data[4])")
    assert line["name"] == "what to buy as money grows" and line["y"] == sorted(line["y"])
    frontier = python_frontier(study, 0.1, task="topic")
    ran = frontier[frontier.on_frontier & (frontier.cost > 0)]
    assert ran.cost.min() < 100
    budgets = [*ran.cost, 35, 80, 200]
    every = [terms_for(budget, {"small": 0.1}, pool=12000) for budget in budgets]
    every = [find_options(block_of(study, "topic"), terms) for terms in every]
    bought = [100 * options.scores.mean[options.best()] for options in every]
    assert np.interp(np.log(2 * np.array(budgets)), np.log(line["x"]), line["y"]) == pytest.approx(bought, abs=0.01)


def test_the_key_of_costs_and_the_number_of_texts_are_of_what_is_shown(browser, page, study, tmp_path):
    keys = "[...document.querySelectorAll('[data-free]:not([hidden])')].map(({dataset}) => dataset.free)"
    assert ask(page, keys) == [ASKING, COMMONER, LABELS]
    assert texts(page, "#pool-words") == ["Texts I could label in all (the study: 12,000)"]
    table = make_study(tasks=("topic",)).table
    table = table[table.kind != ASKING]
    other = table[table.supervisor == "small"].assign(supervisor="llm")
    address = write_page(tmp_path / "sources.html", Posterior(pd.concat([table, other], ignore_index=True)))
    page = opened(browser, address)
    assert ask(page, keys) == [COMMONER, LABELS]
    assert texts(page, "#pool-words") == ["Texts I could label in all (the study: 12,000)"]


def answer_words(page, fragment):
    at(page, fragment)
    return texts(page, "#reasons")[0], texts(page, ".verdict")[0], texts(page, "#answer .value")


def test_probabilities_are_rounded_as_the_command_rounds_them(page):
    shares = [0.996, 0.994, 0.385, 0.375, 0.005, 1]
    way = {"best": {}, "buys": True, "leading": "mixed", "regime": "mixed"}
    given = [way | {"probability": share} for share in shares]
    said = ask(page, "arguments[0].map((cell) => explorer.decisionWords(cell))", given)
    assert said == [f"The best way of spending is to mix, with probability {100 * share:.0f} %" for share in shares]
    # Of 90 % that are wanted.
    short = [way | {"probability": share, "regime": UNDETERMINED, "reason": ""} for share in (0.85, 0.896, 0.8999)]
    said = ask(page, "arguments[0].map((cell) => explorer.decisionWords(cell))", short)
    for words, share in zip(said, ("85 %", "89.6 %", "just below 90 %"), strict=True):
        why = "; this is undetermined, as the study asks for 90 %"
        assert words == f"The best way of spending is to mix, with probability {share}{why}"


def test_beyond_what_was_studied_the_answer_says_so(page):
    words, verdict, _ = answer_words(page, "#task=topic&budget=20000")
    cost, dearest = ask(page, "explorer.view.decision.best.cost"), ask(page, "explorer.view.costs.most")
    assert verdict == "beyond what was studied" and 1024 <= dearest < 1200
    most = f"the most expensive purchase that was studied costs {dearest:,.0f} at these prices"
    assert f"beyond the study: {most}. {20000 - cost:,.0f} are left unspent" in words
    words, verdict, shown = answer_words(page, "#task=topic&budget=1.5")
    assert verdict == "beyond what was studied" and shown[0] == "Buy nothing"
    least = ask(page, "explorer.view.costs.least")
    assert f"buys nothing that was studied: the cheapest purchase costs {least:.3g}." in words
    assert "beyond" not in answer_words(page, "#task=topic&budget=1024")[1]


def test_weak_labels_as_expensive_as_gold_are_not_bought(page):
    words, _, shown = answer_words(page, "#task=topic&weak=1&budget=64")
    assert shown[0] == "0" and "A weak label that costs as much as a gold one is never worth it" in words
    assert "never worth it" not in answer_words(page, "#task=topic&weak=0.9&budget=64")[0]


def test_free_weak_labels_are_bought_up_to_what_was_studied(page):
    words, *_ = answer_words(page, "#task=topic&weak=0&budget=64&method=plain")
    assert ask(page, "explorer.view.weak") == 0 and "at no cost" in words
    assert ask(page, "location.hash").count("weak=") or wait_for(page, "location.hash.includes('weak=0&')")
    assert find(page, "#weak").get_property("value") == "0"


def test_what_is_nearly_as_good_for_less_is_named(browser, tmp_path):
    terms, verdict = terms_for(16, {"small": 0.1}, pool=12000), STUDY["verdict"]
    best = decide(block_of(make_study(), "topic"), terms, verdict)
    study = make_study(asked=best.options.scores.mean[best.best] - 0.01)
    expected = find_cheaper(decide(block_of(study, "topic"), terms, verdict), verdict)
    page = opened(browser, f"{write_page(tmp_path / 'near.html', study, STUDY)}#task=topic&budget=16")
    assert expected.position is None
    assert ask(page, "explorer.view.cheaper.asGood") == pytest.approx(expected.as_good, abs=0.003)
    said = "Nearly as good for less: asking the model without labels for nothing, expected "
    assert said in texts(page, "#lead")[0]


def test_every_score_stands_beside_what_needs_no_label(page):
    words, *_ = answer_words(page, "#task=topic&budget=64")
    assert f"sking the model without labels is right on {100 * ASKED:.1f} %" in words
    assert f"always giving the commoner label is right on {100 * COMMON:.1f} %" in words
    share = f"{100 * WEAK:.1f} %"
    right = " (on the 90.0 % of scored texts that have one: 76.7 %; others, taken as abstentions, count as "
    right += "half right)"
    assert f"The weak labels themselves are right on {share}{right}, at 0.1 for each text" in words
    better = "That is better than what is recommended here"
    assert better not in answer_words(page, "#task=topic&budget=1000")[0]
    words, *_ = answer_words(page, "#task=topic&budget=16")
    short = f"The weak labels themselves are right on {100 * WEAK:.1f} % (gaps as above), at 0.1 for each text"
    assert better in words and short in words
    interval = r", between [\d.]+ and [\d.]+ %"
    said = f"they are right on {re.escape(share)}{interval}{re.escape(right)}, at 0.1 a text."
    assert re.search(f"{said}$", texts(page, "#better")[0])
    # Of so many texts, once: what labels of all cost, or how many are paid for.
    words, *_ = answer_words(page, "#task=topic&budget=1000&pool=3000")
    assert "at 0.1 for each text that you label with them, 300 gold labels for all 3,000 texts." in words
    assert "pays for gold labels of 1,000 of the 3,000 texts in place of weak ones; those of all cost 3,000" in words
    at(page, f"#task=topic&budget=1000&pool=3000&target={100 * WEAK - 0.1:.1f}")
    assert "at 0.1 a text, 300 gold labels for all 3,000 texts." in texts(page, "#goal")[0]
    words, *_ = answer_words(page, "#task=topic&budget=16&pool=3000&haveWeak=40")
    assert "for each text that you label with them. " in words
    assert texts(page, "#better")[0].endswith("at 0.1 a text, so for 200 of the 3,000 texts (40 yours, 160 to buy).")


def test_texts_that_nobody_asked_a_source_about_are_said_not_to_count(browser, tmp_path):
    address = write_page(tmp_path / "asked.html", make_study(), STUDY | {"not_asked": ["small"]})
    right = f"{100 * WEAK:.1f} % (on the 90.0 % of scored texts that have one; others, taken as not asked, do not "
    assert (
        f"{right}count; as abstentions: 71.6 %)" in answer_words(opened(browser, address), "#task=topic&budget=64")[0]
    )


def assert_same_reach(page, study, task, asked):
    """What reaches a score is the same as `elicitation recommend --score` says. asked: Question's and the score."""
    findings = Findings(study, {"small": [0.1]}, TITLES, STUDY["verdict"])
    names = {"weak_price": "weak", "gold_price": "gold", "have_weak": "haveWeak", "have_gold": "haveGold"}
    given = [{names.get(name, name): value for name, value in entry.items()} for entry in asked]
    found = ask(page, "arguments[0].map((given) => explorer.reachAt(given))", given)
    for entry, said in zip(asked, found, strict=True):
        question = Question(0, task=task, **{name: value for name, value in entry.items() if name != "target"})
        answer = reach(findings, question, entry["target"])
        assert said["reached"] == answer.goal.reached, entry
        bought = answer.purchase and vars(answer.purchase)
        names = {"n_weak": "nWeak", "n_gold": "nGold", "method": "method"}
        assert [said[own] for own in names.values()] == [bought and bought[name] for name in names], entry
        assert not bought or said["cost"] * entry["gold_price"] == pytest.approx(bought["cost"], abs=1e-9), entry


def test_the_cheapest_purchase_that_reaches_a_score(page, study):
    at(page, "#task=topic")
    rng = stream(0, "asked of the explorer")
    asked = [
        {
            "target": round(rng.uniform(0.6, 0.97), 3),
            "weak_price": float(rng.choice([0, 0.02, 0.3, 1.1, 2.5])),
            "gold_price": float(rng.choice([1, 3])),
            "have_weak": int(rng.choice([0, 0, 50, 2000])),
            "have_gold": int(rng.choice([0, 0, 30, 300])),
            "pool": int(rng.choice([400, 12000])),
        }
        for _ in range(40)
    ]
    assert_same_reach(page, study, "topic", asked)
    at(page, "#task=topic&weak=0.02&target=80")
    [goal] = texts(page, "#goal")
    assert goal.startswith("To reach 80 % for as little money as possible, buy ") and "expected: 8" in goal
    at(page, "#task=topic&target=99")
    assert "No purchase that was studied is expected to reach 99 %; the best one brings" in texts(page, "#goal")[0]
    at(page, "#task=topic&target=60")
    assert "To reach 60 %, buy nothing: asking the model" in texts(page, "#goal")[0]


def test_what_readers_say_about_themselves_is_typed_and_taken_back(page):
    type_number(page, "#haveGold-number", 30)
    type_number(page, "#pool-number", "500.7")
    wait_for(page, "explorer.view.haveGold === 30 && explorer.view.pool === 500")
    wait_for(page, "location.hash.includes('haveGold=30') && location.hash.includes('pool=500')")
    lead, figures = texts(page, "#lead")[0], texts(page, "#answer .unit")
    assert " more and use " in lead and " in all by " in lead and "more, " in figures[1], lead
    type_number(page, "#haveGold-number", "")
    find(page, "#haveGold-number").clear()
    page.execute_script("arguments[0].dispatchEvent(new Event('change'))", find(page, "#haveGold-number"))
    wait_for(page, "explorer.view.haveGold === null")


def test_a_page_opens_with_the_study_s_number_of_texts_which_readers_may_change_or_leave_open(browser, study, tmp_path):
    page = opened(browser, write_page(tmp_path / "texts.html", study, STUDY | {"texts_to_label": 8000}))
    assert ask(page, "explorer.view.pool") == 8000 and find(page, "#pool-number").get_property("value") == "8000"
    assert "gold labels of 1,024 of the 8,000 texts" in texts(page, "#reasons")[0]
    at(page, "#task=topic&haveGold=30")
    own = "Your own labels are taken for those of some of the 8,000 texts; for 8,000 other ones say that you have none."
    assert own in texts(page, "#reasons")[0]
    at(page, "#task=topic&pool=500")
    assert ask(page, "explorer.view.pool") == 500 and "Your own labels" not in texts(page, "#reasons")[0]
    find(page, "#pool-number").clear()
    page.execute_script("arguments[0].dispatchEvent(new Event('change'))", find(page, "#pool-number"))
    wait_for(page, "explorer.view.pool === null && /pool=(&|$)/.test(location.hash)")
    at(page, ask(page, "location.hash"))
    assert ask(page, "explorer.view.pool") is None
    find(page, "#reset").click()
    wait_for(page, "explorer.view.pool === 8000")


def test_a_page_opens_with_the_study_s_budget_which_its_slider_reaches(browser, study, tmp_path):
    page = opened(browser, write_page(tmp_path / "budget.html", study, STUDY | {"budget": 4000}))
    assert ask(page, "explorer.view.budget") == 4000
    slider = find(page, "#budget")
    assert slider.get_property("value") == slider.get_property("max"), "it is the largest of all"
    at(page, "#task=topic&budget=64")
    find(page, "#reset").click()
    wait_for(page, "explorer.view.budget === 4000")


def test_scores_where_the_weak_label_is_wrong_stand_beside_the_answer(page, study):
    words, *_ = answer_words(page, "#task=topic&weak=0.1&budget=64&method=plain")
    best = ask(page, "(({nWeak, nGold}) => [nWeak, nGold])(explorer.view.decision.best)")
    rows = summary_of(study).query("task == 'topic' and method == 'plain'").sort_values(["n_weak", "n_gold"])
    [score] = 100 * rows.accuracy_wrong[(rows[["n_weak", "n_gold"]] == best).all(axis=1)]
    said = f"label of small is wrong (260 of 1,000 test texts), {score:.1f} % ({score - 5:.1f} to {score + 5:.1f}) are"
    assert said in words
    assert f"), with 4 seeds. {AS_MEASURED}" in words
    [caption] = texts(page, "#parts-table caption")
    assert caption.endswith(AS_MEASURED), "beside the expected scores of the answer"
    assert len(page.find_elements("css selector", "#parts-table tbody tr")) == len(rows)


def test_the_measure_has_its_name(browser, study, tmp_path):
    page = opened(browser, write_page(tmp_path / "auroc.html", study, STUDY | {"measure": "auroc"}))
    words = texts(page, "#reasons")[0]
    assert f"has an AUROC of {100 * ASKED:.1f} %" in words and "right on" not in words and "accuracy" not in words
    assert texts(page, "#answer .unit")[2].startswith("expected AUROC")
    assert ask(page, "document.getElementById('frontier-plot').layout.yaxis.title.text") == "AUROC, %"
    assert "accuracy" not in ask(page, "document.body.innerText")
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_the_address_holds_the_view_and_restores_it(browser, page, address):
    find(page, "#task").send_keys("verdict")
    find(page, "#methods label:nth-child(2)").click()
    find(page, "#focus").send_keys("Joint SFT")
    type_number(page, "#budget-number", 77)
    find(page, "#theme").click()
    wait_for(page, "location.hash.includes('theme=dark') && location.hash.includes('budget=77')")
    before, shared = ask(page, "explorer.state"), page.current_url
    assert before["task"] == "verdict" and before["budget"] == 77 and before["methods"] == ["plain", "joint", "drawn"]
    assert before["focus"] == "joint"
    restored = opened(browser, shared)
    assert ask(restored, "explorer.state") == before
    assert ask(restored, "document.documentElement.dataset.theme") == "dark"
    ask(restored, "location.hash = '#task=topic&weak=0.02'")
    wait_for(restored, "explorer.view.task === 'topic' && explorer.view.weak === 0.02")


@pytest.mark.parametrize("fragment", ["#task=nowhere&weak=-1&budget=x&method=none&focus=?", "#%E0%A4%A", "#=&&&"])
def test_an_address_that_makes_no_sense_opens_the_page_all_the_same(page, address, fragment):
    opened(page, address, fragment)
    assert ask(page, "explorer.state.task") == "average" and ask(page, "explorer.state.weak") == 0.1


def test_a_click_on_the_map_sets_price_and_budget(page):
    from selenium.webdriver import ActionChains

    draw_map(page)
    plot = find(page, "#map-plot .nsewdrag")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    ActionChains(page).move_to_element_with_offset(plot, -60, 40).click().perform()
    wait_for(page, "explorer.view.weak < 0.1 && explorer.view.budget < 256")
    assert ask(page, "explorer.view.map.weak.includes(explorer.view.weak)")


def test_hostile_names_do_nothing_and_show_literally(browser, tmp_path):
    names = {"topic": HOSTILE["task"], "small": HOSTILE["supervisor"], "big": HOSTILE["student"]}
    table = make_study(tasks=("topic", "verdict")).table
    where = ["task", "supervisor", "student"]
    table[where] = table[where].replace(names)
    settings = STUDY | {
        "name": HOSTILE["name"],
        "titles": TITLES | {"plain": HOSTILE["title"]},
        "prices": {HOSTILE["supervisor"]: [0.5, 0.1]},
        "pool_sizes": {HOSTILE["task"]: 12000, "verdict": 12000},
    }
    path = tmp_path / "hostile.html"
    write_page(path, Posterior(table), settings)
    page = opened(browser, path.as_uri(), "#focus=plain")
    assert texts(page, "#task option")[0] == HOSTILE["task"]
    assert texts(page, "#student option") == [HOSTILE["student"]]
    assert texts(page, "#supervisor option") == [HOSTILE["supervisor"]]
    assert texts(page, "#methods label")[0] == HOSTILE["title"]
    assert texts(page, "header strong") == [HOSTILE["name"]]
    assert HOSTILE["title"] in texts(page, "#isoquants-words")[0]
    off = "explorer.view.scored.filter(({surface, onFrontier}) => surface && !onFrontier)"
    place = f"{off}.findIndex(({{surface}}) => surface.method === 'plain')"
    ask(page, f"Plotly.Fx.hover('frontier-plot', [{{curveNumber: 5, pointNumber: {place}}}])")
    shown = " ".join(texts(page, "#frontier-plot .hoverlayer text"))
    assert HOSTILE["title"] in shown and HOSTILE["task"] in shown
    assert ask(page, "window.hacked") is None and not page.find_elements("css selector", "img, #frontier-plot a")
    assert {url.partition(":")[0] for url in requested(browser)} <= {"file", "data", "blob", "about"}
    browser.get_log("browser")


def test_the_page_cannot_send_or_load_anything(browser, address):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        page = opened(browser, address)
        page.execute_async_script(f"fetch('{url}/x').catch(() => {{}}).then(arguments[0])")
        page.execute_script(f"navigator.sendBeacon('{url}/z')")
        page.execute_script(f"document.body.append(Object.assign(new Image(), {{src: '{url}/y.png'}}))")
        script = "Object.assign(document.createElement('script'), {text: 'window.added = 1'})"
        page.execute_script(f"document.body.append({script})")
        with pytest.raises(TimeoutError):
            server.accept()
    assert ask(page, "window.added") is None
    # What the policy blocks it complains about.
    assert str(browser.get_log("browser")).count("Content Security Policy") >= 4
    requested(browser)
    browser.get("about:blank")


def test_dark_mode_follows_the_system_until_it_is_chosen(page):
    card = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    drawn = "document.getElementById('frontier-plot').layout.paper_bgcolor"
    try:
        light = ask(page, card)
        prefer = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", prefer)
        wait_for(page, "document.documentElement.dataset.theme === 'dark'")
        assert ask(page, card) != light and ask(page, drawn) == "#1b2027"
        find(page, "#theme").click()
        wait_for(page, "document.documentElement.dataset.theme === 'light'")
        assert ask(page, card) == light and find(page, "#theme").get_attribute("aria-pressed") == "false"
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_every_control_has_a_name_and_can_be_reached_by_keys(page):
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    for control in page.find_elements("css selector", "input, select, button"):
        assert control.accessible_name, control.get_attribute("outerHTML")
    page.execute_script("document.getElementById('theme').focus()")
    page.switch_to.active_element.send_keys(Keys.TAB)
    outlines = {}
    for _ in range(30):
        at_name = "document.activeElement.id || document.activeElement.value || document.activeElement.tagName"
        outlines[ask(page, at_name)] = ask(page, "getComputedStyle(document.activeElement).outlineStyle")
        page.switch_to.active_element.send_keys(Keys.TAB)
        if ask(page, "document.activeElement === document.body"):
            break
    expected = {"weak", "budget", "gold-number", "task", "student", "plain", "focus", "reset"}
    assert expected | {"haveWeak-number", "haveGold-number", "pool-number", "target-number"} <= outlines.keys()
    assert "none" not in outlines.values(), outlines


def test_a_screen_reader_hears_what_changed_and_finds_the_frontier_as_a_table(page):
    from selenium.webdriver.common.keys import Keys

    assert find(page, "#summary").get_attribute("aria-live") == "polite"
    find(page, "#budget").send_keys(Keys.ARROW_LEFT)
    said = "document.getElementById('summary').textContent"
    wait_for(page, f"{said}.startsWith('Weak label 0.1, budget 1,000. Buy ')")
    assert "expected accuracy" in ask(page, said)
    assert texts(page, "#frontier-table th[scope=col]")[:3] == ["Cost", "Accuracy", "95 % interval"]
    assert "On the frontier" in texts(page, "#frontier-table caption")[0]
    assert all(plot.get_attribute("aria-hidden") == "true" for plot in page.find_elements("css selector", ".plot"))


@contextmanager
def screen(page, width, height=800, scheme="light"):
    """The page on a screen of this size, in light or dark."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 1000}
    try:
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        prefer = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", prefer)
        wait_for(page, f"document.documentElement.dataset.theme === '{scheme}' && innerWidth === {width}")
        yield page
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_axe_finds_nothing(page, width, scheme):
    script = resources.files("axe_core_python") / "axe.min.js"
    draw_map(page)
    with screen(page, width, scheme=scheme):
        page.execute_script("document.querySelectorAll('details').forEach((details) => (details.open = true))")
        # Not by the page's own rules, which allow no other script.
        page.execute_script(script.read_text())
        found = page.execute_async_script("axe.run({resultTypes: ['violations']}).then(arguments[0])")
    assert len(found["passes"]) > 30 and found["violations"] == []


@pytest.mark.parametrize(("width", "height"), [(360, 740), (800, 1100), (1400, 900)])
def test_the_answer_is_seen_first_and_while_sliders_move(page, width, height):
    page.execute_script("scrollTo(0, 0)")
    with screen(page, width, height):
        box = "document.querySelector('#recommendation').getBoundingClientRect()"
        assert ask(page, f"{box}.bottom") < 0.55 * height
        for name in ("weak", "gold", "budget"):
            slider = find(page, f"#{name}")
            slider.send_keys("")
            page.execute_script("arguments[0].scrollIntoView({block: 'nearest'})", slider)
            seen = (
                f"((top, box) => box.top >= 0 && box.bottom <= {height} && (innerWidth > 990 || top >= box.bottom - 1))"
            )
            top = f"document.getElementById('{name}').getBoundingClientRect().top"
            assert ask(page, f"{seen}({top}, {box})"), name
        page.execute_script("scrollTo(0, 2000)")
        assert ask(page, f"{box}.top") == pytest.approx(0, abs=1), "it stays as one reads on"


def test_a_narrow_screen_shows_all_without_scrolling_sideways(page):
    with screen(page, 360):
        wait_for(page, "document.documentElement.scrollWidth <= 360")
        assert ask(page, "document.getElementById('frontier-plot').clientWidth") > 280
        # What purchases cost and bring is seen, whatever else a table holds.
        page.execute_script("document.querySelectorAll('details').forEach((details) => (details.open = true))")
        for name in ("frontier", "path"):
            head = f"document.querySelector('#{name}-table th:nth-child(2)')"
            assert ask(page, f"{head}.textContent") == "Accuracy"
            region = "closest('.scroll').getBoundingClientRect().right"
            assert ask(page, f"{head}.getBoundingClientRect().right <= {head}.{region}")


def luminance(colour):
    """The relative luminance of #rrggbb, of WCAG 2."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_points_are_seen_on_dark_cards(page):
    with screen(page, 1300, scheme="dark"):
        [trace] = ask(page, "document.getElementById('frontier-plot').data.slice(6, 7)")
        card = luminance(ask(page, "document.getElementById('frontier-plot').layout.paper_bgcolor"))
        shades = [luminance(colour) for _, colour in trace["marker"]["colorscale"]]
        assert min((shade + 0.05) / (card + 0.05) for shade in shades) >= 3


def test_pictures_and_tables_are_saved(page, study, tmp_path):
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    at(page, "#task=topic&gold=2&weak=0.2")
    draw_map(page)
    page.execute_script("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    names = [
        "frontier.csv",
        "path.csv",
        *(f"{n}.{kind}" for n in ("frontier", "map", "isoquants") for kind in ("png", "svg")),
    ]
    for button in page.find_elements("css selector", "[data-table], [data-plot]"):
        page.execute_script("arguments[0].click()", button)
    paths = {name: tmp_path / f"made-up-{name}" for name in names}
    end = time.monotonic() + 30
    while not all(path.exists() and path.stat().st_size for path in paths.values()) and time.monotonic() < end:
        time.sleep(0.05)
    for name, path in paths.items():
        if name.endswith("png"):
            assert path.read_bytes().startswith(b"\x89PNG"), name
        if name.endswith("svg"):
            assert "Study made-up, task topic" in path.read_text(), name
    saved = pd.read_csv(paths["frontier.csv"])
    expected = python_frontier(study, 0.1, task="topic").sort_values("cost", kind="stable")
    for own, name in (("cost", "cost"), ("score", "mean"), ("score_low", "low"), ("score_high", "high")):
        assert saved[own].to_numpy() == pytest.approx((2 if own == "cost" else 1) * expected[name].to_numpy(), abs=1e-6)
    assert saved.on_frontier.tolist() == expected.on_frontier.tolist() and set(saved.gold_price) == {2}
    grown = pd.read_csv(paths["path.csv"])
    assert grown.score.is_monotonic_increasing and len(grown) == ask(page, "explorer.view.path.length")


def test_the_answer_and_the_link_are_copied(page):
    at(page, "#task=topic&budget=77&haveGold=12&target=80&pool=900&currency=CHF&gold=2")
    clipboard = "{configurable: true, value: {writeText: async (text) => {copied = text}}}"
    page.execute_script(f"window.copied = null; Object.defineProperty(navigator, 'clipboard', {clipboard})")
    find(page, "#copy-answer").click()
    lines = wait_for(page, "copied").splitlines()
    assert lines[0].startswith("Study made-up, task topic") and "2 CHF; the budget is 77 CHF for 900 texts." in lines[1]
    assert lines[2:5] == [texts(page, f"#{name}")[0] for name in ("lead", "better", "goal")]
    wait_for(page, "document.getElementById('copied').textContent === 'The answer is copied.'")
    find(page, "#copy-link").click()
    link = wait_for(page, "copied.startsWith('file:') && copied")
    before = ask(page, "explorer.state")
    at(page, "")
    assert ask(page, "explorer.state") != before
    at(page, f"#{link.partition('#')[2]}")
    assert ask(page, "explorer.state") == before
    # Where the browser allows no copying, the text is there to be copied by hand.
    page.execute_script("Object.defineProperty(navigator, 'clipboard', {configurable: true, value: undefined})")
    find(page, "#copy-link").click()
    assert wait_for(page, "getSelection().toString()") == link
    page.execute_script("delete navigator.clipboard")


def test_a_reader_s_currency_names_all_amounts(page):
    at(page, "#task=topic&gold=1.5&budget=96")
    find(page, "#currency").send_keys("<b>€7\t")
    wait_for(page, "explorer.state.currency === 'b€'")
    find(page, "#currency").clear()
    find(page, "#currency").send_keys("€\t")
    wait_for(page, "explorer.state.currency === '€'")
    assert "Budget, €" in texts(page, "label") and "Cost: €" in texts(page, "#lead")[0]
    assert texts(page, "#answer .unit")[3] == "cost, of a budget of €96"
    assert ask(page, "document.getElementById('frontier-plot').layout.xaxis.title.text") == "cost, in €"
    wait_for(page, "location.hash.includes('currency=%E2%82%AC')")


def gold_words(answer):
    """That gold labels of all texts are to be bought; and what they cost, and which weak labels are to be used else."""
    right, other = gold_lines(answer, use_words(answer))
    return gold_order(answer), f". {right} {other.removesuffix('.')}"


def assert_cheaper_told(lead, answer, score):
    """The page's answer names the labels that are cheaper than the first ones with their cost, and then no student."""
    cheaper = cheaper_for_all(answer)
    assert lead.count("for less: the") + lead.count("For less: the") == len(cheaper)
    for labels in cheaper:
        first = leading_labels(answer)
        start = less_line(answer, first, labels).partition(" of the price: ")[0]
        assert f" {start} of the price: they are right on {score} %, between " in lead
        cost = f"{labels.price * answer.question.pool:g} gold labels for all {answer.question.pool:,} texts."
        assert lead.endswith(f", {cost} {not_worth_words(answer)}")


def ready_page(browser, path, scores, paid=1.0):
    """A page on two sources of weak labels that no student beats, and the findings that it shows."""
    bought = make_study(tasks=("topic",)).table
    named = {name: bought[bought.supervisor == "small"].assign(supervisor=name) for name in ("llm", "crowd")}
    parts = [part.assign(score=part.score.mask(part.kind == LABELS, scores[name])) for name, part in named.items()]
    # Where one is better than it seems, the other is worse.
    llm, crowd = parts
    crowd["factors"] = crowd.factors.mask(crowd.kind == LABELS, -crowd.factors)
    posterior = Posterior(pd.concat([llm.assign(paid=paid), crowd, bought[bought.supervisor == ""]], ignore_index=True))
    prices = {"llm": [0.3], "crowd": [0.08]}
    address = write_page(path, posterior, STUDY | {"prices": prices})
    return opened(browser, address), Findings(posterior, prices, TITLES, STUDY["verdict"])


def test_cheaper_labels_of_all_texts_that_may_be_as_good_are_those_of_python(browser, tmp_path):
    page, findings = ready_page(browser, tmp_path / "close.html", {"llm": 0.97, "crowd": 0.965})
    at(page, "#budget=120&pool=400")
    [lead] = texts(page, "#lead")
    assert " Perhaps as good for less: the weak labels of crowd as they are, 0.5 points behind (between" in lead
    assert_cheaper_told(lead, recommend(findings, Question(120, pool=400)), "96.5")
    # The source that is chosen competes alone; it is not said again what its labels of all texts cost.
    at(page, "#supervisor=crowd&budget=120&pool=400")
    [lead] = texts(page, "#lead")
    assert lead.startswith(use_words(recommend(findings, Question(120, pool=400, supervisor="crowd"))))
    assert "for all 400 texts" not in texts(page, "#reasons")[0]
    assert (
        ". Left out: the weak labels of llm as they are: they are right on 97.0 %, between " in texts(page, "#alone")[0]
    )


def test_gold_labels_of_all_texts_come_before_a_purchase_to_train_on_too(page):
    at(page, "#task=topic&budget=60&pool=50")
    [lead] = texts(page, "#lead")
    start = "Buy gold labels of all 50 texts. They are right by definition, and cost 50 gold labels. "
    assert lead.startswith(f"{start}To train a student: buy 50 gold labels and use")
    assert texts(page, "#lead strong")[0] == "Buy gold labels of all 50 texts"
    assert texts(page, ".verdict")[0].startswith("student: ") and "To train a student, " in texts(page, "#reasons")[0]


def test_texts_of_which_a_source_says_nothing_for_nothing_cost_what_they_cost_in_python(browser, tmp_path):
    page, findings = ready_page(browser, tmp_path / "paid.html", {"llm": 0.97, "crowd": 0.9}, paid=0.61)
    for budget, pool in ((60, None), (60, 400), (75, 400), (60, 200)):
        at(page, f"#budget={budget}" + (f"&pool={pool}" if pool else ""))
        answer = recommend(findings, Question(budget, pool=pool))
        [lead] = texts(page, "#lead")
        found = ready_labels(answer)
        assert ask(page, "explorer.ready") == [[each.labels.supervisor, each.n_texts] for each in found]
        assert ", at 0.3 a label" in lead and ", at 0.08 a text" in lead
        if pool and for_all_texts(answer):
            assert texts_words(answer, found[0]) in lead
        if both := best_split(answer):
            assert f"for {float(both.exact_cost):.3g} gold labels. That is" in lead


def test_labels_that_are_used_as_they_are_are_those_of_python(browser, tmp_path):
    page, findings = ready_page(browser, tmp_path / "ready.html", {"llm": 0.97, "crowd": 0.9})
    for budget, pool in ((0.2, None), (60, None), (60, 400), (60, 200), (60, 5000), (60, 50), (120, 400)):
        at(page, f"#budget={budget}" + (f"&pool={pool}" if pool else ""))
        answer = recommend(findings, Question(budget, pool=pool))
        expected, both = ready_labels(answer), best_split(answer)
        assert ask(page, "explorer.ready") == [[found.labels.supervisor, found.n_texts] for found in expected]
        [lead] = texts(page, "#lead")
        reasons = ask(page, "document.getElementById('reasons').textContent")
        assert gold_for_all(answer) == (pool == 50)
        order, *start = gold_words(answer) if pool == 50 else [use_words(answer)]
        assert texts(page, "#lead strong") == [order] and lead.startswith(f"{order}{''.join(start)}: they are right on")
        if not both:
            score = expected[0].labels.score
            assert f": they are right on {100 * score.mean:.1f} %, between {percent(score.low)} and" in lead
        told = [note for note in notes(answer) if "in place of weak ones" in note]
        assert bool(told) == ((budget, pool) == (60, 5000)) == ("in place of weak ones" in reasons)
        rest = [*rest_lines(answer)]
        assert bool(rest) == bool(pool == 400 and budget == 60) == ("in place of weak ones. Expected then" in lead)
        assert all(line in lead for line in rest)
        assert all(note in reasons for note in told)
        assert ("With both" in lead) == bool(both) == ((budget, pool) in [(60, 400)])
        if both:
            assert LEAST_SURE in lead
            shares = f"{both.n_better:,} of the texts, at random, and the first for {both.n_cheaper:,}"
            assert f"{shares}: they are right on {100 * both.score.mean:.1f} %" in lead
            more = f"That is {ahead_words(both.gain, OF_FIRST)} for"
            assert f"for {float(both.exact_cost):.3g} gold labels. {more} {both.extra:.3g} gold labels more." in lead
        cheaper = cheaper_for_all(answer)
        assert bool(cheaper) == (pool is not None and budget >= 0.3 * pool)
        assert_cheaper_told(lead, answer, "90.0")
        for other in expected[1:]:
            ahead = other.labels.ahead[expected[0].labels.supervisor]
            assert f"the weak labels of {other.labels.supervisor} as they are, {ahead_words(ahead)}" in lead
            assert ("Perhaps better, but paid for" in lead) == (is_open(ahead) and other.n_texts < expected[0].n_texts)
    # A score that is wanted is reached by labels first, the cheapest first; then by training.
    at(page, "#budget=60&target=85")
    [goal] = texts(page, "#goal")
    assert goal.startswith(
        "To reach 85 %, use the weak labels of crowd as they are: they are right on 90.0 %, between "
    )
    llm = recommend(findings, Question(60)).baseline.labels_of("llm")
    so_do = f" So do the weak labels of llm as they are, {ahead_words(llm.ahead['crowd'])}: they are right on"
    assert f"{so_do} 97.0 %, between " in goal
    for_more = "To label more texts than your money pays labels for: "
    assert f"{for_more}to reach 85 % by training for as little money as possible, buy " in goal
    at(page, "#budget=60&target=96")
    [goal] = texts(page, "#goal")
    assert goal.startswith("To reach 96 %, use the weak labels of llm as they are")
    assert f"{for_more}no purchase that was studied is expected to reach 96 % by training; the best one brings" in goal
    # All texts that there are may share two sources, and it is said what they cost.
    for target, shared in ((85, False), (93, True), (97.5, False)):
        at(page, f"#budget=60&pool=5000&target={target}")
        [goal] = texts(page, "#goal")
        both = goal_split(reach(findings, Question(0, pool=5000), target / 100))
        assert ("at random, and those" in goal or "at random: they" in goal) == bool(both) == shared
        asked = reach(findings, Question(0, pool=5000), target / 100)
        assert goal_words(asked).partition(": ")[2] in goal
        assert bool(goal_words(asked)) == (target == 97.5)
        assert (", 400 gold labels for all 5,000 texts." in goal) == (target < 97)
        assert ", 1,500 gold labels for all 5,000 texts." in goal
        if both:
            texts_of = f"crowd as they are for {both.n_cheaper:,} of the 5,000 texts, and those of llm for the other "
            assert f"use the weak labels of {texts_of}{both.n_better:,}, at random: they are right on 93.0 %" in goal
            more = f"That is {ahead_words(both.gain, OF_FIRST)} for"
            assert f"for {float(both.exact_cost):,.0f} gold labels. {more} {both.extra:,.0f} gold labels more." in goal
            assert "The first alone: they are right on 90.0 %, between " in goal and LEAST_SURE in goal
            assert (
                f" So do the weak labels of llm as they are, {ahead_words(llm.ahead['crowd'], OF_FIRST)}: they" in goal
            )
    at(page, "#budget=60&target=99")
    assert (
        "The weak labels of llm as they are come nearer: they are right on 97.0 %, between " in texts(page, "#goal")[0]
    )
    assert texts(page, "#path-table caption")[0].startswith(
        "Better than each of these students: the weak labels of llm as they are; they are right on 97.0 %, between "
    )
    # They suffice for all texts, so a student is spoken of for comparison alone.
    at(page, "#budget=120&pool=400")
    assert " The best student for this money, for comparison: " in texts(page, "#reasons")[0]
    assert "the purchase" not in texts(page, "#reasons")[0]
    assert "pays for all 400 texts, which cost 120" in texts(page, "#lead")[0]
    assert texts(page, "#student-title") == texts(page, "#answer") == texts(page, ".verdict") == [""]
    # Of texts some of which have gold labels the others may cost less than weak labels of all.
    for terms in ({"pool": 50, "have_gold": 10}, {"pool": 120, "have_gold": 110}):
        at(page, "#budget=60&pool={pool}&haveGold={have_gold}".format(**terms))
        answer = recommend(findings, Question(60, **terms))
        assert texts(page, "#lead")[0].startswith(f"{''.join(gold_words(answer))}: they are right on")
    # Nor where they suffice for more texts than anybody has.
    at(page, "#supervisor=crowd&weak=0.0001&budget=60")
    useless = "Training a model is not worth it at this budget: no student that was studied on weak labels of crowd, or"
    assert useless in texts(page, "#lead")[0]
    assert "a budget of 60 gold labels pays for those of 600,000 texts." in texts(page, "#lead")[0]
    assert texts(page, "#student-title") == texts(page, "#answer") == texts(page, ".verdict") == [""]


SOURCES = {"llm": [0.05], "crowd": [0.2]}
# What stands in a table in place of a source where no weak label is bought.
NO_SOURCE = "\u2013"


def study_of_sources():
    """A study of two sources of weak labels: for little money those of one are better, for much those of the other."""
    bought = make_study(tasks=("topic",), titles=["plain", "joint"]).table
    nodes = bought[bought.supervisor == "small"]
    more = 0.1 * np.log1p(nodes.n_weak) / np.log1p(nodes.n_weak.max())
    parts = [nodes.assign(supervisor="llm"), nodes.assign(supervisor="crowd", score=nodes.score - 0.04 + more)]
    return Posterior(pd.concat([*parts, bought[bought.supervisor == ""]], ignore_index=True))


def test_all_sources_compete_as_for_the_command(browser, tmp_path):
    posterior, money = study_of_sources(), {"currency": "$", "gold_price": 2}
    settings = STUDY | {"prices": SOURCES, "money": money}
    page = opened(browser, write_page(tmp_path / "sources.html", posterior, settings))
    prices = {name: price for name, [price] in SOURCES.items()}
    [block] = posterior.blocks
    shown, drawn = set(), set()
    for budget in (*budgets_between(1, 2500, 24), 2048):
        at(page, f"#budget={budget}")
        expected = decide(block, terms_for(budget / 2, prices, pool=12000), STUDY["verdict"])
        assert_same_decision(ask(page, "explorer.decideAt({})"), expected, budget)
        if not expected.buys:
            continue
        options, best = expected.options, expected.best
        n_weak, score = options.n_weak[best], f"{100 * options.scores.mean[best]:.1f} %"
        source = options.surface_of(best).supervisor if n_weak else NO_SOURCE
        lead = " ".join(texts(page, "#lead") + texts(page, "#student-answer"))
        assert score in lead and (not n_weak or f"{n_weak:,} weak labels of {source}" in lead), budget
        # The table has the same answer.
        rows = np.reshape(texts(page, "#path-table td"), (-1, 7))
        has_it = "({budget, most}) => budget <= explorer.view.budget && explorer.view.budget <= most"
        row = rows[ask(page, f"explorer.view.pathRows.findIndex({has_it})")]
        assert row[1:5].tolist() == [score, f"{n_weak:,}", source, f"{options.n_gold[best]:,}"], budget
        assert texts(page, "#path-table caption")[0].endswith("at these prices: the best of all sources.")
        shown.add(source)
        drawn.add(ask(page, "explorer.view.supervisor"))
    assert shown >= {"llm", "crowd"} and drawn >= {"llm", "crowd"}, "the views show the source that is bought from"


def test_a_source_that_is_chosen_stays_and_the_table_says_so(browser, tmp_path):
    from selenium.webdriver.support.ui import Select

    settings = STUDY | {"prices": SOURCES}
    page = opened(browser, write_page(tmp_path / "chosen.html", study_of_sources(), settings))
    assert texts(page, "#supervisor option") == ["the best source", "llm", "crowd"]
    assert find(page, "#supervisor").get_property("value") == ""
    for budget in (20, 1000):
        at(page, f"#supervisor=llm&budget={budget}")
        assert ask(page, "explorer.view.supervisor") == "llm"
        assert texts(page, "#path-table caption")[0].endswith("at these prices: weak labels of llm only.")
        assert {row[3] for row in np.reshape(texts(page, "#path-table td"), (-1, 7))} <= {"llm", NO_SOURCE}
    Select(find(page, "#supervisor")).select_by_value("")
    wait_for(page, "explorer.view.allCompete")
    wait_for(page, "!location.hash.includes('supervisor')")
    # Labels that the reader has are of those that are shown, so only these compete.
    at(page, "#budget=1000")
    source = ask(page, "explorer.view.allCompete && explorer.view.supervisor")
    assert texts(page, "#alone") == [""]
    type_number(page, "#haveWeak-number", 7)
    wait_for(page, "explorer.view.haveWeak === 7 && !explorer.view.allCompete")
    wait_for(page, f"location.hash.includes('supervisor={source}')")
    only = f"Only the weak labels of {source} compete here, since "
    assert texts(page, "#alone") == [f"{only}you have 7 of them. Let all sources compete"]
    find(page, "#show-all").click()
    wait_for(page, "explorer.view.haveWeak === null && explorer.view.allCompete")
    at(page, f"#supervisor={source}")
    assert texts(page, "#alone") == [f"{only}you chose them. Let all sources compete"]


def test_a_price_of_one_source_leaves_all_to_compete_as_for_the_command(browser, tmp_path):
    posterior, settings = study_of_sources(), STUDY | {"prices": SOURCES}
    page = opened(browser, write_page(tmp_path / "price.html", posterior, settings), "#budget=20")
    [block] = posterior.blocks
    source = ask(page, "explorer.view.supervisor")
    prices = {name: price for name, [price] in SOURCES.items()}
    for price in (0.1, 0.9):
        type_number(page, "#weak-number", price)
        wait_for(page, f"explorer.view.weak === {price} && explorer.view.allCompete")
        # The control stays with the source whose price it sets, whichever is bought.
        assert ask(page, "explorer.view.supervisor") == source
        assert f"Price of a weak label of {source}, for a text" in texts(page, "#weak-label")
        expected = decide(block, terms_for(20, prices | {source: price}, pool=12000), STUDY["verdict"])
        assert_same_decision(ask(page, "explorer.decideAt({})"), expected, price)
    wait_for(page, f"location.hash.includes('price={source}%3D0.9')")
    fragment = ask(page, "location.hash")
    at(page, "#budget=20")
    assert ask(page, "explorer.view.weak") == prices[source]
    at(page, fragment)
    assert ask(page, "[explorer.view.weak, explorer.view.supervisor, explorer.view.allCompete]") == [0.9, source, True]


def test_rows_of_the_table_of_budgets_differ_in_what_is_bought(browser, tmp_path):
    page = opened(browser, write_page(tmp_path / "rows.html", study_of_sources(), STUDY | {"prices": SOURCES}))
    rows = np.reshape(texts(page, "#path-table td"), (-1, 7))
    bought = [tuple(row[2:6]) for row in rows]
    assert all(one != other for one, other in pairwise(bought))
    assert len(rows) < ask(page, "explorer.view.path.length") and any(" to " in row[0] for row in rows)


def test_invented_data_are_said_to_be_no_advice(browser, study, tmp_path):
    page = opened(browser, write_page(tmp_path / "invented.html", study, STUDY | {"invented": True}))
    assert ask(page, "document.body.innerText").startswith(DEMONSTRATION)


def test_a_study_of_one_task_method_and_budget_opens(browser, tmp_path):
    table = make_study(tasks=("topic",), titles=["plain"], purchases=[(0, 16), (160, 0), (80, 8)]).table
    table.loc[table.n_seeds > 1, "n_seeds"] = 1
    settings = STUDY | {"titles": {"plain": "Sequential SFT"}, "budgets": [16], "pool_sizes": {"topic": 12000}}
    page = opened(browser, write_page(tmp_path / "one.html", Posterior(table), settings))
    assert "No isoquants" in texts(page, "#isoquants-words")[0]
    assert texts(page, ".verdict") == ["student: undetermined"]
    assert "one seed has no spread" in texts(page, "#reasons")[0]
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_labels_with_one_price_are_shown_at_it(browser, tmp_path):
    from selenium.webdriver.support.ui import Select

    table, tables = make_study(tasks=("topic",)).table, []
    bought = table[table.supervisor == "small"]
    for name in ("crowd", "llm", "small"):
        tables.append(bought.assign(supervisor=name))
    labels = table[table.kind == LABELS].assign(supervisor="llm", score=0.97)
    table = pd.concat([*tables, labels, table[table.supervisor == ""]], ignore_index=True)
    settings = STUDY | {"prices": {"crowd": [0.3], "llm": [0.05], "small": [0.5, 0.1]}}
    address = write_page(tmp_path / "own.html", Posterior(table), settings)
    page = opened(browser, f"{address}#budget=64")
    # Of labels that are as good, it opens on the cheapest.
    assert ask(page, "[explorer.view.supervisor, explorer.view.weak]") == ["llm", 0.05]
    lead = "To train a student, of 3 sources of weak labels, llm (at 0.05 a label) is expected to bring most at this "
    lead += "budget; it is shown."
    assert texts(page, "#sources") == [lead]
    for name, price in (("crowd", 0.3), ("small", 0.1), ("llm", 0.05)):
        Select(find(page, "#supervisor")).select_by_value(name)
        wait_for(page, f"explorer.view.supervisor === '{name}'")
        assert ask(page, "explorer.view.weak") == price
        use = "the weak labels of llm as they are: they are right on 97.0 %, between "
        # No student beats these labels, so the answer begins with them, unless another source is chosen.
        assert texts(page, "#lead")[0].startswith(f"Use {use}") == (name == "llm")
        assert (use in texts(page, "#alone")[0]) == (name != "llm")
        if name == "llm":
            assert texts(page, "#better") == [""]
            # The big figures are the student's, and say so.
            assert texts(page, "#student-title") == ["To label more than 1,280 texts: train a student instead"]
            assert texts(page, "#student-answer")[0].startswith("Buy ")
            assert texts(page, ".verdict")[0].startswith("student: ")
        # A map over prices is drawn where there are several.
        assert find(page, "#map-plot").is_displayed() == (name == "small")
        assert ("have one price, so there is no map" in texts(page, "#map-words")[0]) == (name != "small")
    # Labels that are composed from others follow their price.
    composed = write_page(tmp_path / "composed.html", Posterior(table), settings | {"parts": {"llm": {"crowd": 0.5}}})
    for prices, price in (("", 0.05), ("&price=crowd=0.4", 0.2), ("&price=crowd=0.4&price=llm=0.3", 0.3)):
        page = opened(browser, f"{composed}#supervisor=crowd&budget=64{prices}")
        assert ask(page, "explorer.view.sources.leftOut.find(({supervisor}) => supervisor === 'llm').price") == price
    page = opened(browser, f"{address}#supervisor=crowd&gold=2&budget=64")
    assert ask(page, "explorer.view.weak") == 0.6
    type_number(page, "#gold-number", 4)
    wait_for(page, "explorer.view.gold === 4")
    assert ask(page, "explorer.view.weak") == 1.2, "its price stays what it is in gold labels"
    shown = texts(page, "#sources")[0]
    assert "llm (at 0.2 a label)" in shown and "Shown: weak labels of crowd. Show llm" in shown
    find(page, "#show-best").click()
    wait_for(page, "explorer.view.supervisor === 'llm' && explorer.view.weak === 0.2")
    assert ask(page, "document.activeElement.id") == "supervisor"
    assert not page.find_elements("css selector", "#show-best")
    page = opened(browser, f"{address}#supervisor=crowd&weak=0.2")
    assert ask(page, "explorer.view.weak") == 0.2, "an address says what it says"


def test_a_study_in_money_opens_in_it(browser, tmp_path):
    money = {"currency": "$", "gold_price": 3}
    settings = STUDY | {"prices": {"small": [0.1]}, "money": money}
    page = opened(browser, write_page(tmp_path / "money.html", make_study(tasks=("topic",)), settings))
    largest = max(STUDY["budgets"])
    assert ask(page, "[explorer.view.gold, explorer.view.budget]") == [3, 3 * largest]
    assert ask(page, "explorer.view.weak") == pytest.approx(0.3)
    assert "$0.3" in texts(page, "#reasons")[0] + texts(page, "#summary")[0] and "Budget, $" in texts(page, "label")
    assert ask(page, "document.getElementById('frontier-plot').layout.xaxis.title.text") == "cost, in $"
    assert "of a budget of $" in texts(page, "#answer")[0]
    type_number(page, "#gold-number", 6)
    wait_for(page, "explorer.view.gold === 6")
    assert ask(page, "explorer.view.weak") == pytest.approx(0.3), "money stays what it is"
    assert ask(page, "explorer.view.budget") == 3 * largest, "and so does the budget"
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_views_follow_at_once(page, address):
    """Prints how long an update takes; a loaded machine may take several times as long as an idle one."""
    times = []
    for step in range(20):
        ask(page, "(explorer.state.weak = arguments[0], explorer.update())", 0.1 * 0.93**step)
        times.append(ask(page, "explorer.lastUpdate"))
    print(f"an update takes {np.median(times):.0f} ms (median), {max(times):.0f} ms (most)")
    assert np.median(times) < 1000


def test_asking_without_labels_begins_the_frontier_and_may_be_the_advice(browser, tmp_path):
    for asked, advised in ((0.97, True), (0.56, False)):
        study = make_study(tasks=("topic",), asked=asked)
        page = opened(browser, write_page(tmp_path / f"asked-{advised}.html", study), "#weak=0.1&budget=64")
        assert_same_frontier(page, python_frontier(study, 0.1, task="topic"))
        assert_same_decisions(page, block_of(study, "topic"), [(64, 0.1), (1000, 0.01)], pool=12000)
        words = texts(page, "#reasons")[0]
        assert ("No purchase studied within this budget beats asking the model" in words) == advised
        assert (texts(page, "#answer .value")[0] == "Buy nothing") == advised
        assert f"sking the model without labels is right on {100 * asked:.1f} %" in words
        # The line of what to buy begins with it, at the left edge.
        steps = ask(page, "document.getElementById('frontier-plot').data[4].y")
        assert steps[0] == pytest.approx(100 * asked)
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
