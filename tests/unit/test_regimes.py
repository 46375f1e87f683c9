import numpy as np
import pandas as pd
import pytest
from simulated import draw_study

from elicitation.analysis.evidence import Evidence
from elicitation.analysis.names import REGIMES, strategy_of
from elicitation.analysis.regimes import find_regimes, regime_at, shares_of_wins

# Purchases that cost 10 at the price 0.1.
WEAK, MIXED, GOLD = (100, 0), (50, 5), (0, 10)
# Deviations of two points.
ZIGZAG = np.tile([-0.02, 0.02], 50)


def study(accuracies: dict, deviations=ZIGZAG, **settings):
    """The evidence of these accuracies by purchase, with deviations of their own where `deviations` is a dict."""
    points = pd.DataFrame(accuracies.keys(), columns=["n_weak", "n_gold"]).assign(accuracy=accuracies.values())
    points = points.assign(task="a", supervisor="v", student="s", method="m", n_seeds=3).assign(**settings)
    own = deviations if isinstance(deviations, dict) else {}
    shared = ZIGZAG if own else deviations
    return Evidence(points, np.array([own.get(purchase, shared) for purchase in accuracies]))


@pytest.mark.parametrize(
    ("weak", "mixed", "gold", "regime"),
    [
        (0.9, 0.7, 0.6, "quantity-dominant"),
        (0.7, 0.9, 0.6, "mixed"),
        (0.7, 0.6, 0.9, "quality-dominant"),
        pytest.param(0.9, 0.6, 0.9, "undetermined", id="level with one rival"),
    ],
)
def test_the_strategy_that_is_ahead_in_most_replicates_names_the_regime(weak, mixed, gold, regime):
    row = regime_at(study({WEAK: weak, MIXED: mixed, GOLD: gold}), 10, 0.1, 0.9)
    assert row["regime"] == regime
    assert tuple(row[f"accuracy_{name}"] for name in ("weak_only", "mixed", "gold_only")) == pytest.approx(
        (weak, mixed, gold)
    )
    assert row["effect"] == pytest.approx(mixed - max(weak, gold))


def test_probabilities_are_shares_of_replicates_and_the_config_sets_how_many_it_takes():
    # Ahead by 0.01; behind where its own deviation is low, in a fifth of the replicates.
    swings = np.where(np.arange(100) < 20, -0.04, 0.01)
    data = study({WEAK: 0.81, MIXED: 0.8, GOLD: 0.5}, {WEAK: swings, MIXED: np.zeros(100)})
    row = regime_at(data, 10, 0.1, 0.79)
    assert (row["quantity-dominant"], row["mixed"], row["quality-dominant"]) == pytest.approx((0.8, 0.2, 0.0))
    assert row["regime"] == "quantity-dominant" and regime_at(data, 10, 0.1, 0.81)["regime"] == "undetermined"
    assert row["lead_low"] < 0 < row["lead"] < row["lead_high"]


def test_differences_are_paired():
    wide = np.tile([-0.2, 0.2], 50)
    row = regime_at(study({WEAK: 0.71, MIXED: 0.7, GOLD: 0.5}, wide), 10, 0.1, 0.9)
    assert row["regime"] == "quantity-dominant"
    assert (row["lead_low"], row["lead"], row["lead_high"]) == pytest.approx((0.01, 0.01, 0.01))


def test_many_purchases_of_a_strategy_do_not_make_it_luckier():
    rng = np.random.default_rng(0)
    purchases = [WEAK, GOLD, *[(n, 1) for n in range(10, 80)]]
    rows = []
    for _ in range(50):
        points = study(dict(zip(purchases, rng.normal(0.8, 0.02, len(purchases)), strict=True))).points
        rows.append(regime_at(Evidence(points, rng.normal(0, 0.02, (len(purchases), 400))), 10, 0.1, 0.9))
    assert np.mean([row["regime"] != "undetermined" for row in rows]) <= 0.1
    reported = np.mean([row["accuracy_mixed"] for row in rows])
    assert reported == pytest.approx(0.8, abs=0.006), "chosen on one half, reported on the other"


