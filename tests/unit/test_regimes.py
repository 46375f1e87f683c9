import pytest
from handmade import joined, posterior_of

from elicitation.analysis.regimes import find_regimes

# At 0.1 a weak label, (100, 0), (50, 5) and (0, 10) cost 10.
WEAK, MIXED, GOLD = (100, 0), (50, 5), (0, 10)


def regimes_of(scores, budgets=(10,), prices=(0.1,), verdict=0.9, **more):
    purchases = [(*pair, score) for pair, score in zip((WEAK, MIXED, GOLD), scores, strict=True)]
    return find_regimes(posterior_of(purchases, **more).blocks, {"v": list(prices)}, budgets, {}, verdict)


@pytest.mark.parametrize(
    ("scores", "regime", "bought"),
    [
        ([0.8, 0.7, 0.7], "quantity-dominant", WEAK),
        ([0.7, 0.8, 0.7], "mixed", MIXED),
        ([0.7, 0.7, 0.8], "quality-dominant", GOLD),
    ],
)
def test_the_regime_is_that_of_what_is_recommended(scores, regime, bought):
    row = regimes_of(scores).iloc[0]
    assert row.regime == regime and (row.n_weak, row.n_gold) == bought and row.score == pytest.approx(0.8)
    assert row[regime] == pytest.approx(1) and row.beats_nothing == 1 and row.cost == 10
    assert row[["score_weak_only", "score_mixed", "score_gold_only"]].tolist() == pytest.approx(scores)


def test_a_regime_below_the_verdict_is_undetermined_but_said_to_lead():
    row = regimes_of([0.8, 0.79, 0.7], error=0.02).iloc[0]
    assert row.regime == "undetermined" and row.leading == "weak only" and 0.5 < row["quantity-dominant"] < 0.9
    assert regimes_of([0.8, 0.79, 0.7], error=0.02, verdict=0.51).regime.tolist() == ["quantity-dominant"]


def test_where_nothing_is_to_be_bought_the_regime_says_so():
    row = regimes_of([0.6, 0.6, 0.6], asking=0.7).iloc[0]
    assert (row.regime, row.leading, row.nothing, row.beats_nothing) == ("no labels", "no labels", "asking", 0)
    row = regimes_of([0.6, 0.6, 0.6], asking=0.601, error=0.02).iloc[0]
    assert (row.regime, row.leading) == ("undetermined", "no labels")


def test_one_seed_decides_nothing():
    row = regimes_of([0.8, 0.7, 0.7], n_seeds=1).iloc[0]
    assert row.regime == "undetermined" and row.reason == "one seed has no spread" and row.leading == "weak only"


def test_a_way_of_spending_that_nothing_affordable_follows_leaves_it_open():
    row = regimes_of([0.8, 0.7, 0.9], budgets=[9], prices=[0.05]).iloc[0]
    assert row.regime == "undetermined" and row.reason == "no purchase within these limits is gold only"
    row = regimes_of([0.8, 0.7, 0.9], budgets=[1]).iloc[0]
    assert row.regime == "no labels" and row.leading == "no labels"


def test_weak_labels_as_expensive_as_gold_ones_do_not_compete():
    row = regimes_of([0.9, 0.9, 0.8], budgets=[1000], prices=[1.0]).iloc[0]
    assert row.regime == "quality-dominant" and (row.n_weak, row.n_gold) == GOLD


def test_every_task_supervisor_and_method_has_rows_at_its_prices():
    one, other = posterior_of([(*WEAK, 0.7)]), posterior_of([(*GOLD, 0.7)], supervisor="w", task="u")
    table = find_regimes(joined(one, other).blocks, {"v": [0.1, 0.5], "w": [0.2]}, [10, 20], {}, 0.9)
    found = table[["task", "supervisor", "weak_price", "budget"]].to_numpy().tolist()
    assert found == [["t", "v", p, b] for p in (0.1, 0.5) for b in (10, 20)] + [["u", "w", 0.2, b] for b in (10, 20)]
