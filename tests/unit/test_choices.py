"""The one choice: what is affordable, which of it is best, and how sure that is."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import BUDGETS, PRICE, PURCHASES, TRUTHS, draw_study, evidence_of, fit, purchases_of

from elicitation.analysis.choices import (
    MIN_GAIN,
    SAME_SCORE,
    Terms,
    affordable,
    decide,
    find_options,
    limits_on_lines,
    most_beside,
    room,
    share_ahead,
    terms_for,
)
from elicitation.analysis.names import ASKING, COMMONER, NOTHING_BOUGHT, REGIMES, STRATEGIES, UNDETERMINED
from elicitation.analysis.posterior import Block, Free, Scores, Surface

WEAK, GOLD = np.array([0, 10, 100, 1000]), np.array([0, 4, 16, 64])


def surface_of(mean, weak=WEAK, gold=GOLD, spread=0.002, studied=None, n_seeds=3, supervisor="v", method="m"):
    """A surface whose scores are mean(weak, gold), each as uncertain as `spread`, independently."""
    grid = np.meshgrid(weak, gold, indexing="ij")
    factors = spread * np.eye(grid[0].size).reshape(*grid[0].shape, -1)
    shape = grid[0].shape
    studied = np.ones(shape, dtype=bool) if studied is None else studied
    known = np.asarray(mean(*grid), dtype=float)
    return Surface(supervisor, method, weak, gold, known, factors, studied, np.full(shape, n_seeds), known)


def block_of(*surfaces, asking=0.5, commoner=0.5):
    rank = surfaces[0].factors.shape[2]
    free = [
        Free(kind, "", Scores(np.array([score]), np.zeros((1, rank))), 400, score, 1.0)
        for kind, score in ((ASKING, asking), (COMMONER, commoner))
    ]
    return Block("t", "s", list(surfaces), free, 1, 400, 400)


def rising(w, g):
    return 0.6 + 0.01 * np.log1p(w) + 0.03 * np.log1p(g)


def at(block, budget, price=PRICE, verdict=0.95, **more):
    return decide(block, terms_for(budget, {s.supervisor: price for s in block.surfaces}, **more), verdict)


def bought(decision):
    return int(decision.options.n_weak[decision.best]), int(decision.options.n_gold[decision.best])


def test_room_is_exact():
    assert room(Fraction(3, 10), Fraction(1, 10), 99) == 3
    assert room(Fraction(0), Fraction(0), 99) == 99, "what is free is had up to what was studied"
    assert room(Fraction(-1, 10), Fraction(0), 99) == -1
    assert room(Fraction(5), Fraction(1), 3) == 3


@pytest.mark.parametrize("price", [0.1, 0.01, 0.3, 0.7, 1 / 3])
@pytest.mark.parametrize("budget", [1, 16, 16.3, 64, 100])
def test_all_that_is_affordable_is_and_nothing_else(price, budget):
    terms = terms_for(budget, {"v": price})
    n_weak, n_gold = affordable(surface_of(rising), terms)
    costs = [int(g) + terms.prices["v"] * int(w) for w, g in zip(n_weak, n_gold, strict=True)]
    assert max(costs) <= terms.budget
    found = set(zip(n_weak.tolist(), n_gold.tolist(), strict=True))
    every = {(w, g) for w in WEAK.tolist() for g in GOLD.tolist() if w + g}
    assert {pair for pair in every if pair[1] + terms.prices["v"] * pair[0] <= terms.budget} <= found


def test_a_purchase_that_spends_its_budget_to_the_last_label_is_affordable_at_a_price_of_a_tenth():
    n_weak, n_gold = affordable(surface_of(rising, weak=np.array([0, 480, 1000])), terms_for(64, {"v": 0.1}))
    assert (480, 16) in set(zip(n_weak.tolist(), n_gold.tolist(), strict=True))


def test_between_crossings_the_budget_is_spent_along_the_lines():
    n_weak, n_gold = affordable(surface_of(rising), terms_for(30, {"v": 0.1}))
    found = set(zip(n_weak.tolist(), n_gold.tolist(), strict=True))
    assert {(300, 0), (260, 4), (140, 16), (0, 30), (10, 29), (100, 20)} <= found


def test_free_weak_labels_are_had_up_to_what_was_studied():
    n_weak, n_gold = affordable(surface_of(rising), terms_for(16, {"v": 0}))
    found = set(zip(n_weak.tolist(), n_gold.tolist(), strict=True))
    assert (1000, 16) in found and (1000, 0) in found and max(g for _, g in found) == 16
    assert bought(at(block_of(surface_of(rising)), 0, 0)) == (1000, 0)


def test_what_is_paid_already_costs_nothing():
    options = find_options(block_of(surface_of(rising)), terms_for(10, {"v": 0.1}, have_weak=100, have_gold=16))
    costs = dict(zip(zip(options.n_weak.tolist(), options.n_gold.tolist(), strict=True), options.cost, strict=True))
    assert costs[100, 16] == 0 and costs[10, 4] == 0
    assert costs[100, 26] == pytest.approx(10) and costs[200, 16] == pytest.approx(10)
    assert max(costs.values()) == pytest.approx(10)


def test_a_pool_limits_weak_and_gold_labels_together():
    options = find_options(block_of(surface_of(rising)), terms_for(64, {"v": 0.01}, pool=110))
    assert (options.n_weak + options.n_gold).max() == 110
    assert (options.n_gold == 64).any() and (options.n_weak == 100).any()


def test_labels_that_are_there_already_count_in_what_lies_beside_them():
    terms = Terms(Fraction(1), {"v": Fraction(1, 2)}, pool=50, have_weak=3)
    beside = most_beside(np.array([0, 1, 2, 60]), (Fraction(1), 0), (Fraction(1, 2), 3, 99), terms)
    assert beside[:2].tolist() == [5, 3] and (beside[2:] < 0).all()


def test_limits_lie_between_crossings_that_were_studied():
    studied = np.array([[1, 1], [1, 0], [1, 1]], dtype=bool)
    limits, across = limits_on_lines(np.array([0, 10, 20]), np.array([5, 15]), studied)
    assert (limits.tolist(), across.tolist()) == ([5], [0])
    assert not len(limits_on_lines(np.array([0, 10, 20]), np.array([10, -1]), studied)[0])


@pytest.mark.parametrize("price", [1, 1.2, 50])
def test_a_weak_label_that_costs_as_much_as_a_gold_one_is_not_bought(price):
    decision = at(block_of(surface_of(lambda w, g: 0.6 + 0.03 * np.log1p(w) + 0.01 * np.log1p(g))), 64, price)
    assert (decision.options.n_weak == 0).all() and bought(decision) == (0, 64)
    assert decision.regime == REGIMES["gold only"], "no other way competes"


def test_expensive_weak_labels_that_are_paid_already_are_used():
    block = block_of(surface_of(lambda w, g: 0.6 + 0.03 * np.log1p(w) + 0.01 * np.log1p(g)))
    decision = at(block, 4, 2, have_weak=100)
    assert bought(decision) == (100, 4)
    assert decision.options.n_weak.max() == 100


def test_the_best_is_the_cheapest_of_those_that_are_as_good():
    flat = block_of(surface_of(lambda w, g: 0.8 + 1e-5 * np.log1p(w + g)))
    decision = at(flat, 64)
    assert bought(decision) == (10, 0)
    assert decision.options.scores.mean.max() - decision.options.scores.mean[decision.best] <= SAME_SCORE


@pytest.mark.parametrize(
    ("mean", "strategy"),
    [
        (lambda w, g: 0.6 + 0.04 * np.log1p(w) - 0.02 * np.log1p(g), "weak only"),
        (lambda w, g: 0.6 + 0.04 * (w > 0) * (g > 0) + 0.01 * np.log1p(g), "mixed"),
        (lambda w, g: 0.6 - 0.02 * np.log1p(w) + 0.04 * np.log1p(g), "gold only"),
    ],
)
def test_a_strategy_that_is_clearly_ahead_is_the_regime(mean, strategy):
    decision = at(block_of(surface_of(mean)), 64)
    assert decision.leading == strategy and decision.regime == REGIMES[strategy]
    assert decision.probabilities[strategy] > 0.99 and decision.beats_free > 0.99
    assert set(decision.by_strategy) == set(STRATEGIES) and decision.by_strategy[strategy] == decision.best


def test_what_is_not_probable_enough_is_undetermined():
    decision = at(block_of(surface_of(rising, spread=0.1)), 64)
    assert decision.regime == UNDETERMINED and decision.leading in STRATEGIES and not decision.reason
    assert decision.probabilities[decision.leading] < 0.95


def test_one_seed_and_a_missing_strategy_are_reasons():
    assert at(block_of(surface_of(rising, n_seeds=1)), 64).reason == "one seed has no spread"
    pure = (WEAK[:, None] == 0) | (GOLD == 0)
    decision = at(block_of(surface_of(rising, studied=pure)), 64)
    assert (decision.regime, decision.reason) == (UNDETERMINED, "no purchase within these limits is mixed")


def test_nothing_affordable_is_no_labels():
    decision = at(block_of(surface_of(rising, studied=WEAK[:, None] + GOLD >= 100)), 3)
    assert decision.best is None and decision.regime == NOTHING_BOUGHT and decision.leading == NOTHING_BOUGHT


def test_a_student_that_is_only_asked_buys_nothing():
    decision = decide(block_of(surface_of(rising)).only(method="another"), terms_for(64, {}), 0.95)
    assert decision.best is None and decision.leading == NOTHING_BOUGHT and not len(decision.options.cost)


@pytest.mark.parametrize("baseline", ["asking", "commoner"])
def test_nothing_is_bought_that_is_worse_than_what_costs_nothing(baseline):
    decision = at(block_of(surface_of(rising), **{baseline: 0.9}), 64)
    assert not decision.buys and decision.leading == decision.regime == NOTHING_BOUGHT
    assert decision.free.scores.mean[0] == 0.9
    assert decision.beats_free == 0


def test_nothing_is_bought_for_no_gain():
    mean = 0.8 + SAME_SCORE / 2
    assert not at(block_of(surface_of(lambda w, g: mean + 0 * w * g), asking=0.8), 64).buys


def test_the_best_of_several_surfaces_is_taken_at_its_own_price():
    block = block_of(surface_of(rising), surface_of(lambda w, g: rising(w, g) + 0.1 * (w > 0), supervisor="x"))
    decision = decide(block, terms_for(20, {"v": 0.01, "x": 0.5}), 0.95)
    options = decision.options
    assert options.surfaces[options.surface[decision.best]].supervisor == "x"
    of_x = options.surface == 1
    assert options.cost[of_x] == pytest.approx(options.n_gold[of_x] + 0.5 * options.n_weak[of_x])


def test_ties_within_the_least_gain_count_as_ahead():
    own = np.array([0.5, 0.5, 0.5])
    assert share_ahead(own, [own + MIN_GAIN / 2]) == 1
    assert share_ahead(own, [own + 2 * MIN_GAIN]) == 0
    assert share_ahead(own, []) == 1


@given(
    seed=st.integers(0, 10**6),
    price=st.sampled_from([0, 0.01, 0.1, 0.5, 0.9, 1.5]),
    have=st.tuples(st.sampled_from([0, 7, 200]), st.sampled_from([0, 5, 20])),
    pool=st.sampled_from([None, 40, 500]),
)
@settings(max_examples=60)
def test_more_money_never_buys_less(seed, price, have, pool):
    """Whatever the surface: the best expected score does not fall by more than what counts as the same."""
    rng = np.random.default_rng(seed)
    means = rng.uniform(0.5, 0.9, (len(WEAK), len(GOLD)))
    studied = rng.random(means.shape) < 0.7
    studied[0, 0] = False
    block = block_of(surface_of(lambda w, g: means, studied=studied))
    best = -np.inf
    for budget in np.sort(rng.uniform(0, 120, 40)).round(2):
        decision = at(block, float(budget), price, have_weak=have[0], have_gold=have[1], pool=pool)
        if decision.best is None:
            assert best == -np.inf
            continue
        top = decision.options.scores.mean.max()
        assert top >= best - 1e-12
        best = top


# The seven faults that answers of two sources had, at the level of a decision.


@pytest.fixture(scope="module", params=["two sigmoids", "falling", "flat", "power law"])
def drawn(request):
    """The posterior of a study, and its truth."""
    [block] = fit(draw_study(PURCHASES, TRUTHS[request.param], np.random.default_rng(7)))
    return block, TRUTHS[request.param]


@pytest.mark.parametrize("price", [0.001, 0.01, 0.1, 0.5, 1.2])
def test_one_more_dollar_never_gives_a_worse_answer(drawn, price):
    block, _ = drawn
    scores = []
    for budget in np.unique(np.round(np.geomspace(16, 3000, 60), 1)):
        decision = at(block, float(budget), price)
        scores.append(decision.options.scores.mean[decision.best])
    assert (np.diff(scores) >= -SAME_SCORE).all()


def test_the_same_purchase_has_the_same_number_at_every_budget_and_price(drawn):
    block, _ = drawn
    seen = {}
    for budget in (64, 100, 256, 1024):
        for price in (0.01, 0.1, 0.5):
            options = at(block, budget, price).options
            for key in zip(options.n_weak.tolist(), options.n_gold.tolist(), options.scores.mean, strict=True):
                assert seen.setdefault(key[:2], key[2]) == pytest.approx(key[2], abs=1e-12)


def test_no_more_is_bought_than_was_studied_and_the_rest_is_left(drawn):
    block, _ = drawn
    decision = at(block, 20_000)
    most = PURCHASES.max(axis=0)
    assert (np.array(bought(decision)) <= most).all()
    assert decision.options.cost.max() < 20_000, "so what is left unspent can be named"


def test_a_student_worse_than_the_commoner_label_is_not_trained():
    table = draw_study(PURCHASES, np.full(len(PURCHASES), 0.44), np.random.default_rng(8), asked=0.43)
    [block] = fit(table)
    for budget in (16, 256, 1024):
        decision = at(block, budget)
        assert not decision.buys and decision.free.kind == COMMONER and decision.leading == NOTHING_BOUGHT
    assert decision.regime == NOTHING_BOUGHT


def test_where_every_run_says_the_commoner_label_nothing_is_bought():
    """96 % have one label, and so are 96 % right: the answer is not to buy labels for that."""
    gold = (np.arange(400) >= 16).astype(int)
    always = np.tile(gold, (len(PURCHASES), 4, 1))
    asked, weak = np.random.default_rng(9).integers(0, 2, 400), gold
    [block] = fit(evidence_of(always, PURCHASES, asked, weak, gold))
    for budget in BUDGETS:
        decision = at(block, budget)
        assert not decision.buys and decision.leading == NOTHING_BOUGHT and decision.free.kind == COMMONER
        assert decision.free.scores.mean[0] == pytest.approx(0.96, abs=1e-6)


def test_scores_may_fall_with_weak_labels():
    rng = np.random.default_rng(10)
    [block] = fit(draw_study(PURCHASES, lambda w, g: 0.85 - 0.02 * np.log1p(w) + 0 * g, rng))
    [surface] = block.surfaces
    few, many = surface.at(np.array([160, 10240]), np.zeros(2)).mean
    assert many < few - 0.03
    assert at(block, 1024).leading == "gold only"
    weak = block_of(surface, asking=0.5)
    best = at(weak, 1024).by_strategy["weak only"]
    assert at(weak, 1024).options.n_weak[best] < 1000, "not all that the budget affords"


def test_tasks_that_tell_the_same_story_decide_more():
    rng = np.random.default_rng(11)
    purchases = purchases_of((16, 64, 256), (0, 0.5, 1))
    tables = [draw_study(purchases, TRUTHS["capped"], rng, task=task) for task in "abcd"]
    verdicts = {}
    for name, blocks in (
        ("together", fit(pd.concat(tables, ignore_index=True))),
        ("apart", [block for table in tables for block in fit(table)]),
    ):
        regimes = [at(block, budget, verdict=0.9).regime for block in blocks for budget in (32, 64, 128, 256)]
        verdicts[name] = sum(regime != UNDETERMINED for regime in regimes)
    assert verdicts["together"] > verdicts["apart"]


def test_a_decision_reads_its_block_alone(drawn):
    block, _ = drawn
    one, other = (at(replace(block, task=task), 256) for task in "xy")
    assert (one.regime, one.probabilities, bought(one)) == (other.regime, other.probabilities, bought(other))
