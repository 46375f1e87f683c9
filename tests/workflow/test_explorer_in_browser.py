"""The explorer's page in a real browser: Debian's Chromium, headless, driven by selenium."""

import json
import socket
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explorer_study import BUDGETS, STUDY, TITLES, make_study
from helpers import install

from elicitation.analysis import production
from elicitation.analysis.evidence import Evidence
from elicitation.analysis.findings import Findings, Question
from elicitation.analysis.frontier import priced, score_points
from elicitation.analysis.recommendation import recommend
from elicitation.analysis.regimes import regime_at
from elicitation.explorer.data import page_data
from elicitation.explorer.page import render

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
    *("disable-component-update", "disable-sync", "disable-dev-shm-usage", "window-size=1300,1700"),
)
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
    driver.get("about:blank")
    # What the browser itself loads as it starts is not the page's doing.
    driver.get_log("performance")
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def study():
    """Evidence and fits; one of the fits is bad, so that what was run is recommended instead."""
    evidence, fits = make_study()
    bad = [replace(fit, verdict="bad") if fit.method == "joint" and fit.task == "topic" else fit for fit in fits]
    return evidence, bad


@pytest.fixture(scope="module")
def address(study, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    path.write_text(render(page_data(*study, STUDY)))
    return path.as_uri()


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
    steps = "history.replaceState(null, '', location.pathname + arguments[0]); dispatchEvent(new Event('hashchange'));"
    page.execute_script(f"{steps} explorer.update()", fragment)


def type_number(page, selector, number):
    from selenium.webdriver.common.keys import Keys

    find(page, selector).send_keys(Keys.CONTROL, "a", Keys.NULL, f"{number}", Keys.TAB)


def requested(browser) -> list[str]:
    """Addresses that the browser has asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def ask(page, expression, *values):
    return page.execute_script(f"return {expression}", *values)


def wait_for(page, expression, seconds=10):
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
    return [element.get_property("textContent") for element in page.find_elements("css selector", selector)]


def rows_of(study, task="average", methods=tuple(TITLES)):
    """The evidence on one task."""
    points = study[0].points
    points = points[(points.task == task) & points.method.isin(methods)]
    return study[0].on(points)


def python_frontier(study, weak_price, **where):
    evidence = rows_of(study, **where)
    table = priced(evidence.points, weak_price)
    scores = score_points(evidence, table.cost.to_numpy())
    return table.assign(**scores.set_index(table.index))


def assert_same_frontier(page, expected, gold=1.0):
    found = ask(page, "explorer.view.scored")
    columns = {"cost": "cost", "weakShare": "weak_share", "probability": "probability", "accuracy": "accuracy"}
    ends = {"low": "accuracy_low", "high": "accuracy_high"}
    for name, column in (columns | ends).items():
        # The page has the deviations' intervals in six digits.
        close = pytest.approx(expected[column].tolist(), abs=2e-6 if name in ends else 1e-9)
        assert [point[name] for point in found] == close, name
    assert [point["onFrontier"] for point in found] == expected.on_frontier.tolist()
    best = expected[expected.on_frontier].sort_values("cost", kind="stable")
    cells = np.reshape(texts(page, "#frontier-table td"), (-1, 8))
    assert [(row[1], row[2], row[4]) for row in cells] == [
        (f"{row.n_weak:,}", f"{row.n_gold:,}", f"{100 * row.accuracy:.1f} %") for row in best.itertuples()
    ]
    drawn = ask(page, "document.getElementById('frontier-plot').data[2]")
    assert drawn["y"][:-1] == pytest.approx((100 * best.accuracy).tolist())
    assert drawn["x"][:-1] == pytest.approx((gold * best.cost).tolist())


def test_keys_on_the_price_slider_change_the_frontier_to_python_s_numbers(page, study):
    from selenium.webdriver.common.keys import Keys

    assert_same_frontier(page, python_frontier(study, 0.1))
    slider = find(page, "#weak")
    for key, price in ((Keys.ARROW_LEFT, 0.09), (Keys.PAGE_UP, None), (Keys.HOME, 0.001), (Keys.END, 1.0)):
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
        stops = ask(page, "explorer.view.map.weak")
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
    assert ask(page, "explorer.view.budget") == 1024
    assert ask(page, "explorer.view.map.weak.filter((price) => [0.004, 0.4, 2, 4].includes(price)).length") == 4
    assert_same_frontier(page, python_frontier(study, 0.1 / 4), gold=4)


def test_each_point_has_error_bars_and_names_its_run_on_hover(page, study):
    at(page, "#task=topic&focus=joint")
    table = python_frontier(study, 0.1, task="topic")
    bars = "(({error_y}) => [error_y.array, error_y.arrayminus])(document.getElementById('frontier-plot').data[{}])"
    others, frontier = table[~table.on_frontier], table[table.on_frontier].sort_values("cost", kind="stable")
    for trace, rows in ((3, others), (4, frontier)):
        ends = [(rows.accuracy_high - rows.accuracy), (rows.accuracy - rows.accuracy_low)]
        drawn = ask(page, bars.replace("{}", str(trace)))
        assert np.allclose(drawn, [100 * end.clip(lower=0) for end in ends], atol=2e-4)

    def assert_named(shown, row):
        assert f"topic / small / big / {row.method}" in shown and f"{row.n_seeds} seeds" in shown
        ends = " to ".join(f"{100 * end:.1f}" for end in (row.accuracy_low, row.accuracy_high))
        assert f"accuracy {100 * row.accuracy:.1f} % ({ends})" in shown

    joint = table[table.method == "joint"]
    for plot, trace, rows in (("frontier", 3, others), ("frontier", 4, frontier), ("isoquants", 3, joint)):
        named = ask(page, f"document.getElementById('{plot}-plot').data[{trace}].hovertext")
        for shown, (_, row) in zip(named, rows.iterrows(), strict=True):
            assert_named(shown, row)
    for plot, trace, rows in (("frontier", 4, frontier), ("isoquants", 3, joint)):
        ask(page, f"Plotly.Fx.hover('{plot}-plot', [{{curveNumber: {trace}, pointNumber: 1}}])")
        assert_named(" ".join(texts(page, f"#{plot}-plot .hoverlayer text")), rows.iloc[1])


@pytest.mark.parametrize("task", ["average", "topic"])
@pytest.mark.parametrize("method", TITLES)
def test_regimes_are_python_s(page, study, task, method):
    at(page, f"#task={task}&focus={method}&weak=0.5&budget=64")
    evidence = rows_of(study, task, (method,))
    places = [(budget, price) for price in (0.01, 0.1, 0.5) for budget in (16, 100, 1024)]
    asked = """arguments[0].map((place) => {
        const {group, focusPoints, verdict} = explorer.view;
        const {scores, ...found} = explorer.regimeAt(group.points, focusPoints, ...place, verdict);
        return {...found, nWeak: group.points.nWeak[found.purchase], nGold: group.points.nGold[found.purchase]};
    })"""
    for (budget, price), found in zip(places, ask(page, asked, places), strict=True):
        expected = regime_at(evidence, budget, price, 0.9)
        assert found["regime"] == expected["regime"]
        if expected["winner"] is None:
            assert found["winner"] is None
            continue
        shares = [expected[name] for name in ("quantity-dominant", "mixed", "quality-dominant")]
        assert found["probabilities"] == pytest.approx(shares, abs=1e-9)
        effects = [found[name] for name in ("effect", "effectLow", "effectHigh")]
        assert effects == pytest.approx([expected[f"effect{end}"] for end in ("", "_low", "_high")], abs=1e-9)
        assert (found["nWeak"], found["nGold"]) == (expected["n_weak"], expected["n_gold"])
    # The map's cells are the same at the same places, and what is said is of the sliders' place.
    cells = ask(page, "explorer.view.map.cells[explorer.view.map.budgets.indexOf(256)]")
    prices = ask(page, "explorer.view.map.weak")
    for price in (0.1, 0.5):
        assert cells[prices.index(price)]["regime"] == regime_at(evidence, 256, price, 0.9)["regime"]
    assert regime_at(evidence, 64, 0.5, 0.9)["regime"] in texts(page, "#map-words")[0]


@pytest.mark.parametrize("method", TITLES)
def test_every_production_form_predicts_what_python_predicts(page, study, method):
    fit = next(fit for fit in study[1] if fit.method == method and fit.task == "average")
    at(page, f"#task=average&focus={method}")
    purchases = [(0, 0), (0, 16), (160, 0), (77, 33), (10240, 1024), (3, 900)]
    n_weak, n_gold = np.array(purchases, float).T
    asked = "arguments[0].map((purchase) => explorer.view.fit.predict(...purchase))"
    assert ask(page, asked, purchases) == pytest.approx(fit.predict(n_weak, n_gold).tolist(), abs=1e-12)
    asked = "arguments[0].map((purchase) => Array.from(explorer.view.fit.predictReplicates(...purchase)))"
    assert np.allclose(ask(page, asked, purchases), fit.predict_replicates(n_weak, n_gold).T, atol=1e-6)
    asked = "arguments[0].map((purchase) => String(explorer.marginalRate(explorer.view.fit, ...purchase)))"
    rates = [float(rate.replace("Infinity", "inf")) for rate in ask(page, asked, purchases[3:])]
    assert rates == pytest.approx(production.marginal_rate(fit, n_weak[3:], n_gold[3:]).tolist(), rel=1e-4)
    for price, budget in ((0.1, 64), (0.01, 200), (0.7, 1000)):
        asked = "explorer.bestPurchase(explorer.view.fit, ...arguments)"
        found = ask(page, asked, budget, price, 12000)
        assert (found["nWeak"], found["nGold"]) == production.best_purchase(fit, budget, price, 12000)
        path = ask(page, "explorer.expansionPath(explorer.view.fit, ...arguments)", BUDGETS, price, 12000)
        expected = production.expansion_path(fit, BUDGETS, price, 12000)
        assert np.allclose([(step["nWeak"], step["nGold"]) for step in path], expected)
    for line in ask(page, "explorer.view.surface.isoquants"):
        drawn = [step for step in line["line"] if step]
        n_weak, n_gold = np.array([(step["nWeak"], step["nGold"]) for step in drawn]).T
        # The fewest gold labels that reach the level, found again.
        amounts = np.expm1(np.linspace(0, np.log1p(fit.largest[1]), 2000))
        expected = amounts[(fit.predict(n_weak[:, None], amounts) >= line["level"] / 100).argmax(axis=1)]
        assert np.allclose(np.log1p(n_gold), np.log1p(expected), atol=0.02)


@pytest.mark.parametrize(("task", "methods"), [("average", [*TITLES]), ("topic", ["joint"]), ("topic", [*TITLES])])
def test_what_to_buy_is_what_the_command_recommends(page, study, task, methods):
    fits = [fit for fit in study[1] if fit.method in methods]
    evidence = rows_of(study, task, methods)
    findings = Findings(evidence, fits, STUDY["prices"], TITLES, 0.9, STUDY["pool_sizes"])
    chosen = "".join(f"&method={name}" for name in methods)
    at(page, f"#task={task}{chosen}")
    for price, budget, gold in ((0.1, 256, 1), (0.5, 64, 1), (0.02, 40, 1), (0.3, 900, 2)):
        expected = recommend(findings, Question(budget=budget, weak_price=price, gold_price=gold, task=task))
        asked = "(Object.assign(explorer.state, arguments[0]), explorer.update(), explorer.view.answer)"
        found = ask(page, asked, {"weak": price, "budget": budget, "gold": gold})
        bought = expected.recommended
        names = {"nWeak": "n_weak", "nGold": "n_gold", "method": "method"}
        assert {name: found[name] for name in names} == {name: getattr(bought, own) for name, own in names.items()}
        assert found["cost"] * gold == pytest.approx(bought.cost)
        assert found["accuracy"] == pytest.approx(asdict(expected.accuracy), abs=1e-6)
        assert found["regime"]["regime"] == expected.regime["regime"]
        assert found["lossAtMost"] == pytest.approx(expected.loss_at_most, abs=1e-6)
        assert found["supported"] == expected.supported
        assert (found["scaledFrom"] is not None) == ("scaled to the budget" in expected.basis)
        differences = [asdict(rival.difference) for rival in expected.pure_strategies.values()]
        assert len(found["pure"]) == len(differences)
        for rival, difference in zip(found["pure"], differences, strict=True):
            assert rival["difference"] == pytest.approx(difference, abs=1e-6)
        shown = texts(page, "#answer .value")
        assert shown[:2] == [f"{bought.n_weak:,}", f"{bought.n_gold:,}"]
        verdict = "supported by the data" if expected.supported else "undetermined"
        assert texts(page, ".verdict") == [verdict]


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

    plot = find(page, "#map-plot .nsewdrag")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    ActionChains(page).move_to_element_with_offset(plot, -60, 40).click().perform()
    wait_for(page, "explorer.view.weak < 0.1 && explorer.view.budget < 256")
    assert ask(page, "explorer.view.map.weak.includes(explorer.view.weak)")


def test_hostile_names_do_nothing_and_show_literally(browser, tmp_path):
    evidence, fits = make_study(tasks=("topic", "verdict"), replicates=100)
    names = {"topic": HOSTILE["task"], "small": HOSTILE["supervisor"], "big": HOSTILE["student"]}
    renamed = [
        {kind: names.get(getattr(fit, kind), getattr(fit, kind)) for kind in ("task", "supervisor", "student")}
        for fit in fits
    ]
    unsure = {"verdict": "undetermined", "reason": HOSTILE["title"]}
    fits = [replace(fit, **new, **unsure) for fit, new in zip(fits, renamed, strict=True)]
    settings = STUDY | {
        "name": HOSTILE["name"],
        "titles": TITLES | {"plain": HOSTILE["title"]},
        "prices": {HOSTILE["supervisor"]: [0.1]},
        "pool_sizes": {HOSTILE["task"]: 12000, "verdict": 12000},
    }
    path = tmp_path / "hostile.html"
    path.write_text(render(page_data(Evidence(evidence.points.replace(names), evidence.deviations), fits, settings)))
    page = opened(browser, path.as_uri(), "#focus=plain")
    assert texts(page, "#task option")[0] == HOSTILE["task"]
    assert texts(page, "#student option") == [HOSTILE["student"]]
    assert texts(page, "#supervisor option") == [HOSTILE["supervisor"]]
    assert texts(page, "#methods label")[0] == HOSTILE["title"]
    assert texts(page, "header strong") == [HOSTILE["name"]]
    assert HOSTILE["title"] in texts(page, "#map-words")[0] and HOSTILE["title"] in texts(page, "#isoquants-words")[0]
    off = "explorer.view.scored.filter((point) => !point.onFrontier)"
    place = f"{off}.findIndex(({{index}}) => explorer.view.group.points.method[index] === 'plain')"
    ask(page, f"Plotly.Fx.hover('frontier-plot', [{{curveNumber: 3, pointNumber: {place}}}])")
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

    for control in page.find_elements("css selector", "input, select, button"):
        assert control.accessible_name, control.get_attribute("outerHTML")
    page.execute_script("document.getElementById('theme').focus()")
    page.switch_to.active_element.send_keys(Keys.TAB)
    outlines = {}
    for _ in range(25):
        at_name = "document.activeElement.id || document.activeElement.value || document.activeElement.tagName"
        outlines[ask(page, at_name)] = ask(page, "getComputedStyle(document.activeElement).outlineStyle")
        page.switch_to.active_element.send_keys(Keys.TAB)
        if ask(page, "document.activeElement === document.body"):
            break
    assert {"weak", "budget", "gold-number", "task", "student", "plain", "focus", "reset"} <= outlines.keys()
    assert "none" not in outlines.values(), outlines


def test_a_screen_reader_hears_what_changed_and_finds_the_frontier_as_a_table(page):
    from selenium.webdriver.common.keys import Keys

    assert find(page, "#summary").get_attribute("aria-live") == "polite"
    find(page, "#budget").send_keys(Keys.ARROW_RIGHT)
    said = "document.getElementById('summary').textContent"
    wait_for(page, f"{said}.startsWith('Weak label 0.1, budget 280. Buy ')")
    assert "purchases on the frontier" in ask(page, said)
    assert texts(page, "#frontier-table th[scope=col]")[:4] == ["Cost", "Weak labels", "Gold labels", "Method"]
    assert "on the frontier" in texts(page, "#frontier-table caption")[0]
    assert all(plot.get_attribute("aria-hidden") == "true" for plot in page.find_elements("css selector", ".plot"))


def test_a_narrow_screen_shows_all_without_scrolling_sideways(page):
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    try:
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wait_for(page, "document.documentElement.scrollWidth <= 360")
        assert ask(page, "document.getElementById('frontier-plot').clientWidth") > 280
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_study_of_one_task_method_and_budget_without_fits_opens(browser, tmp_path):
    evidence, _ = make_study(tasks=("topic",), replicates=100)
    points, deviations = evidence.points, evidence.deviations
    points = points[(points.method == "plain") & (points.n_weak * 0.1 + points.n_gold <= 16)].assign(n_seeds=1)
    settings = STUDY | {"titles": {"plain": "Sequential SFT"}, "budgets": [16], "pool_sizes": {"topic": 12000}}
    path = tmp_path / "one.html"
    path.write_text(render(page_data(Evidence(points, deviations[points.index]), [], settings)))
    page = opened(browser, path.as_uri())
    assert "No production function" in texts(page, "#isoquants-words")[0]
    assert texts(page, ".verdict") == ["undetermined"] and "one seed has no spread" in texts(page, "#reasons")[0]
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_labels_with_one_price_are_shown_at_it(browser, tmp_path):
    from selenium.webdriver.support.ui import Select

    evidence, _ = make_study(tasks=("topic",), replicates=100)
    points, deviations = evidence.points, evidence.deviations
    both = pd.concat([points.assign(supervisor=name) for name in ("llm", "crowd", "small")], ignore_index=True)
    settings = STUDY | {"prices": {"llm": [0.05], "crowd": [0.3], "small": [0.5, 0.1]}}
    path = tmp_path / "own.html"
    path.write_text(render(page_data(Evidence(both, np.tile(deviations, (3, 1))), [], settings)))
    page = opened(browser, path.as_uri())
    assert ask(page, "explorer.view.weak") == 0.05
    for name, price in (("crowd", 0.3), ("small", 0.3), ("llm", 0.05)):
        Select(find(page, "#supervisor")).select_by_value(name)
        wait_for(page, f"explorer.view.supervisor === '{name}'")
        assert ask(page, "explorer.view.weak") == price
    page = opened(browser, path.as_uri(), "#supervisor=crowd&gold=2")
    assert ask(page, "explorer.view.weak") == 0.6
    type_number(page, "#gold-number", 4)
    wait_for(page, "explorer.view.gold === 4")
    assert ask(page, "explorer.view.weak") == 1.2, "its price stays what it is in gold labels"
    page = opened(browser, path.as_uri(), "#supervisor=crowd&weak=0.2")
    assert ask(page, "explorer.view.weak") == 0.2, "an address says what it says"


def test_the_path_is_drawn_where_it_was_studied(page, study):
    at(page, "#task=average&focus=plain&weak=0.01")
    fit = next(fit for fit in study[1] if (fit.task, fit.method) == ("average", "plain"))
    steps = ask(page, "explorer.view.path")
    studied = fit.studied(*np.array([(step["nWeak"], step["nGold"]) for step in steps]).T)
    drawn = ask(
        page, "document.getElementById('isoquants-plot').data.find((trace) => trace.mode === 'lines+markers').x"
    )
    assert [place is not None for place in drawn] == studied.tolist() and 0 < studied.sum() < len(steps)
    told = [row.text for row in page.find_elements("css selector", "#path-table tbody tr")]
    assert len(told) == len(steps)


def test_the_surface_reaches_the_most_labels_that_were_studied(page):
    ask(page, "(explorer.state.focus = 'plain', explorer.update())")
    assert ask(page, "explorer.view.fit.largest.nWeak") in (10240, 5120)
    most = "10 ** Math.log10(1 + explorer.view.fit.largest.nWeak) - 1"
    assert ask(page, f"{most} > explorer.view.fit.largest.nWeak"), "or rounding plays no part here"
    assert ask(page, f"explorer.view.fit.studied({most}, 0)")


def test_other_tasks_are_computed_ahead_while_nothing_happens(browser, address):
    page = opened(browser, address, "#task=topic&weak=0.05&method=plain")
    before = ask(page, "[explorer.state, explorer.view.key, explorer.view.map.cells]")
    for kind in ("group", "fits", "map", "surface"):
        wait_for(page, f"explorer.remembered.filter((key) => key.startsWith('{kind} ')).length === 3")
    assert ask(page, "[explorer.state, explorer.view.key, explorer.view.map.cells]") == before
    known = ask(page, "explorer.remembered")
    assert ask(page, "explorer.knownViews.length") == 3
    ask(page, "(explorer.state.task = 'verdict', explorer.update())")
    assert ask(page, "explorer.remembered") == known and json.loads(ask(page, "explorer.view.key"))[0] == "verdict"
    assert ask(page, "explorer.knownViews.length") == 3
    ask(page, "(explorer.state.weak = 0.1, explorer.update())")
    assert ask(page, "explorer.knownViews.length") == 1 and ask(page, "explorer.view.weakPrice") == 0.1
    wait_for(page, "explorer.knownViews.length === 3")
    ask(page, "(explorer.state.task = 'topic', explorer.update())")
    assert ask(page, "[explorer.view.task, explorer.view.weakPrice]") == ["topic", 0.1]


def test_views_follow_at_once(page, address):
    """Prints how long an update takes; a loaded machine may take several times as long as an idle one."""
    times = []
    for step in range(20):
        ask(page, "(explorer.state.weak = arguments[0], explorer.update())", 0.1 * 0.93**step)
        times.append(ask(page, "explorer.lastUpdate"))
    print(f"an update takes {np.median(times):.0f} ms (median), {max(times):.0f} ms (most)")
    assert np.median(times) < 1000


def test_asking_without_labels_begins_the_frontier_and_may_be_the_advice(browser, tmp_path):
    evidence, fits = make_study(tasks=("topic",), replicates=200)
    points, deviations = evidence.points, evidence.deviations
    for accuracy, advised in ((0.97, True), (0.55, False)):
        asked = points.iloc[:1].assign(n_weak=0, n_gold=0, n_seeds=1, accuracy=accuracy)
        both = Evidence(pd.concat([points, asked], ignore_index=True), np.vstack([deviations, deviations[:1]]))
        path = tmp_path / f"asked-{advised}.html"
        path.write_text(render(page_data(both, fits, STUDY)))
        page = opened(browser, path.as_uri(), "#weak=0.1&budget=64")
        table = priced(both.points, 0.1)
        scores = score_points(both, table.cost.to_numpy())
        # The page keeps asking apart from the purchases, which are the rows before it.
        assert ask(page, "explorer.view.scored.map((point) => point.probability)") == pytest.approx(
            scores.probability[: len(points)].tolist()
        )
        answer = recommend(Findings(both, fits, STUDY["prices"], TITLES, 0.9, STUDY["pool_sizes"]), Question(64, 0.1))
        found = ask(page, "explorer.view.answer.asking.difference")
        assert found == pytest.approx(asdict(answer.nothing.asking.difference), abs=1e-6)
        words = texts(page, "#reasons")[0]
        assert ("Buy nothing" in words) == advised and "always giving the commoner label is right on 55.0 %" in words
        assert f"asking without any label is right on {100 * accuracy:.1f} %" in words
        # The line of the frontier begins with it, at the left edge.
        steps = ask(page, "document.getElementById('frontier-plot').data[3].y")
        assert steps[0] == pytest.approx(100 * accuracy)
