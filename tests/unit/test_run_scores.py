"""The posterior's scores of what was run, as figures draw them."""

import pandas as pd
import pytest
from blocks import FREE_SCORES, GOLD, WEAK, make_block, make_surface, rising

from elicitation.analysis.names import ASKING, COMMONER, LABELS, PURCHASE
from elicitation.analysis.run_scores import priced, scores_of, with_scores


def points(*purchases):
    table = pd.DataFrame(purchases, columns=["n_weak", "n_gold"])
    return table.assign(task="t", student="s", supervisor="v", method="m", shots=0)


def test_a_run_has_the_score_that_the_posterior_has_there():
    table = with_scores(points((40, 4), (0, 16)), [make_block([make_surface(spread=0.01)])])
    assert table.score.tolist() == pytest.approx([rising(40, 4), rising(0, 16)])
    assert (table.score_high - table.score_low).tolist() == pytest.approx([2 * 1.96 * 0.01] * 2)
    assert table.weak_score.tolist() == [FREE_SCORES[LABELS]] * 2
    assert table.commoner_score.tolist() == [FREE_SCORES[COMMONER]] * 2
    assert table.shots.tolist() == [0, 0]


def test_asking_has_its_own_score():
    asking = points((0, 0)).assign(method="few_shot")
    table = with_scores(pd.concat([points((40, 4)), asking]), [make_block()])
    assert table.score.tolist() == pytest.approx([rising(40, 4), FREE_SCORES[ASKING]])


def test_every_run_has_a_row():
    blocks = [make_block(), make_block(task="u")]
    assert len(scores_of(PURCHASE, blocks, "score")) == 2 * (len(WEAK) * len(GOLD) - 1)
    assert scores_of(LABELS, blocks, "weak_score").supervisor.tolist() == ["v", "v"]
    assert scores_of(ASKING, [], "score").empty


def test_points_are_priced():
    table = priced(points((40, 4), (0, 16), (0, 0)), 0.1)
    assert table.cost.tolist() == [8, 16, 0] and table.weak_share.tolist() == [0.5, 0, 0]
    assert priced(points((40, 0), (40, 4), (0, 0)), 0.0).weak_share.tolist() == [1, 0, 0]
