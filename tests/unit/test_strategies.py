import pytest

from elicitation.analysis.names import NOTHING_BOUGHT, PLAIN, REGIMES, STRATEGIES, strategy_of


@pytest.mark.parametrize(
    ("purchase", "strategy"),
    [((9, 0), "weak only"), ((9, 1), "mixed"), ((0, 1), "gold only"), ((0, 0), NOTHING_BOUGHT)],
)
def test_a_strategy_is_named_by_the_kinds_of_labels_bought(purchase, strategy):
    assert strategy_of(*purchase) == strategy


def test_every_strategy_has_a_regime_in_which_it_wins():
    assert tuple(REGIMES) == STRATEGIES and tuple(PLAIN) == (*STRATEGIES, NOTHING_BOUGHT)
