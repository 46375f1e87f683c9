import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from elicitation.analysis.measures import MEASURES, contributions, right_answers


def answers(seed, n=200, share=0.3, levels=None):
    """Log-odds of 3 runs and gold labels; levels: among how many values the log-odds are, for ties."""
    rng = np.random.default_rng(seed)
    gold = (np.arange(n) < share * n).astype(int)
    log_odds = rng.standard_normal((3, n)) + 0.8 * gold
    return (np.round(log_odds * levels) / levels if levels else log_odds), gold


@pytest.mark.parametrize("levels", [None, 2])
@pytest.mark.parametrize("measure", MEASURES)
def test_contributions_average_to_the_score_of_scikit_learn(measure, levels):
    log_odds, gold = answers(0, levels=levels)
    score = {"accuracy": accuracy_score, "balanced_accuracy": balanced_accuracy_score, "auroc": roc_auc_score}[measure]
    # A log-odds of 0 is no answer there, so ties are away from 0.
    log_odds = log_odds + 0.1
    said = log_odds if measure == "auroc" else (log_odds > 0).astype(int)
    expected = [score(gold, run) for run in said]
    assert contributions(measure, log_odds, gold).mean(axis=1) == pytest.approx(expected)


@pytest.mark.parametrize("levels", [None, 2])
def test_the_variance_of_an_auroc_is_delongs(levels):
    log_odds, gold = answers(1, levels=levels)
    run, positives = log_odds[0], gold == 1
    wins = (run[positives][:, None] > run[~positives]) + 0.5 * (run[positives][:, None] == run[~positives])
    of_positives, of_negatives = wins.mean(axis=1), wins.mean(axis=0)
    delong = of_positives.var() / len(of_positives) + of_negatives.var() / len(of_negatives)
    assert contributions("auroc", run, gold).var() / len(gold) == pytest.approx(delong)


@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize("measure", MEASURES)
def test_the_variance_is_that_of_scores_on_new_test_sets(measure, share):
    """Of test sets that hold as many examples of each class."""
    drawn = [contributions(measure, *answers(seed, share=share)) for seed in range(2, 502)]
    scores = np.array([each[0].mean() for each in drawn])
    variances = np.array([each[0].var(ddof=1) / len(each[0]) for each in drawn])
    assert scores.var() == pytest.approx(variances.mean(), rel=0.2)


@pytest.mark.parametrize(("measure", "score"), [("accuracy", 0.96), ("balanced_accuracy", 0.5), ("auroc", 0.5)])
def test_what_always_giving_the_commoner_label_scores_is_counted_and_not_estimated(measure, score):
    gold = (np.arange(100) >= 96).astype(int)
    each = contributions(measure, np.full(100, -3.0), gold)
    assert each == pytest.approx(score)


def test_an_answer_without_any_evidence_is_half_right():
    assert right_answers(np.array([0.0, 1.0, -1.0]), np.array([1, 1, 1])).tolist() == [0.5, 1.0, 0.0]