def test_the_lead_is_the_one_over_the_best_rival_and_the_purchase_the_winners():
    row = regime_at(study({WEAK: 0.9, MIXED: 0.8, GOLD: 0.5}), 10, 0.1, 0.9)
    assert row["lead"] == pytest.approx(0.1) and row["winner"] == "weak only"
    assert (row["n_weak"], row["n_gold"], row["n_seeds"]) == (*WEAK, 3)


def test_one_seed_decides_nothing_and_says_why():
    row = regime_at(study({WEAK: 0.9, MIXED: 0.5, GOLD: 0.5}, n_seeds=1), 10, 0.1, 0.9)
    assert (row["regime"], row["reason"]) == ("undetermined", "one seed has no spread")
    assert row["quantity-dominant"] == 1


@pytest.mark.parametrize("missing", [WEAK, MIXED, GOLD])
def test_a_strategy_without_purchase_leaves_the_regime_undetermined_and_says_why(missing):
    accuracies = {pair: 0.9 - 0.1 * place for place, pair in enumerate((WEAK, MIXED, GOLD)) if pair != missing}
    row = regime_at(study(accuracies), 10, 0.1, 0.9)
    assert row["regime"] == "undetermined" and row["winner"] is None
    assert row["reason"] == f"no purchase within the budget is {strategy_of(*missing)}"
    best, other = (REGIMES[strategy_of(*pair)] for pair in accuracies)
    assert (row[best], row[other]) == (1, 0), "how those that can be afforded compare"
    assert REGIMES[strategy_of(*missing)] not in row


def test_only_affordable_purchases_count():
    data = study({WEAK: 0.6, MIXED: 0.9, GOLD: 0.5, (0, 1000): 1.0})
    assert regime_at(data, 10, 0.1, 0.9)["regime"] == "mixed"
    assert regime_at(data, 1000, 0.1, 0.9)["regime"] == "quality-dominant"


def test_the_price_of_a_weak_label_decides_what_is_affordable():
    data = study({WEAK: 0.9, (10, 0): 0.5, (2, 5): 0.7, GOLD: 0.6})
    assert regime_at(data, 10, 0.1, 0.9)["regime"] == "quantity-dominant"
    assert regime_at(data, 10, 1.0, 0.9)["regime"] == "mixed"


def test_ties_are_shared():
    scores = np.array([[0.5, 0.9, 0.7], [0.5, 0.9, 0.8], [0.1, 0.9, 0.9]])
    assert shares_of_wins(scores) == pytest.approx([(1 / 2 + 1 / 3) / 3, (1 / 2 + 1 / 3) / 3, (1 / 3 + 1) / 3])


def test_every_group_price_and_budget_has_a_row():
    evidence = study({WEAK: 0.9, MIXED: 0.8, GOLD: 0.5})
    both = evidence.on(pd.concat([evidence.points, evidence.points.assign(task="b", supervisor="w")]))
    table = find_regimes(both, {"v": [0.1, 0.5], "w": [1.0]}, [10, 40], 0.9)
    found = table[["task", "weak_price", "budget"]].to_numpy().tolist()
    assert found == [["a", 0.1, 10], ["a", 0.1, 40], ["a", 0.5, 10], ["a", 0.5, 40], ["b", 1.0, 10], ["b", 1.0, 40]]


def test_what_no_budget_affords_has_an_empty_share():
    table = find_regimes(study({WEAK: 0.9, GOLD: 0.5}), {"v": [0.1]}, [10, 1], 0.9)
    assert table.mixed.isna().all()
    assert table[["quantity-dominant", "quality-dominant"]].iloc[0].tolist() == [1, 0]
    assert table[["quantity-dominant", "quality-dominant"]].iloc[1].isna().all(), "a budget of 1 buys nothing"


def test_asking_without_labels_is_no_way_of_spending():
    evidence = draw_study([(160, 0), (80, 8), (0, 16)], [0.7, 0.8, 0.7], np.random.default_rng(0))
    asking = evidence.points.iloc[:1].assign(n_weak=0, n_gold=0, accuracy=0.99, n_seeds=1)
    for method in ("m", "asked"):
        both = evidence.on(pd.concat([evidence.points, asking.assign(method=method)]))
        # A method that is only asked has no row.
        assert find_regimes(both, {"v": [0.1]}, [16], 0.9).equals(find_regimes(evidence, {"v": [0.1]}, [16], 0.9))
